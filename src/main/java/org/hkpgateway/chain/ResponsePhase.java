package org.hkpgateway.chain;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;

import org.hkpgateway.http.Headers;
import org.hkpgateway.plugin.Capability;
import org.hkpgateway.plugin.PluginClient;
import org.hkpgateway.plugin.PluginFailure;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginRegistry;
import org.hkpgateway.plugin.RequestBody;
import org.hkpgateway.plugin.RequestEvent;
import org.hkpgateway.plugin.ResponseClient;
import org.hkpgateway.plugin.ResponseDecision;
import org.hkpgateway.plugin.ResponseEvent;

import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * Shows the head of the keyserver's answer to those of the plugins that were asked about
 * the request which want to see it, last one first, so that the first of the chain has
 * the last word as it had the first. What one changes is seen by those that come later.
 * <p>
 * None of them can replace the answer, withhold it, or hold it up for longer than the
 * budget of them all: what the keyserver was asked to do is done. Stateless and
 * thread-safe; never blocks.
 */
public final class ResponsePhase {

	/**
	 * A place that changes hands more often than this during one call does not answer.
	 */
	private static final int MOST_LOOKS = 3;

	private final Duration budget;

	private final ChainListener listener;

	private final LongSupplier nanoTime;

	/**
	 * Makes the phase.
	 * @param budget the longest that all plugins together may hold up one answer
	 * @param listener told of every outcome
	 * @param nanoTime a monotonic clock in nanoseconds
	 */
	ResponsePhase(Duration budget, ChainListener listener, LongSupplier nanoTime) {
		this.budget = budget;
		this.listener = listener;
		this.nanoTime = nanoTime;
	}

	/**
	 * Fixes who is to see the answer to one request, before the request is sent: a plugin
	 * that dies meanwhile has then failed, and is not forgotten. Allocates nothing if
	 * there is nobody.
	 * @param forward what the chain decided
	 * @param spans sees the calls
	 * @return null if no plugin takes part
	 */
	@Nullable Review start(ChainResult.Forward forward, CallSpans spans) {
		List<PluginRegistry.Entry> plugins = forward.plugins();
		for (int i = plugins.size() - 1; i >= 0; i--) {
			if (takesPart(plugins.get(i))) {
				return new Review(forward.request(), participants(plugins, i), spans);
			}
		}
		return null;
	}

	/** Last one first. */
	private static List<PluginRegistry.Entry> participants(List<PluginRegistry.Entry> plugins, int last) {
		List<PluginRegistry.Entry> participants = new ArrayList<>(last + 1);
		for (int i = last; i >= 0; i--) {
			if (i == last || takesPart(plugins.get(i))) {
				participants.add(plugins.get(i));
			}
		}
		return participants;
	}

	static boolean takesPart(PluginRegistry.Entry entry) {
		if (!entry.spec().granted().contains(Capability.HTTP_RESPONSE)) {
			return false;
		}
		PluginClient client = entry.client();
		return client != null && client.responses() != null;
	}

	/**
	 * What came of it.
	 *
	 * @param headers for the client
	 * @param outcomes one for each plugin, in the order in which they were asked
	 */
	public record Reviewed(Headers headers, List<PluginOutcome> outcomes) {

		public Reviewed {
			outcomes = List.copyOf(outcomes);
		}

	}

	/** The answer to one request on its way back. */
	public final class Review {

		private final RequestEvent request;

		private final List<PluginRegistry.Entry> entries;

		private final List<PluginOutcome> outcomes;

		private final CallSpans spans;

		private Review(RequestEvent request, List<PluginRegistry.Entry> entries, CallSpans spans) {
			this.spans = spans;
			// Else the bytes of an upload were kept until the keyserver has answered.
			this.request = request.withBody(RequestBody.ABSENT);
			this.entries = entries;
			this.outcomes = new ArrayList<>(entries.size());
		}

		/**
		 * Shows the answer. Subscribe once; the result may come on any thread, and comes
		 * after the budget at the latest. Cancelling the subscription cancels the call
		 * that is in flight.
		 * @param status as the keyserver sent it
		 * @param headers for the client, without hop-by-hop fields
		 * @param upstream from sending the request to this answer
		 * @return never empty and never an error
		 */
		public Mono<Reviewed> of(int status, Headers headers, Duration upstream) {
			return Mono.defer(() -> from(0, new ResponseEvent(this.request, status, headers, upstream),
					ResponsePhase.this.nanoTime.getAsLong() + ResponsePhase.this.budget.toNanos(), MOST_LOOKS));
		}

