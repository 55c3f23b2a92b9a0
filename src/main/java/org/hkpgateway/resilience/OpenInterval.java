package org.hkpgateway.resilience;

import java.time.Duration;
import java.util.function.DoubleSupplier;

import io.github.resilience4j.core.IntervalFunction;

/**
 * How long a breaker stays open: 5 s, doubling with each trial that fails up to 60 s, 20
 * % more or less, so that replicas do not try again all at once.
 */
final class OpenInterval implements IntervalFunction {

	private static final Duration FIRST = Duration.ofSeconds(5);

	private static final Duration LONGEST = Duration.ofSeconds(60);

	private static final double JITTER = 0.2;

	private final DoubleSupplier random;

	/**
	 * Makes the function.
	 * @param random from 0 to 1
	 */
	OpenInterval(DoubleSupplier random) {
		this.random = random;
	}

	@Override
	public Long apply(Integer attempt) {
		int doublings = Math.min(Math.max(0, attempt - 1), 10);
		long millis = Math.min(FIRST.toMillis() << doublings, LONGEST.toMillis());
		double jitter = 1 + JITTER * (2 * this.random.getAsDouble() - 1);
		return Math.round(millis * jitter);
	}

}
