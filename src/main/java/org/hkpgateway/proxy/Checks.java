package org.hkpgateway.proxy;

import java.time.Duration;

/**
 * Checks of configuration values whose messages name the key.
 */
final class Checks {

	private static final Duration SHORTEST = Duration.ofMillis(1);

	private static final Duration LONGEST = Duration.ofDays(1);

	private Checks() {
	}

	static void that(boolean valid, String key, String expected, Object got) {
		if (!valid) {
			throw new IllegalArgumentException(key + ": expected: " + expected + ", got: " + got);
		}
	}

	/** Timers count milliseconds as int, and rounded to 0 they never fire. */
	static void timeout(String key, Duration value) {
		that(value.compareTo(SHORTEST) >= 0 && value.compareTo(LONGEST) <= 0, key, "a duration of 1ms to 1d", value);
	}

}
