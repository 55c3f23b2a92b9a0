package org.hkpgateway.plugin;

import java.util.List;

/**
 * Some of the keys that a query has found.
 *
 * @param keys those of the page, in the order in which they were found
 * @param total how many there are in all
 */
public record KeyPage(List<KeyInfo> keys, int total) {

	public KeyPage {
		keys = List.copyOf(keys);
	}

	/**
	 * The part of all keys that a page shows.
	 * @param all in order
	 * @param offset how many to leave out, 0 or more
	 * @param limit how many at most, 1 or more
	 * @return possibly without keys
	 */
	public static KeyPage of(List<KeyInfo> all, int offset, int limit) {
		int from = Math.min(offset, all.size());
		int to = (int) Math.min((long) from + limit, all.size());
		return new KeyPage(all.subList(from, to), all.size());
	}

}
