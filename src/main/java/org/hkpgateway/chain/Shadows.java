package org.hkpgateway.chain;

import java.time.Duration;
import java.util.function.LongSupplier;

import org.hkpgateway.log.LogFields;
import org.hkpgateway.plugin.BodyMode;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginRegistry;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.RequestBody;
import org.hkpgateway.plugin.RequestEvent;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Scheduler;

/**
 * Asks plugins in shadow mode, beside the requests: on another thread, with nobody
 * waiting, and with nothing done about what they decide but to compare it. What they may
 * cost is bounded by their own timeouts and bulkheads, and by {@link ShadowMemory}.
 * Thread-safe, never blocks.
 */
final class Shadows {

	private static final Logger logger = LoggerFactory.getLogger(Shadows.class);

	private final Asker asker;

	private final Duration limit;

	private final ChainListener listener;

	private final LongSupplier nanoTime;

	private final Scheduler scheduler;

	private final ShadowMemory memory;

	private final Occasionally differences;

	private final boolean quotes;

	/**
	 * Makes it.
	 * @param asker how they are asked
	 * @param limit the longest that one may take; its own timeout may be less
	 * @param listener told of each comparison
	 * @param nanoTime a monotonic clock
	 * @param scheduler where they are asked and compared; no request should wait for what
	 * runs there
	 * @param memory bounds what is kept for them
	 * @param differences bounds the log
	 * @param quotes whether the log says what they have to say
	 */
	Shadows(Asker asker, Duration limit, ChainListener listener, LongSupplier nanoTime, Scheduler scheduler,
			ShadowMemory memory, Occasionally differences, boolean quotes) {
		this.asker = asker;
		this.limit = limit;
		this.listener = listener;
		this.nanoTime = nanoTime;
		this.scheduler = scheduler;
		this.memory = memory;
		this.differences = differences;
		this.quotes = quotes;
	}

	/**
	 * Asks one, or will when it has seen what it wants of the body. Returns at once.
	 * @param entry the plugin
	 * @param view what it is shown of the request as it stands at its place
	 * @param tap where more of the body is to be seen
	 * @param result what the chain does in the end; empty if the client left
	 * @param spans sees the call
	 */
	void ask(PluginRegistry.Entry entry, RequestEvent view, BodyTap tap, Mono<Done> result, CallSpans spans) {
		PluginId plugin = entry.spec().id();
		String id = view.id();
		ShadowMemory.Lease lease = this.memory.open();
		if (lease == null) {
			Opinion none = Opinion.notAsked(this.memory.mostOpen() + " requests wait for shadows already");
			compared(id, none.comparedWith(plugin, Done.FORWARDED));
			return;
		}
		Call call = new Call(entry, lease, spans);
		var unused = Mono.zip(call.opinion.asMono(), result, (opinion, done) -> opinion.comparedWith(plugin, done))
			.publishOn(this.scheduler)
			.doFinally((signal) -> call.dispose())
			.subscribe((outcome) -> compared(id, outcome),
					(error) -> logger.atError()
						.addKeyValue(LogFields.REQUEST, id)
						.addKeyValue(LogFields.PLUGIN, plugin.name())
						.setCause(error)
						.log("Unexpected error while asking plugin {} in shadow mode [request {}]", plugin, id));
		try {
			call.start(view, tap);
		}
		catch (RuntimeException ex) {
			// The request must not fail for it.
			call.opinion.tryEmitError(ex);
		}
	}

	private void compared(String requestId, ShadowOutcome outcome) {
		this.listener.compared(requestId, outcome);
		if (outcome.agreement() != ShadowOutcome.Agreement.SAME) {
			this.differences.run(outcome.plugin(),
					(more) -> logger.atInfo()
						.addKeyValue(LogFields.REQUEST, requestId)
						.addKeyValue(LogFields.PLUGIN, outcome.plugin().name())
						.log("Shadow plugin {}: {}: {} [request {}] ({} more since the last such line)",
								outcome.plugin(), outcome.agreement().label(),
								this.quotes ? outcome.detail()
										: "its words are left out, as addresses are (hkp.client-address.log)",
								requestId, more));
		}
	}

	/** From the body to the opinion. */
	private final class Call implements Disposable {

		private final PluginRegistry.Entry entry;

		private final ShadowMemory.Lease lease;

		private final CallSpans spans;

		private final Sinks.One<Opinion> opinion = Sinks.one();

		/** What goes on: the body is copied, or the plugin is asked. */
		private final Disposable.Swap running = Disposables.swap();

		Call(PluginRegistry.Entry entry, ShadowMemory.Lease lease, CallSpans spans) {
			this.entry = entry;
			this.lease = lease;
			this.spans = spans;
		}

		void start(RequestEvent view, BodyTap tap) {
			PluginSpec spec = this.entry.spec();
			RequestBody body = view.body();
			String tooLarge = ShadowBody.tooLarge(spec, Math.max(body.length(), body.bytes().remaining()));
			if (tooLarge != null) {
				missed(tooLarge);
			}
			else if (isAtHand(spec, body)) {
				askWith(view);
			}
			else {
				copy(spec, view, tap);
			}
		}

		private void askWith(RequestEvent view) {
			if (!this.lease.take(view.body().bytes().remaining())) {
				missed(ShadowBody.noMemory(Shadows.this.memory));
			}
			else {
				ask(view);
			}
		}

		private void copy(PluginSpec spec, RequestEvent view, BodyTap tap) {
			RequestEvent head = view.withBody(RequestBody.ABSENT);
			ShadowBody copy = new ShadowBody(spec, view.body().length(), Shadows.this.memory, this.lease,
					new ShadowBody.Reader() {

						@Override
						public void shown(RequestBody body) {
							ask(head.withBody(body));
						}

						@Override
						public void missed(String why) {
							Call.this.missed(why);
						}

					});
			if (this.running.replace(copy)) {
				tap.add(copy);
			}
		}

		private void missed(String why) {
			answered(Opinion.notAsked(why));
		}

		private void ask(RequestEvent view) {
			if (this.running.isDisposed()) {
				return;
			}
			this.running.replace(Mono.defer(() -> {
				long started = Shadows.this.nanoTime.getAsLong();
				return this.spans
					.asking(this.entry.spec(), Shadows.this.asker.ask(this.entry, view, Shadows.this.limit))
					.map((reply) -> Opinion.of(reply, Shadows.this.nanoTime.getAsLong() - started));
			}).subscribeOn(Shadows.this.scheduler).subscribe(this::answered, this.opinion::tryEmitError));
		}

		/** Whatever it was shown is no longer needed, even if the request goes on. */
		private void answered(Opinion opinion) {
			this.lease.giveBack();
			this.opinion.tryEmitValue(opinion);
		}

		@Override
		public void dispose() {
			this.running.dispose();
			this.lease.close();
		}

	}

	/** Whether a plugin can decide as it would if it were enforced. */
	static boolean isAtHand(PluginSpec spec, RequestBody shown) {
		return switch (shown.state()) {
			case ABSENT, COMPLETE -> true;
			case WITHHELD -> spec.body() == BodyMode.NONE;
			case PREFIX -> spec.body() == BodyMode.PREFIX && shown.bytes().remaining() >= spec.bodyPrefixBytes();
		};
	}

}
