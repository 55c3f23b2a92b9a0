package org.hkpgateway.sdk.host;

import java.util.List;

/**
 * A part of the keys that a query finds.
 *
 * @param keys in the keyserver's order
 * @param total how many there are in all
 */
public record KeyPage(List<KeyInfo> keys, int total) {

	public KeyPage {
		keys = List.copyOf(keys);
		if (total < keys.size()) {
			throw new IllegalArgumentException(
					"total: expected: at least the " + keys.size() + " keys of the page, got: " + total);
		}
	}

	/**
	 * All there are.
	 * @param keys the keys
	 * @return a page with all of them
	 */
	public static KeyPage of(List<KeyInfo> keys) {
		return new KeyPage(keys, keys.size());
	}

}
