package org.hkpgateway.chain;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;

import org.hkpgateway.http.HeaderMutation;
import org.hkpgateway.plugin.Decision;
import org.hkpgateway.plugin.FailPolicy;
import org.hkpgateway.plugin.MatchRules;
import org.hkpgateway.plugin.PluginClient;
import org.hkpgateway.plugin.PluginFailure;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginRegistry;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.RequestBody;
import org.hkpgateway.plugin.RequestEvent;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

/**
 * Runs a request through the plugins whose match rules hold for it, in order, one after
 * another. The first to answer ends it; what the others change is seen by those behind
 * them. A plugin whose rules do not hold has no part in it: it is not asked, no body is
 * read for it, and it cannot fail. Stateless and thread-safe; never blocks.
 */
public final class PluginChain {

	private static final Logger logger = LoggerFactory.getLogger(PluginChain.class);

	/**
	 * A place that changes hands more often than this during one call does not answer.
	 */
	private static final int MOST_LOOKS = 3;

	private final PluginRegistry registry;

	private final Duration budget;

	private final ChainListener listener;

	private final LongSupplier nanoTime;

	/**
	 * Makes a chain.
	 * @param registry the plugins as of now
	 * @param budget the longest that all plugins together may take for one request
	 * @param listener told of every outcome
	 * @param nanoTime a monotonic clock in nanoseconds
	 */
	public PluginChain(PluginRegistry registry, Duration budget, ChainListener listener, LongSupplier nanoTime) {
		this.registry = registry;
		this.budget = budget;
		this.listener = listener;
		this.nanoTime = nanoTime;
	}

	/**
	 * Whether there is any plugin at the moment. If not, {@link #start} can be left out,
	 * and so can all that plugins are shown.
	 * @return false if every request would be forwarded as it is
	 */
	public boolean hasPlugins() {
		return !this.registry.chain().isEmpty();
	}

	/**
	 * Fixes the plugins for one request, so that what is read of its body fits those who
	 * will see it. Match rules are about the request as it came: what plugins change
	 * later makes no difference to them.
	 * @param request the whole request, with its credentials, but without its body
	 * @return the run to subscribe to once
	 */
	public Run start(RequestEvent request) {
		return new Run(request, this.registry.chain());
	}

	/** One request's way through the chain. */
	public final class Run {

		private final RequestEvent request;

		/** Those that match. */
		private final List<PluginRegistry.Entry> entries;

		private final List<PluginOutcome> outcomes = new ArrayList<>();

		private final List<HeaderMutation> requestHeaders = new ArrayList<>(0);

		private final List<HeaderMutation> responseHeaders = new ArrayList<>(0);

		private Run(RequestEvent request, List<PluginRegistry.Entry> chain) {
			this.request = request;
			this.entries = new ArrayList<>(chain.size());
			for (PluginRegistry.Entry entry : chain) {
				if (matches(entry.spec())) {
					this.entries.add(entry);
				}
			}
		}

		/** Whether a plugin is to be asked. If not, that is noted. */
		private boolean matches(PluginSpec spec) {
			MatchRules.Criterion mismatch = spec.match().mismatch(this.request);
			if (mismatch != null) {
				this.outcomes.add(new PluginOutcome(spec.id(), PluginOutcome.Kind.SKIPPED, mismatch.label(), 0));
			}
			return mismatch == null;
		}

		/**
		 * Whether no plugin would be asked.
		 * @return true if {@link #decide} would say {@link ChainResult.Forward} at once
		 */
		public boolean isEmpty() {
			return this.entries.isEmpty();
		}

		/**
		 * How much of the body {@link #decide} needs.
		 * @return the demand of the most demanding plugin
		 */
		public BodyDemand bodyDemand() {
			return BodyDemand.of(this.entries);
		}

		/**
		 * Asks the plugins. A plugin's failure is part of the result, never an error of
		 * it. Subscribe once; the result may come on any thread.
		 * @param body as much of the body as {@link #bodyDemand()} asks for; each plugin
		 * gets its own view
		 * @return the decision
		 */
		public Mono<ChainResult> decide(RequestBody body) {
			return Mono.defer(() -> from(0, new Shown(this.request.withBody(body), null, null),
					PluginChain.this.nanoTime.getAsLong() + PluginChain.this.budget.toNanos()));
		}

		private Mono<ChainResult> from(int index, Shown shown, long deadline) {
			return from(index, shown, deadline, MOST_LOOKS);
		}

		private Mono<ChainResult> from(int index, Shown shown, long deadline, int looks) {
			if (index == this.entries.size()) {
				return Mono.just(this.outcomes.isEmpty() ? ChainResult.Forward.UNCHANGED
						: new ChainResult.Forward(this.requestHeaders, this.responseHeaders, this.outcomes));
			}
			PluginRegistry.Entry chosen = this.entries.get(index);
			PluginRegistry.Entry entry = chosen.current();
			// Another generation may have come since, with rules of its own.
			if (entry == null || (entry != chosen && !matches(entry.spec()))) {
				return from(index + 1, shown, deadline);
			}
			PluginSpec spec = entry.spec();
			Shown now = shown.to(PluginView.of(spec));
			long started = PluginChain.this.nanoTime.getAsLong();
			return ask(entry, now.view(), deadline - started).map((decision) -> (Reply) new Reply.Decided(decision))
				.onErrorResume((error) -> Mono.just(new Reply.Failed(failure(spec.id(), error))))
				.checkpoint("plugin " + spec.id())
				.flatMap((reply) -> {
					long nanos = PluginChain.this.nanoTime.getAsLong() - started;
					if (reply instanceof Reply.Failed failed) {
						if (failed.failure() instanceof PluginFailure.Withdrawn && looks > 1) {
							return from(index, now, deadline, looks - 1);
						}
						return failed(index, spec, now, failed.failure(), nanos, deadline);
					}
					Decision decision = ((Reply.Decided) reply).decision();
					if (decision instanceof Decision.Respond respond) {
						return Mono.just(answered(spec, now.event(), respond, nanos));
					}
					return continued(index, spec, now, (Decision.Continue) decision, nanos, deadline);
				});
		}

