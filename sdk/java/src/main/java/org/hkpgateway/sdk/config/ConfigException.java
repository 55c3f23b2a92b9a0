package org.hkpgateway.sdk.config;

import java.util.List;
import java.util.stream.Collectors;

/**
 * A configuration value that cannot be used. Its message names the key, what was expected
 * and what came; thrown from a plugin's {@code init} it reaches the operator as it is.
 */
public class ConfigException extends RuntimeException {

	private static final long serialVersionUID = 1L;

	private static final int MAX_SHOWN = 80;

	private static final int MAX_PROBLEMS = 10;

	private final String key;

	/**
	 * Makes the error of one key.
	 * @param key the full key, for example {@code limits.window}
	 * @param expected what would be right
	 * @param got what came
	 */
	public ConfigException(String key, String expected, String got) {
		super(subject(key) + ": expected: " + expected + ", got: " + shorten(got));
		this.key = key;
	}

	private ConfigException(String message, String key) {
		super(message);
		this.key = key;
	}

	/** What a record says of values that are wrong together. */
	static ConfigException ofTable(String prefix, String message) {
		String key = prefix.isEmpty() ? "" : prefix.substring(0, prefix.length() - 1);
		return new ConfigException(subject(key) + ": " + message, key);
	}

	/** All that is wrong, so that the operator need not come back for each of it. */
	static ConfigException together(List<ConfigException> problems) {
		if (problems.size() == 1) {
			return problems.get(0);
		}
		int more = problems.size() - MAX_PROBLEMS;
		String message = problems.stream()
			.limit(MAX_PROBLEMS)
			.map(ConfigException::getMessage)
			.collect(Collectors.joining("; ", "", (more > 0) ? "; and " + more + " more" : ""));
		return new ConfigException(message, problems.get(0).key);
	}

	/**
	 * The key that is wrong, of several the first.
	 * @return for example {@code limits.window}; empty for the configuration as a whole
	 */
	public String key() {
		return this.key;
	}

	private static String subject(String key) {
		return key.isEmpty() ? "configuration" : "configuration key '" + key + "'";
	}

	private static String shorten(String got) {
		return (got.codePointCount(0, got.length()) <= MAX_SHOWN) ? got
				: got.substring(0, got.offsetByCodePoints(0, MAX_SHOWN)) + "…";
	}

}
