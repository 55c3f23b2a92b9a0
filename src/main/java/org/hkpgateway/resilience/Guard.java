package org.hkpgateway.resilience;

import java.time.Duration;
import java.util.Optional;
import java.util.function.BiFunction;

import io.github.resilience4j.bulkhead.Bulkhead;
import io.github.resilience4j.bulkhead.BulkheadConfig;
import io.github.resilience4j.bulkhead.BulkheadFullException;
import io.github.resilience4j.circuitbreaker.CallNotPermittedException;
import io.github.resilience4j.reactor.bulkhead.operator.BulkheadOperator;
import io.github.resilience4j.reactor.circuitbreaker.operator.CircuitBreakerOperator;
import org.hkpgateway.plugin.CallEnd;
import org.hkpgateway.plugin.GuardStatus;
import org.hkpgateway.plugin.PluginFailure;
import org.hkpgateway.plugin.PluginSpec;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Signal;
import reactor.core.publisher.SynchronousSink;
import reactor.core.scheduler.Scheduler;

/**
 * The guards around the calls of one plugin process in one phase. Read {@link #call} from
 * the inside (the call) to the outside (the bulkhead).
 *
 * @param <E> what the plugin is shown
 * @param <D> what it decides
 */
final class Guard<E, D> {

	private final PluginSpec spec;

	private final BiFunction<E, Duration, Mono<D>> bare;

	private final BiFunction<E, D, Optional<String>> violation;

	private final Duration timeout;

	private final Duration slow;

	private final Breaker breaker;

	private final Latency latency;

	private final Bulkhead bulkhead;

	private final BulkheadOperator<D> inBulkhead;

	private final CircuitBreakerOperator<D> inBreaker;

	private final Scheduler scheduler;

	/**
	 * Makes the guards.
	 * @param spec the plugin
	 * @param bare the call without them; may throw
	 * @param violation why a decision about what was shown is refused, if it is
	 * @param limits what a call may take
	 * @param breaker the circuit breaker
	 * @param latency the record of durations
	 * @param scheduler for the deadline
	 */
	Guard(PluginSpec spec, BiFunction<E, Duration, Mono<D>> bare, BiFunction<E, D, Optional<String>> violation,
			Limits limits, Breaker breaker, Latency latency, Scheduler scheduler) {
		this.spec = spec;
		this.bare = bare;
		this.violation = violation;
		this.timeout = limits.timeout();
		this.slow = limits.slow();
		this.breaker = breaker;
		this.latency = latency;
		this.scheduler = scheduler;
		this.inBreaker = CircuitBreakerOperator.of(breaker.circuitBreaker());
		this.bulkhead = Bulkhead.of(spec.id().name(),
				BulkheadConfig.custom()
					.maxConcurrentCalls(spec.maxConcurrent())
					.maxWaitDuration(Duration.ZERO)
					.writableStackTraceEnabled(false)
					.build());
		this.inBulkhead = BulkheadOperator.of(this.bulkhead);
	}

	/**
	 * Makes one call.
	 * @param event what to show
	 * @param budget the longest to wait
	 * @return the decision, or a {@link PluginFailure}; never empty
	 */
	Mono<D> call(E event, Duration budget) {
		Duration limit = limit(budget);
		return Mono.defer(() -> {
			long begun = this.latency.now();
			return ask(event, limit).<D>handle((signal, sink) -> {
				this.latency.ended(begun);
				PluginFailure failure = failure(event, signal, sink);
				if (failure != null) {
					sink.error(counted(failure, limit));
				}
			});
		}).transform(this.inBreaker).transform(this.inBulkhead).onErrorMap(this::toFailure);
	}

	/**
	 * Makes one call that neither breaker nor bulkhead nor the record of durations hears
	 * of, and that they do not refuse.
	 * @param event what to show
	 * @param budget the longest to wait
	 * @return as {@link #call}
	 */
	Mono<D> callUnrecorded(E event, Duration budget) {
		return ask(event, limit(budget)).<D>handle((signal, sink) -> {
			PluginFailure failure = failure(event, signal, sink);
			if (failure != null) {
				sink.error(failure);
			}
		}).onErrorMap(this::toFailure);
	}

