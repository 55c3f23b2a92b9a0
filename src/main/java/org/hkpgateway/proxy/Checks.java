package org.hkpgateway.proxy;

import java.time.Duration;

/**
 * Checks of configuration values whose messages name the key.
 */
final class Checks {

	private Checks() {
	}

	static void that(boolean valid, String key, String expected, Object got) {
		if (!valid) {
			throw new IllegalArgumentException(key + ": expected: " + expected + ", got: " + got);
		}
	}

	static void positive(String key, Duration value) {
		that(!value.isNegative() && !value.isZero(), key, "a duration above 0", value);
	}

}
