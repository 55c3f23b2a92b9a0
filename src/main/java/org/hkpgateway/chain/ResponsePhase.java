package org.hkpgateway.chain;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;

import org.hkpgateway.http.Headers;
import org.hkpgateway.plugin.Capability;
import org.hkpgateway.plugin.PluginClient;
import org.hkpgateway.plugin.PluginFailure;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginMode;
import org.hkpgateway.plugin.PluginRegistry;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.RequestBody;
import org.hkpgateway.plugin.RequestEvent;
import org.hkpgateway.plugin.ResponseDecision;
import org.hkpgateway.plugin.ResponseEvent;

import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * Shows the head of the keyserver's answer to those plugins whose match rules hold for
 * the request and which want to see it, last one first, so that the first of the chain
 * has the last word as it had the first. What one changes is seen by those that come
 * later.
 * <p>
 * None of them can replace the answer, withhold it, or hold it up for longer than the
 * budget of them all: what the keyserver was asked to do is done. Stateless and
 * thread-safe; never blocks.
 */
public final class ResponsePhase {

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
				return new Review(forward, participants(plugins, i), spans);
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

	/** Never in shadow mode, also not if a generation in that mode has come since. */
	static boolean takesPart(PluginRegistry.Entry entry) {
		PluginSpec spec = entry.spec();
		if (spec.mode() == PluginMode.SHADOW || !spec.granted().contains(Capability.HTTP_RESPONSE)) {
			return false;
		}
		PluginClient client = entry.client();
		return client != null && client.responses() != null;
	}

	/** The answer to one request on its way back. */
	public final class Review {

		/** As it came: match rules are about it, as in the request phase. */
		private final RequestEvent arrived;

		/** As it is sent. */
		private final RequestEvent request;

		private final ChainTrace before;

		private final List<PluginRegistry.Entry> entries;

		private final CallSpans spans;

		/** Null before the answer has come. */
		private volatile @Nullable Account account;

		private volatile Map<String, String> annotations;

		private Review(ChainResult.Forward forward, List<PluginRegistry.Entry> entries, CallSpans spans) {
			this.arrived = forward.arrived();
			// Else the bytes of an upload were kept until the keyserver has answered.
			this.request = forward.request().withBody(RequestBody.ABSENT);
			this.before = forward.trace();
			this.entries = entries;
			this.spans = spans;
			this.annotations = this.request.annotations();
		}

		/**
		 * Shows the answer. Subscribe once; the result may come on any thread, and comes
		 * after the budget at the latest. Cancelling the subscription cancels the call
		 * that is in flight.
		 * @param status as the keyserver sent it
		 * @param headers for the client, without hop-by-hop fields
		 * @param upstream from sending the request to this answer
		 * @return the headers for the client; never empty and never an error
		 */
		public Mono<Headers> of(int status, Headers headers, Duration upstream) {
			return Mono.defer(() -> {
				Account opened = Account.ofResponse(ResponsePhase.this.budget, now(), this.before);
				this.account = opened;
				return from(0, new ResponseEvent(this.request, true, status, headers, upstream), opened,
						Place.MOST_LOOKS);
			});
		}

		/**
		 * What has come about until now, in both phases. Safe for any thread; does not
		 * block.
		 * @return the outcomes of the request, then one for each plugin that was shown
		 * the answer, in the order in which they were asked
		 */
		public ChainTrace trace() {
			Account opened = this.account;
			return (opened != null) ? opened.trace(this.annotations, this.before.delay(), now()) : this.before;
		}

		private Mono<Headers> from(int index, ResponseEvent event, Account books, int looks) {
			if (index == this.entries.size()) {
				return Mono.just(event.headers());
			}
			PluginRegistry.Entry chosen = this.entries.get(index);
			PluginRegistry.Entry entry = chosen.current();
			// Another generation may have come since, with rules and features of its own.
			if (entry == null || (entry != chosen
					&& (!takesPart(entry) || entry.spec().match().mismatch(this.arrived) != null))) {
				books.skipped(chosen.spec().id(), null);
				return from(index + 1, event, books, Place.MOST_LOOKS);
			}
			books.asks(entry.spec().id());
			long started = now();
			long left = books.left(started);
			return show(entry, event, left).checkpoint("plugin " + entry.spec().id() + ", response phase")
				.flatMap((reply) -> {
					if (reply instanceof Reply.Failed<ResponseDecision> failed
							&& failed.failure() instanceof PluginFailure.Withdrawn && looks > 1) {
						return from(index, event, books, looks - 1);
					}
					return from(index + 1, after(entry.spec(), event, reply, books, left, started), books,
							Place.MOST_LOOKS);
				});
		}

		private Mono<Reply<ResponseDecision>> show(PluginRegistry.Entry entry, ResponseEvent event, long left) {
			if (left <= 0) {
				return Mono.just(LiveAsker.noTime(entry.spec().id()));
			}
			PluginClient client = entry.client();
			return LiveAsker.ask(this.request.id(), entry, (client != null) ? client.responses() : null,
					(responses) -> this.spans.showing(entry.spec(),
							responses.review(view(entry, event), Duration.ofNanos(left))));
		}

		private ResponseEvent after(PluginSpec spec, ResponseEvent event, Reply<ResponseDecision> reply, Account books,
				long left, long started) {
			PluginId id = spec.id();
			long now = now();
			long nanos = now - started;
			if (reply instanceof Reply.Decided<ResponseDecision> decided) {
				ResponseDecision decision = decided.decision();
				record(books.add(id, PluginOutcome.Kind.REVIEWED, decision.reason(), "", nanos, null, now));
				books.changed(id, decision.headers());
				ResponseEvent next = annotated(id, event, decision.annotations());
				return decision.headers().isEmpty() ? next : next.withHeaders(next.headers().apply(decision.headers()));
			}
			PluginFailure failure = ((Reply.Failed<ResponseDecision>) reply).failure();
			record(books.add(id, PluginOutcome.Kind.REVIEW_FAILED, books.words(spec, failure, left, now),
					failure.kind(), nanos, null, now));
			return noted(event, RequestState.of(event.request()).failing(id, failure.kind()));
		}

		private void record(PluginOutcome outcome) {
			ResponsePhase.this.listener.pluginAsked(this.request.id(), outcome);
		}

		/** As many of the notes as there is room for, as in the request phase. */
		private ResponseEvent annotated(PluginId id, ResponseEvent event, Map<String, String> notes) {
			if (notes.isEmpty()) {
				return event;
			}
			return noted(event, RequestState.of(event.request()).noting(id, notes));
		}

		private ResponseEvent noted(ResponseEvent event, RequestState request) {
			this.annotations = request.event().annotations();
			return event.withAnnotations(this.annotations);
		}

	}

	private long now() {
		return this.nanoTime.getAsLong();
	}

	/**
	 * As far as a plugin may see it. A cookie that is being set is as secret as one that
	 * is sent; and who may not see requests is not told what this is the answer to.
	 */
	private static ResponseEvent view(PluginRegistry.Entry entry, ResponseEvent event) {
		Set<Capability> granted = entry.spec().granted();
		ResponseEvent shown = granted.contains(Capability.HTTP_REQUEST) ? event : event.withoutRequest();
		boolean all = !event.headers().contains("set-cookie") || granted.contains(Capability.HTTP_CREDENTIALS);
		return all ? shown : shown.withHeaders(event.headers().without("set-cookie"::equalsIgnoreCase));
	}

}
