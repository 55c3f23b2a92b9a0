package org.hkpgateway.hkp;

import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.jspecify.annotations.Nullable;

/**
 * A search term, and the key it names if it names one.
 *
 * @param text decoded, as sent
 * @param fingerprint upper-case hex of 32, 40 or 64 digits, or null
 * @param keyId upper-case hex of 8 or 16 digits, or null
 */
record SearchTerm(String text, @Nullable String fingerprint, @Nullable String keyId) {

	private static final String KEY_PREFIX = "0x";

	/** What Hockeypuck takes for a key in op=index: groups of four, blanks between. */
	private static final Pattern GROUPED_KEY = Pattern.compile("(?:[0-9A-Fa-f]{4} {0,2}){4}|(?:[0-9A-Fa-f]{4} {0,2}){8}"
			+ "|(?:[0-9A-Fa-f]{4} {0,2}){10}|(?:[0-9A-Fa-f]{4} {0,2}){16}");

	private static final Pattern MD5 = Pattern.compile("[0-9A-Fa-f]{32}");

	private static final Pattern VERSIONED = Pattern
		.compile("[0-9A-Fa-f]{2}([0-9A-Fa-f]{32}|[0-9A-Fa-f]{40}|[0-9A-Fa-f]{64})");

	/**
	 * Understands the {@code search} of a lookup as SKS and Hockeypuck do.
	 * @param operation a lookup operation
	 * @param text decoded
	 * @return the term
	 * @throws AmbiguousTargetException if the two would look for different things
	 */
	static SearchTerm ofLookup(Operation operation, String text) throws AmbiguousTargetException {
		if (PksPath.hasControl(text)) {
			throw new AmbiguousTargetException(
					"expected: a search term of visible characters, got: control characters");
		}
		if (operation == Operation.LOOKUP_HGET) {
			if (!MD5.matcher(text).matches()) {
				throw new AmbiguousTargetException("expected: 32 hexadecimal digits to search for with op=hget, got: "
						+ text.length() + " characters");
			}
			return new SearchTerm(text, null, null);
		}
		if (isKey(text)) {
			return ofHex(text, text.substring(KEY_PREFIX.length()));
		}
		if (largestWord(text).startsWith(KEY_PREFIX)) {
			throw new AmbiguousTargetException(
					"expected: 0x and 8, 16, 32, 40 or 64 hexadecimal digits and nothing else,"
							+ " got: a search term that some keyservers take for a key ID and others do not");
		}
		if (operation == Operation.LOOKUP_INDEX && GROUPED_KEY.matcher(text.stripTrailing()).matches()) {
			return ofHex(text, text.replace(" ", ""));
		}
		return new SearchTerm(text, null, null);
	}

	/**
	 * Understands the last segment of a path of version 2.
	 * @param operation an operation of version 2
	 * @param text decoded
	 * @return the term
	 */
	static SearchTerm ofVersion2(Operation operation, String text) {
		if (operation == Operation.V2_CERTS_BY_VFINGERPRINT) {
			Matcher versioned = VERSIONED.matcher(text);
			return versioned.matches() ? ofHex(text, versioned.group(1)) : new SearchTerm(text, null, null);
		}
		if (operation == Operation.V2_CERTS_BY_KEYID && text.matches("[0-9A-Fa-f]{16}")) {
			return ofHex(text, text);
		}
		return new SearchTerm(text, null, null);
	}

	/** Whether it is 0x and as many digits as a key ID or a fingerprint has. */
	private static boolean isKey(String text) {
		int digits = text.length() - KEY_PREFIX.length();
		boolean length = digits == 8 || digits == 16 || digits == 32 || digits == 40 || digits == 64;
		if (!length || !text.startsWith(KEY_PREFIX)) {
			return false;
		}
		for (int i = KEY_PREFIX.length(); i < text.length(); i++) {
			if (!isHexDigit(text.charAt(i))) {
				return false;
			}
		}
		return true;
	}

	private static boolean isHexDigit(int c) {
		return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F') || (c >= 'a' && c <= 'f');
	}

	private static SearchTerm ofHex(String text, String hex) {
		String upper = hex.toUpperCase(Locale.ROOT);
		return (upper.length() <= 16) ? new SearchTerm(text, null, upper) : new SearchTerm(text, upper, null);
	}

	/**
	 * SKS splits a term into words (ASCII letters, digits, and octets from 192), sorts
	 * them, and takes the largest for a key ID if it starts with 0x. So "000 0x…" asks it
	 * for a key, and so does "0X…".
	 */
	private static String largestWord(String text) {
		String octets = new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
		String largest = "";
		int start = 0;
		for (int i = 0; i <= octets.length(); i++) {
			if (i == octets.length() || !isWordOctet(octets.charAt(i))) {
				String word = asciiLowerCase(octets.substring(start, i));
				largest = (word.compareTo(largest) > 0) ? word : largest;
				start = i + 1;
			}
		}
		return largest;
	}

	private static boolean isWordOctet(char octet) {
		return (octet >= '0' && octet <= '9') || (octet >= 'A' && octet <= 'Z') || (octet >= 'a' && octet <= 'z')
				|| octet >= 192;
	}

	private static String asciiLowerCase(String octets) {
		StringBuilder lower = new StringBuilder(octets.length());
		octets.chars().forEach((octet) -> lower.append((char) ((octet >= 'A' && octet <= 'Z') ? octet + 32 : octet)));
		return lower.toString();
	}

}