		private Mono<Reviewed> from(int index, ResponseEvent event, long deadline, int looks) {
			if (index == this.entries.size()) {
				return Mono.just(new Reviewed(event.headers(), this.outcomes));
			}
			PluginRegistry.Entry chosen = this.entries.get(index);
			PluginRegistry.Entry entry = chosen.current();
			// Another generation may have come since, with rules and features of its own.
			if (entry == null || (entry != chosen
					&& (!takesPart(entry) || entry.spec().match().mismatch(this.request) != null))) {
				return from(index + 1, event, deadline, MOST_LOOKS);
			}
			PluginId id = entry.spec().id();
			long started = ResponsePhase.this.nanoTime.getAsLong();
			return show(entry, event, deadline - started).map((decision) -> (Reply) new Reply.Decided(decision))
				.onErrorResume((error) -> Mono.just(new Reply.Failed(LiveAsker.failure(id, error))))
				.checkpoint("plugin " + id + ", response phase")
				.flatMap((reply) -> {
					long nanos = ResponsePhase.this.nanoTime.getAsLong() - started;
					if (reply instanceof Reply.Failed failed) {
						if (failed.failure() instanceof PluginFailure.Withdrawn && looks > 1) {
							return from(index, event, deadline, looks - 1);
						}
						return from(index + 1, failed(id, event, failed.failure(), nanos), deadline, MOST_LOOKS);
					}
					ResponseDecision decision = ((Reply.Decided) reply).decision();
					return from(index + 1, changed(id, event, decision, nanos), deadline, MOST_LOOKS);
				});
		}

		private Mono<ResponseDecision> show(PluginRegistry.Entry entry, ResponseEvent event, long nanosLeft) {
			PluginId id = entry.spec().id();
			if (nanosLeft <= 0) {
				return Mono.error(new PluginFailure.Timeout(id, "the response budget of "
						+ ResponsePhase.this.budget.toMillis() + " ms was used up by the plugins before it"));
			}
			PluginClient client = entry.client();
			if (client == null && entry.current() != entry) {
				return Mono.error(new PluginFailure.Withdrawn(id, "its generation was replaced"));
			}
			ResponseClient responses = (client != null) ? client.responses() : null;
			if (responses == null) {
				return Mono.error(new PluginFailure.Unavailable(id, "expected: READY, got: no running process"));
			}
			return this.spans.showing(entry.spec(), responses.review(view(entry, event), Duration.ofNanos(nanosLeft)))
				.switchIfEmpty(Mono.error(() -> new PluginFailure.ProtocolError(id, "gave no decision")));
		}

		private ResponseEvent changed(PluginId id, ResponseEvent event, ResponseDecision decision, long nanos) {
			record(PluginOutcome.reviewed(id, decision.reason(), nanos));
			ResponseEvent next = annotated(id, event, decision.annotations());
			return decision.headers().isEmpty() ? next : next.withHeaders(next.headers().apply(decision.headers()));
		}

		private ResponseEvent failed(PluginId id, ResponseEvent event, PluginFailure failure, long nanos) {
			record(PluginOutcome.reviewFailed(failure, nanos));
			return annotated(id, event, Map.of("failed", failure.kind()));
		}

		private void record(PluginOutcome outcome) {
			this.outcomes.add(outcome);
			ResponsePhase.this.listener.pluginAsked(this.request.id(), outcome);
		}

	}

	/** As many of the notes as there is room for, as in the request phase. */
	private static ResponseEvent annotated(PluginId id, ResponseEvent event, Map<String, String> annotations) {
		return annotations.isEmpty() ? event
				: event.withAnnotations(RequestState.of(event.request()).noting(id, annotations).event().annotations());
	}

	/** A cookie that is being set is as secret as one that is sent. */
	private static ResponseEvent view(PluginRegistry.Entry entry, ResponseEvent event) {
		boolean all = !event.headers().contains("set-cookie")
				|| entry.spec().granted().contains(Capability.HTTP_CREDENTIALS);
		return all ? event : event.withHeaders(event.headers().without("set-cookie"::equalsIgnoreCase));
	}

	/** What came of showing it. */
	private sealed interface Reply {

		record Decided(ResponseDecision decision) implements Reply {
		}

		record Failed(PluginFailure failure) implements Reply {
		}

	}

}
