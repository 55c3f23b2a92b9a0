package org.hkpgateway.http;

import java.util.Locale;

/**
 * One header field, RFC 9110 section 5.
 *
 * @param name a token; case is kept as received
 * @param value ISO-8859-1 characters, one per octet; no CR, LF or NUL
 */
public record HeaderField(String name, String value) {

	private static final String TOKEN_PUNCTUATION = "!#$%&'*+-.^_`|~";

	private static final boolean[] TOKEN = new boolean[0x80];

	static {
		for (int c = 0; c < TOKEN.length; c++) {
			boolean alphanumeric = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
			TOKEN[c] = alphanumeric || TOKEN_PUNCTUATION.indexOf(c) >= 0;
		}
	}

	public HeaderField {
		checkName(name);
		checkValue(name, value);
	}

	/**
	 * Checks that a name is a token of RFC 9110 section 5.6.2.
	 * @param name the name to check
	 * @throws IllegalArgumentException if it is not, with the offending position
	 */
	public static void checkName(String name) {
		if (name.isEmpty()) {
			throw new IllegalArgumentException("header name: expected a token, got an empty string");
		}
		for (int i = 0; i < name.length(); i++) {
			char c = name.charAt(i);
			if (c >= TOKEN.length || !TOKEN[c]) {
				throw new IllegalArgumentException(String.format(Locale.ROOT,
						"header name: expected token characters, got 0x%02x at position %d", (int) c, i));
			}
		}
	}

	/**
	 * Checks that a value is one that can stand on a header line.
	 * @param name the name, for the message
	 * @param value the value to check
	 * @throws IllegalArgumentException if it has a control character other than tab, or a
	 * character beyond ISO-8859-1
	 */
	public static void checkValue(String name, String value) {
		for (int i = 0; i < value.length(); i++) {
			char c = value.charAt(i);
			if ((c < 0x20 && c != '\t') || c == 0x7f || c > 0xff) {
				throw new IllegalArgumentException(String.format(Locale.ROOT,
						"value of header %s: expected visible ISO-8859-1 characters, got 0x%02x at position %d", name,
						(int) c, i));
			}
		}
	}

}
