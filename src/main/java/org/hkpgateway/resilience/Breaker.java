package org.hkpgateway.resilience;

import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.DoubleSupplier;
import java.util.function.LongSupplier;

import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreaker.State;
import io.github.resilience4j.circuitbreaker.CircuitBreaker.StateTransition;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig.SlidingWindowType;
import org.hkpgateway.plugin.BreakerListener;
import org.hkpgateway.plugin.BreakerState;
import org.hkpgateway.plugin.BreakerStatus;
import org.hkpgateway.plugin.Phase;
import org.hkpgateway.plugin.PluginFailure;
import org.hkpgateway.plugin.PluginId;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.scheduler.Scheduler;

/**
 * The circuit breaker of one plugin process in one phase.
 * <p>
 * It opens when at least 20 calls within 10 s ended and half of them failed or 80 % were
 * slow. After a while (see {@link OpenInterval}) the next call makes it half-open: 5
 * calls are let through and judged by the same rates. If not all 5 have come after 10 s,
 * what did come decides: one failed or slow call opens it again, else it closes. (Left to
 * itself it would open: then a healthy plugin of a quiet gateway would never get its 5
 * calls.)
 */
final class Breaker {

	private static final int WINDOW_SECONDS = 10;

	private static final int LEAST_CALLS = 20;

	private static final float FAILURE_PERCENT = 50;

	private static final float SLOW_PERCENT = 80;

	private static final int TRIAL_CALLS = 5;

	private static final Duration TRIAL_LIMIT = Duration.ofSeconds(10);

	private final CircuitBreaker breaker;

	private final Scheduler scheduler;

	private final Disposable.Swap trialLimit = Disposables.swap();

	Breaker(PluginId plugin, Phase phase, Duration slow, LongSupplier nanos, Scheduler scheduler, DoubleSupplier random,
			BreakerListener listener) {
		this.scheduler = scheduler;
		this.breaker = CircuitBreaker.of(plugin.name(), configuration(slow, nanos, random));
		this.breaker.getEventPublisher().onStateTransition((event) -> {
			onTransition(event.getStateTransition());
			listener.stateChanged(plugin, phase, toState(event.getStateTransition().getFromState()),
					toState(event.getStateTransition().getToState()));
		});
	}

	private static CircuitBreakerConfig configuration(Duration slow, LongSupplier nanos, DoubleSupplier random) {
		Clock clock = new MonotonicClock(nanos);
		return CircuitBreakerConfig.custom()
			.slidingWindow(WINDOW_SECONDS, LEAST_CALLS, SlidingWindowType.TIME_BASED)
			.failureRateThreshold(FAILURE_PERCENT)
			.slowCallRateThreshold(SLOW_PERCENT)
			.slowCallDurationThreshold(slow)
			.waitIntervalFunctionInOpenState(new OpenInterval(random))
			.permittedNumberOfCallsInHalfOpenState(TRIAL_CALLS)
			.ignoreException(Breaker::isNoEvidence)
			.writableStackTraceEnabled(false)
			.clock(clock)
			.currentTimestampFunction((ignored) -> nanos.getAsLong(), TimeUnit.NANOSECONDS)
			.build();
	}

	/** Ends of a call that say nothing about the plugin; they give their permit back. */
	private static boolean isNoEvidence(Throwable failure) {
		return failure instanceof CutShort || (failure instanceof PluginFailure known && !known.isEvidence());
	}

	/** Counts a failure that belongs to no call, as if a call had failed with it. */
	void record(PluginFailure failure) {
		this.breaker.onError(0, TimeUnit.NANOSECONDS, failure);
	}

	CircuitBreaker circuitBreaker() {
		return this.breaker;
	}

	BreakerStatus status() {
		CircuitBreaker.Metrics metrics = this.breaker.getMetrics();
		return new BreakerStatus(toState(this.breaker.getState()), metrics.getFailureRate(), metrics.getSlowCallRate(),
				metrics.getNumberOfBufferedCalls(), metrics.getNumberOfNotPermittedCalls());
	}

	private void onTransition(StateTransition transition) {
		if (transition.getToState() == State.HALF_OPEN) {
			this.trialLimit
				.replace(this.scheduler.schedule(this::endTrial, TRIAL_LIMIT.toMillis(), TimeUnit.MILLISECONDS));
		}
		else {
			this.trialLimit.replace(Disposables.disposed());
		}
	}

	private void endTrial() {
		if (this.breaker.getState() != State.HALF_OPEN) {
			return;
		}
		CircuitBreaker.Metrics metrics = this.breaker.getMetrics();
		if (metrics.getNumberOfFailedCalls() + metrics.getNumberOfSlowCalls() == 0) {
			this.breaker.transitionToClosedState();
		}
		else {
			this.breaker.transitionToOpenState();
		}
	}

	static BreakerState toState(State state) {
		return switch (state) {
			case CLOSED, DISABLED, METRICS_ONLY -> BreakerState.CLOSED;
			case OPEN, FORCED_OPEN -> BreakerState.OPEN;
			case HALF_OPEN -> BreakerState.HALF_OPEN;
		};
	}

}
