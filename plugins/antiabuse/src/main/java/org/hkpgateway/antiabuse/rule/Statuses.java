package org.hkpgateway.antiabuse.rule;

import java.util.BitSet;
import java.util.List;

import org.hkpgateway.sdk.config.ConfigException;

/**
 * A set of statuses from 400 to 599. Immutable.
 */
final class Statuses {

	private final BitSet statuses = new BitSet(600);

	private Statuses() {
	}

	/**
	 * Reads a list.
	 * @param key the configuration key, for errors
	 * @param texts such as {@code 404}, {@code 4xx} or {@code 5xx}
	 * @return the set
	 * @throws ConfigException for anything else
	 */
	static Statuses parse(String key, List<String> texts) {
		Statuses parsed = new Statuses();
		for (int i = 0; i < texts.size(); i++) {
			String text = texts.get(i);
			if (text.matches("[45]xx")) {
				int first = (text.charAt(0) - '0') * 100;
				parsed.statuses.set(first, first + 100);
			}
			else if (text.matches("[45]\\d\\d")) {
				parsed.statuses.set(Integer.parseInt(text));
			}
			else {
				throw new ConfigException(key + "[" + i + "]", "a status from 400 to 599, 4xx or 5xx",
						"'" + text + "'");
			}
		}
		return parsed;
	}

	boolean contains(int status) {
		return status >= 0 && this.statuses.get(status);
	}

	@Override
	public String toString() {
		return this.statuses.toString();
	}

}
