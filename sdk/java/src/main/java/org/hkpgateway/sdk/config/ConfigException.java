package org.hkpgateway.sdk.config;

/**
 * A configuration value that cannot be used. Its message names the key, what was expected
 * and what came; thrown from a plugin's {@code init} it reaches the operator as it is.
 */
public class ConfigException extends RuntimeException {

	private static final long serialVersionUID = 1L;

	private static final int MAX_SHOWN = 80;

	private final String key;

	/**
	 * Makes the error of one key.
	 * @param key the full key, for example {@code limits.window}
	 * @param expected what would be right
	 * @param got what came
	 */
	public ConfigException(String key, String expected, String got) {
		super((key.isEmpty() ? "configuration" : "configuration key '" + key + "'") + ": expected: " + expected
				+ ", got: " + shorten(got));
		this.key = key;
	}

	private ConfigException(String message, String key) {
		super(message);
		this.key = key;
	}

	/** What a record says of values that are wrong together. */
	static ConfigException ofTable(String prefix, String message) {
		String key = prefix.isEmpty() ? "" : prefix.substring(0, prefix.length() - 1);
		return new ConfigException(
				(key.isEmpty() ? "configuration" : "configuration key '" + key + "'") + ": " + message, key);
	}

	/**
	 * The key that is wrong.
	 * @return for example {@code limits.window}; empty for the configuration as a whole
	 */
	public String key() {
		return this.key;
	}

	private static String shorten(String got) {
		return (got.length() <= MAX_SHOWN) ? got : got.substring(0, MAX_SHOWN) + "…";
	}

}
