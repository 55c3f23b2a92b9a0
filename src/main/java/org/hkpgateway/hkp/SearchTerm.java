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

	private static final Pattern KEY = Pattern
		.compile("0x([0-9A-Fa-f]{8}|[0-9A-Fa-f]{16}|[0-9A-Fa-f]{32}" + "|[0-9A-Fa-f]{40}|[0-9A-Fa-f]{64})");

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
		if (text.chars().anyMatch(PksPath::isControl)) {
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
		Matcher key = KEY.matcher(text);
		if (key.matches()) {
			return ofHex(text, key.group(1));
		}
		if (largestWord(text).startsWith("0x")) {
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
