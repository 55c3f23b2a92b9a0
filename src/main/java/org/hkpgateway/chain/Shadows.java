package org.hkpgateway.chain;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

import org.hkpgateway.plugin.BodyMode;
import org.hkpgateway.plugin.PluginRegistry;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.RequestBody;
import org.hkpgateway.plugin.RequestEvent;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/**
 * Asks plugins in shadow mode, beside the requests: on another thread, with nobody
 * waiting, and with nothing done about what they decide but to compare it. What they may
 * cost is bounded by their own timeouts and bulkheads, and by how much of bodies they
 * keep in memory after the request is done. Thread-safe, never blocks.
 */
final class Shadows {

	/** Of bodies that shadows are being shown, all together. */
	static final long MAX_BODY_BYTES = 64L * 1024 * 1024;

	private static final Logger logger = LoggerFactory.getLogger(Shadows.class);

	private final Asker asker;

	private final Duration limit;

	private final ChainListener listener;

	private final LongSupplier nanoTime;

	private final Scheduler scheduler;

	private final Occasionally differences;

	private final AtomicLong bodyBytes = new AtomicLong();

	/**
	 * Makes it.
	 * @param asker how they are asked
	 * @param limit the longest that one may take; its own timeout may be less
	 * @param listener told of each comparison
	 * @param nanoTime a monotonic clock
	 * @param scheduler where they are asked
	 * @param differences bounds the log
	 */
	Shadows(Asker asker, Duration limit, ChainListener listener, LongSupplier nanoTime, Scheduler scheduler,
			Occasionally differences) {
		this.asker = asker;
		this.limit = limit;
		this.listener = listener;
		this.nanoTime = nanoTime;
		this.scheduler = scheduler;
		this.differences = differences;
	}

	/**
	 * Asks one and returns at once.
	 * @param entry the plugin
	 * @param request the request as it stands at its place, with nothing withheld
	 * @param result what the chain does in the end; empty if the client left
	 * @param spans sees the call
	 */
	void ask(PluginRegistry.Entry entry, RequestEvent request, Mono<Done> result, CallSpans spans) {
		PluginSpec spec = entry.spec();
		RequestEvent view = PluginView.of(spec).of(request);
		// Nothing that is kept until the shadow has answered holds a body but its view.
		String id = request.id();
		Mono<Answered> answer = Mono.defer(() -> ask(entry, view, spans)).subscribeOn(this.scheduler);
		var unused = Mono.zip(answer, result, (answered, done) -> Comparison.of(spec.id(), answered, done))
			.subscribe((outcome) -> compared(id, outcome), (error) -> logger
				.error("Unexpected error while asking plugin {} in shadow mode", spec.id(), error));
	}

	private Mono<Answered> ask(PluginRegistry.Entry entry, RequestEvent view, CallSpans spans) {
		String missing = missing(entry.spec(), view.body());
		if (missing != null) {
			return Mono.just(notAsked(missing));
		}
		long bytes = view.body().bytes().remaining();
		if (this.bodyBytes.addAndGet(bytes) > MAX_BODY_BYTES) {
			this.bodyBytes.addAndGet(-bytes);
			return Mono.just(notAsked("too many bodies are held for shadows"));
		}
		long started = this.nanoTime.getAsLong();
		return spans.asking(entry.spec(), this.asker.ask(entry, view, this.limit))
			.map((reply) -> new Answered(reply, this.limit.toNanos(), this.nanoTime.getAsLong() - started))
			.doFinally((signal) -> this.bodyBytes.addAndGet(-bytes));
	}

	private static Answered notAsked(String why) {
		return new Answered(new Reply.NotAsked(why), 0, 0);
	}

	/** Why a plugin could not decide as it would if it were enforced. */
	static @Nullable String missing(PluginSpec spec, RequestBody shown) {
		return switch (shown.state()) {
			case ABSENT, COMPLETE -> null;
			case WITHHELD -> (spec.body() == BodyMode.NONE) ? null : "its body was not held";
			case PREFIX -> (spec.body() == BodyMode.PREFIX && shown.bytes().remaining() >= spec.bodyPrefixBytes())
					? null : "not enough of its body was held";
		};
	}

	private void compared(String requestId, ShadowOutcome outcome) {
		this.listener.compared(requestId, outcome);
		if (outcome.agreement() != ShadowOutcome.Agreement.SAME) {
			this.differences.run(outcome.plugin(),
					(more) -> logger.info("Shadow plugin {}: {}: {} [request {}] ({} more since the last such line)",
							outcome.plugin(), outcome.agreement().label(), outcome.detail(), requestId, more));
		}
	}

	/** How many bytes of bodies shadows are being shown. */
	long bodyBytes() {
		return this.bodyBytes.get();
	}

}
