package org.hkpgateway.lifecycle;

import java.time.Duration;

/**
 * How often and how fast a dying plugin is started again.
 *
 * @param firstDelay wait before the second restart in a row, doubled for each further
 * one; the first restart does not wait
 * @param maxDelay where the doubling ends
 * @param jitter share by which a wait is varied up or down, 0 to 1
 * @param early a death this soon after READY, or before it, is an early one
 * @param earlyDeaths so many early deaths within {@code window} mean FAILED
 * @param window see {@code earlyDeaths}
 * @param stable READY for so long, and earlier deaths are forgotten
 * @param failedRetry wait in FAILED before it is tried once more
 */
public record RestartLimits(Duration firstDelay, Duration maxDelay, double jitter, Duration early, int earlyDeaths,
		Duration window, Duration stable, Duration failedRetry) {

	/** 1 s to 60 s, ±20 %; five deaths within 30 s of READY in 5 min; 5 min; 5 min. */
	public static final RestartLimits DEFAULTS = new RestartLimits(Duration.ofSeconds(1), Duration.ofSeconds(60), 0.2,
			Duration.ofSeconds(30), 5, Duration.ofMinutes(5), Duration.ofMinutes(5), Duration.ofMinutes(5));

	public RestartLimits {
		if (firstDelay.compareTo(Duration.ZERO) <= 0 || maxDelay.compareTo(firstDelay) < 0) {
			throw new IllegalArgumentException(
					"restart delays: expected: 0 < first <= max, got: first " + firstDelay + ", max " + maxDelay);
		}
		if (!(jitter >= 0 && jitter < 1)) {
			throw new IllegalArgumentException("restart jitter: expected: 0 to below 1, got: " + jitter);
		}
		if (earlyDeaths < 1) {
			throw new IllegalArgumentException("early deaths: expected: 1 or more, got: " + earlyDeaths);
		}
	}

}
