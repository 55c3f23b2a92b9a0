package org.hkpgateway.config;

/**
 * The check of a setting's value, with a message that names its key.
 */
final class SettingCheck {

	private SettingCheck() {
	}

	/**
	 * Checks.
	 * @param valid whether it may be so
	 * @param key the setting
	 * @param expected what may be
	 * @param got what is; never a secret, for the message goes into the log
	 * @throws IllegalArgumentException if it is not valid
	 */
	static void that(boolean valid, String key, String expected, Object got) {
		if (!valid) {
			throw new IllegalArgumentException(key + ": expected: " + expected + ", got: " + got);
		}
	}

}