		private Mono<Decision> ask(PluginRegistry.Entry entry, RequestEvent view, long nanosLeft) {
			PluginId id = entry.spec().id();
			PluginClient client = entry.client();
			if (client == null && entry.current() != entry) {
				return Mono.error(new PluginFailure.Withdrawn(id, "its generation was replaced"));
			}
			if (client == null) {
				return Mono.error(new PluginFailure.Unavailable(id, "expected: READY, got: no running process"));
			}
			if (nanosLeft <= 0) {
				return Mono.error(new PluginFailure.Timeout(id, "the chain's budget of "
						+ PluginChain.this.budget.toMillis() + " ms was used up by the plugins before it"));
			}
			return client.decide(view, Duration.ofNanos(nanosLeft))
				.switchIfEmpty(Mono.error(() -> new PluginFailure.ProtocolError(id, "gave no decision")));
		}

		private Mono<ChainResult> continued(int index, PluginSpec spec, Shown shown, Decision.Continue decision,
				long nanos, long deadline) {
			record(shown.event(), new PluginOutcome(spec.id(), PluginOutcome.Kind.CONTINUED, decision.reason(), nanos));
			this.requestHeaders.addAll(decision.requestHeaders());
			this.responseHeaders.addAll(decision.responseHeaders());
			return from(index + 1, shown.after(spec.id(), decision.requestHeaders(), decision.annotations()), deadline);
		}

		private ChainResult answered(PluginSpec spec, RequestEvent event, Decision.Respond respond, long nanos) {
			record(event, new PluginOutcome(spec.id(), PluginOutcome.Kind.RESPONDED, respond.reason(), nanos));
			ChainAnswers.Sanitized answer = ChainAnswers.sanitize(respond, event.hkp());
			answer.warnings()
				.forEach((warning) -> logger.warn("Plugin {} {} [request {}]", spec.id(), warning, event.id()));
			return new ChainResult.Answer(answer.head(), answer.body(), this.outcomes);
		}

		private Mono<ChainResult> failed(int index, PluginSpec spec, Shown shown, PluginFailure failure, long nanos,
				long deadline) {
			boolean tooLarge = failure instanceof PluginFailure.TooLarge;
			boolean open = spec.fail() == FailPolicy.OPEN && !tooLarge;
			record(shown.event(),
					new PluginOutcome(spec.id(),
							open ? PluginOutcome.Kind.FAILED_OPEN : PluginOutcome.Kind.FAILED_CLOSED,
							failure.kind() + ": " + failure.getMessage(), nanos));
			if (tooLarge) {
				// Else an upload could evade a plugin by being larger than it can take.
				return Mono.just(ChainAnswers.tooLarge(this.outcomes));
			}
			if (!open) {
				return Mono.just(ChainAnswers.failedClosed(this.outcomes));
			}
			return from(index + 1, shown.after(spec.id(), List.of(), Map.of("failed", failure.kind())), deadline);
		}

		private void record(RequestEvent event, PluginOutcome outcome) {
			this.outcomes.add(outcome);
			PluginChain.this.listener.pluginAsked(event.id(), outcome);
		}

	}

	private static PluginFailure failure(PluginId id, Throwable error) {
		if (error instanceof PluginFailure failure) {
			return failure;
		}
		logger.error("Unexpected error while asking plugin {}; it counts as the plugin's failure", id, error);
		return new PluginFailure.ProtocolError(id, "unexpected " + error);
	}

	/** What came of asking. */
	private sealed interface Reply {

		record Decided(Decision decision) implements Reply {
		}

		record Failed(PluginFailure failure) implements Reply {
		}

	}

	/**
	 * The request as it stands, and the view of it that was built last.
	 */
	private record Shown(RequestEvent event, @Nullable PluginView by, @Nullable RequestEvent built) {

		Shown to(PluginView view) {
			return view.equals(this.by) ? this : new Shown(this.event, view, view.of(this.event));
		}

		RequestEvent view() {
			return (this.built != null) ? this.built : this.event;
		}

		Shown after(PluginId plugin, List<HeaderMutation> mutations, Map<String, String> annotations) {
			if (mutations.isEmpty() && annotations.isEmpty()) {
				return this;
			}
			Map<String, String> all = new HashMap<>(this.event.annotations());
			annotations.forEach((key, value) -> all.put(plugin + "." + key, value));
			RequestEvent next = this.event
				.withHead(this.event.head().withHeaders(this.event.head().headers().apply(mutations)))
				.withAnnotations(all);
			return new Shown(next, null, null);
		}

	}

}
