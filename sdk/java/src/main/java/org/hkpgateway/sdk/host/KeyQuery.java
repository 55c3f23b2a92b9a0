package org.hkpgateway.sdk.host;

/**
 * A question about keys. Immutable; each method returns a changed copy.
 *
 * @param type what is wanted
 * @param term a fingerprint or key id with or without {@code 0x}, or a text of at most
 * 256 bytes
 * @param exact whether a text has to be a whole user id or the address in it
 * @param offset how many keys to leave out
 * @param limit how many keys at most, 1 to 1000; 0: 100
 */
public record KeyQuery(Type type, String term, boolean exact, int offset, int limit) {

	private static final int MOST = 1000;

	public KeyQuery {
		if (term.isEmpty()) {
			throw new IllegalArgumentException("term: expected: a fingerprint, a key id or a text, got: nothing");
		}
		if (offset < 0) {
			throw new IllegalArgumentException("offset: expected: 0 or more, got: " + offset);
		}
		if (limit < 0 || limit > MOST) {
			throw new IllegalArgumentException("limit: expected: 0 to " + MOST + ", got: " + limit);
		}
	}

	/**
	 * Asks for facts about the keys of a name.
	 * @param name a fingerprint or key id: 8, 16, 32, 40 or 64 hex digits
	 * @return the query
	 */
	public static KeyQuery lookup(String name) {
		return new KeyQuery(Type.LOOKUP, name, false, 0, 0);
	}

	/**
	 * Asks for facts about the keys in whose user ids a text is found.
	 * @param text the text
	 * @return the query
	 */
	public static KeyQuery search(String text) {
		return new KeyQuery(Type.SEARCH, text, false, 0, 0);
	}

	/**
	 * Asks for keys themselves.
	 * @param term a fingerprint, a key id or a text
	 * @return the query
	 */
	public static KeyQuery fetch(String term) {
		return new KeyQuery(Type.FETCH, term, false, 0, 0);
	}

	/**
	 * For whole user ids or addresses only.
	 * @return a copy
	 */
	public KeyQuery exactly() {
		return new KeyQuery(this.type, this.term, true, this.offset, this.limit);
	}

	/**
	 * For a part of what there is; no part of a stream.
	 * @param offset how many keys to leave out
	 * @param limit how many at most, 1 to 1000
	 * @return a copy
	 */
	public KeyQuery page(int offset, int limit) {
		return new KeyQuery(this.type, this.term, this.exact, offset, limit);
	}

	/** What is wanted. */
	public enum Type {

		/** Facts about the keys of a fingerprint or key id. */
		LOOKUP,
		/** Facts about the keys that a text finds. */
		SEARCH,
		/** The same, and the keys themselves. */
		FETCH

	}

}
