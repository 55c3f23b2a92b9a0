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

	/** When a call begins. */
	long now() {
		return this.nanos.getAsLong();
	}

	/**
	 * Takes down a call that ends now.
	 * @param begun what {@link #now} said when it began
	 */
	void ended(long begun) {
		long duration = this.nanos.getAsLong() - begun;
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
