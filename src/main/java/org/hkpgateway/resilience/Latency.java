package org.hkpgateway.resilience;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

import io.github.resilience4j.core.metrics.Metrics;
import io.github.resilience4j.core.metrics.SlidingTimeWindowMetrics;
import io.github.resilience4j.core.metrics.Snapshot;
import io.micrometer.core.instrument.Clock;
import io.micrometer.core.instrument.distribution.TimeWindowMax;
import org.hkpgateway.plugin.LatencyStatus;
import reactor.core.publisher.Mono;

/**
 * How long the calls of the last minute took: one sum for each second and a few maxima,
 * whatever the number of calls. The maximum forgets in steps of 20 s.
 */
final class Latency {

	private static final int WINDOW_SECONDS = 60;

	private static final int STEPS = 3;

	private final LongSupplier nanos;

	private final Metrics sums;

	private final TimeWindowMax max;

	Latency(LongSupplier nanos) {
		this.nanos = nanos;
		MonotonicClock clock = new MonotonicClock(nanos);
		this.sums = new SlidingTimeWindowMetrics(WINDOW_SECONDS, clock);
		this.max = new TimeWindowMax(new Clock() {

			@Override
			public long wallTime() {
				return clock.millis();
			}

			@Override
			public long monotonicTime() {
				return nanos.getAsLong();
			}

		}, TimeUnit.SECONDS.toMillis(WINDOW_SECONDS / STEPS), STEPS);
	}

	/**
	 * Measures a call from its subscription to its value.
	 * @param <T> type of value
	 * @param call the call
	 * @return the same call
	 */
	<T> Mono<T> measure(Mono<T> call) {
		return Mono.defer(() -> {
			long begin = this.nanos.getAsLong();
			return call.doOnNext((value) -> record(this.nanos.getAsLong() - begin));
		});
	}

	private void record(long duration) {
		this.sums.record(duration, TimeUnit.NANOSECONDS, Metrics.Outcome.SUCCESS);
		this.max.record((double) duration, TimeUnit.NANOSECONDS);
	}

	LatencyStatus status() {
		Snapshot snapshot = this.sums.getSnapshot();
		int calls = snapshot.getTotalNumberOfCalls();
		return (calls == 0) ? LatencyStatus.NONE : new LatencyStatus(calls, snapshot.getAverageDuration(),
				Duration.ofNanos((long) this.max.poll(TimeUnit.NANOSECONDS)));
	}

}
