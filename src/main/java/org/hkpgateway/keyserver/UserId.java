package org.hkpgateway.keyserver;

import java.util.Locale;

import org.jspecify.annotations.Nullable;

/**
 * A user ID as an index shows it.
 *
 * @param text decoded as UTF-8, with U+FFFD for other octets
 * @param created Unix seconds of the newest self-signature, or null if there is none
 * @param expires Unix seconds at which that signature ends, or null if it does not
 * @param revoked whether the key's owner withdrew it
 */
record UserId(String text, @Nullable Long created, @Nullable Long expires, boolean revoked) {

	/**
	 * Whether a search finds this user ID: every word of it is contained, in any case.
	 * @param search the search term
	 * @param exact true if the whole user ID or its address has to be equal instead
	 * @return true if found
	 */
	boolean matches(String search, boolean exact) {
		if (exact) {
			return this.text.equalsIgnoreCase(search) || address().equalsIgnoreCase(search);
		}
		String folded = this.text.toLowerCase(Locale.ROOT);
		for (String word : search.toLowerCase(Locale.ROOT).strip().split("\\s+", -1)) {
			if (!folded.contains(word)) {
				return false;
			}
		}
		return true;
	}

	private String address() {
		int start = this.text.lastIndexOf('<');
		int end = this.text.lastIndexOf('>');
		return (start >= 0 && end > start) ? this.text.substring(start + 1, end) : this.text;
	}

}
