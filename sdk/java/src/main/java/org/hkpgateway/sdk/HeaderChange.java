package org.hkpgateway.sdk;

/**
 * One change of header fields, validated: a decision with a bad header fails where it is
 * made, not in the gateway.
 *
 * @param action what is done
 * @param name a token of RFC 9110, and none of those that only the gateway writes
 * ({@code Host}, {@code Content-Length}, {@code Via}, {@code X-Forwarded-For} …)
 * @param value no control characters but tab, at most U+00FF; empty for a removal
 */
public record HeaderChange(Action action, String name, String value) {

	private static final String TOKEN_SPECIALS = "!#$%&'*+-.^_`|~";

	public HeaderChange {
		if (name.isEmpty() || !name.chars().allMatch(HeaderChange::isTokenCharacter)) {
			throw new IllegalArgumentException(
					"expected: a header name of letters, digits and " + TOKEN_SPECIALS + ", got: '" + name + "'");
		}
		if (ReservedHeaders.contains(name)) {
			throw new IllegalArgumentException("expected: a header that a plugin may write, got: '" + name
					+ "', which only the gateway does; leave it out");
		}
		if (!value.chars().allMatch(HeaderChange::isValueCharacter)) {
			throw new IllegalArgumentException("expected: a value of header " + name
					+ " without control characters and beyond-Latin-1 ones, got: '" + value + "'");
		}
	}

	private static boolean isTokenCharacter(int c) {
		return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')
				|| TOKEN_SPECIALS.indexOf(c) >= 0;
	}

	private static boolean isValueCharacter(int c) {
		return c == '\t' || (c >= ' ' && c <= 0xFF && c != 0x7F);
	}

	/** What is done. */
	public enum Action {

		/** Every value of the name is replaced. */
		SET,

		/** One more value is added. */
		APPEND,

		/** Every value of the name is removed. */
		REMOVE

	}

}