	/**
	 * Counts a failure that belongs to no call.
	 * @param failure what happened
	 */
	void record(PluginFailure failure) {
		this.breaker.record(failure);
	}

	private Duration limit(Duration budget) {
		return (budget.compareTo(this.timeout) < 0) ? budget : this.timeout;
	}

	/**
	 * Asks. The end comes as a value: an error that loses the race against the deadline,
	 * which the client keeps too, would be logged as dropped.
	 */
	private Mono<Signal<D>> ask(E event, Duration limit) {
		return CallEnd.of(Mono.defer(() -> this.bare.apply(event, limit)))
			.timeout(limit, Mono.fromSupplier(() -> Signal.error(late(limit))), this.scheduler);
	}

	/** Passes a decision on, or says why there is none. */
	private @Nullable PluginFailure failure(E event, Signal<D> signal, SynchronousSink<D> sink) {
		D decision = signal.get();
		if (decision == null) {
			Throwable error = signal.getThrowable();
			return (error != null) ? toFailure(error) : empty();
		}
		Optional<String> violation = this.violation.apply(event, decision);
		if (violation.isPresent()) {
			return new PluginFailure.ProtocolError(this.spec.id(), "refused decision: " + violation.get());
		}
		sink.next(decision);
		return null;
	}

	/** How the calls went. */
	GuardStatus status() {
		int inFlight = this.spec.maxConcurrent() - this.bulkhead.getMetrics().getAvailableConcurrentCalls();
		return new GuardStatus(this.breaker.status(), this.latency.status(), inFlight, this.spec.maxConcurrent());
	}

	/**
	 * A timeout counts if the plugin had at least the time after which a call is slow. If
	 * others had used up the budget so that it had less, it says nothing about this one.
	 */
	private RuntimeException counted(PluginFailure failure, Duration limit) {
		boolean cutShort = failure instanceof PluginFailure.Timeout && limit.compareTo(this.slow) < 0;
		return cutShort ? new CutShort(failure) : failure;
	}

	private PluginFailure toFailure(Throwable failure) {
		if (failure instanceof PluginFailure known) {
			return known;
		}
		if (failure instanceof CutShort cutShort) {
			return cutShort.failure();
		}
		if (failure instanceof CallNotPermittedException) {
			return new PluginFailure.BreakerOpen(this.spec.id(), "not asked: its circuit breaker is open");
		}
		if (failure instanceof BulkheadFullException) {
			return new PluginFailure.BulkheadFull(this.spec.id(),
					"not asked: expected: at most " + this.spec.maxConcurrent() + " calls at once, got: one more");
		}
		return new PluginFailure.ProtocolError(this.spec.id(), "unexpected failure: " + failure);
	}

	private PluginFailure late(Duration limit) {
		return new PluginFailure.Timeout(this.spec.id(),
				"expected: a decision within " + limit.toMillis() + " ms, got: none");
	}

	private PluginFailure empty() {
		return new PluginFailure.ProtocolError(this.spec.id(), "expected: a decision, got: none");
	}

	/**
	 * What a call may take.
	 *
	 * @param timeout when nothing cuts it short
	 * @param slow from where on it is slow
	 */
	record Limits(Duration timeout, Duration slow) {

		/**
		 * The limits of a plugin in a phase.
		 * @param timeout the plugin's own
		 * @param budget what all plugins together may take in that phase
		 * @return the smaller of both, slow from 0.8 of it on
		 */
		static Limits of(Duration timeout, Duration budget) {
			Duration longest = (timeout.compareTo(budget) < 0) ? timeout : budget;
			return new Limits(longest, longest.multipliedBy(8).dividedBy(10));
		}

	}

}
