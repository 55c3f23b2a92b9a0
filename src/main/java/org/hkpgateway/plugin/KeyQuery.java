package org.hkpgateway.plugin;

import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * What a plugin asks about keys. Checked: it holds nothing that could mean something else
 * to a keyserver.
 *
 * @param type what is wanted
 * @param term a text, or {@code 0x} and the upper-case hex digits of a fingerprint or key
 * id
 * @param exact whether a text must be a whole user id, or the address in one
 */
public record KeyQuery(Type type, String term, boolean exact) {

	private static final int MAX_BYTES = 256;

	private static final String DIGITS = "[0-9A-Fa-f]";

	private static final Pattern HEX = Pattern.compile(
			DIGITS + "{8}(?:" + DIGITS + "{8}(?:" + DIGITS + "{16}(?:" + DIGITS + "{8}(?:" + DIGITS + "{24})?)?)?)?");

	private static final String NAME = "a fingerprint or key id of 8, 16, 32, 40 or 64 hex digits";

	private static final String EXACT = "exact";

	/**
	 * Reads a query.
	 * @param type what is wanted
	 * @param query LOOKUP: a fingerprint or key id, with or without {@code 0x}. SEARCH: a
	 * text, or one of these with {@code 0x}. FETCH: one of these, with or without, or a
	 * text. A text has at most 256 bytes of UTF-8 and no control characters
	 * @param options {@code exact}: {@code on} or {@code off}; no others
	 * @return the query
	 * @throws IllegalArgumentException if it is another
	 */
	public static KeyQuery of(Type type, String query, Map<String, String> options) {
		boolean marked = query.startsWith("0x") || query.startsWith("0X");
		String digits = marked ? query.substring(2) : query;
		boolean hex = (marked || type != Type.SEARCH) && HEX.matcher(digits).matches();
		if (!hex && (marked || type == Type.LOOKUP)) {
			throw wrong("query", NAME, query);
		}
		String term = hex ? "0x" + digits.toUpperCase(Locale.ROOT) : query;
		if (!hex && (term.isBlank() || term.getBytes(StandardCharsets.UTF_8).length > MAX_BYTES
				|| term.codePoints().anyMatch(Character::isISOControl))) {
			throw wrong("query", NAME + ", or a text of 1 to " + MAX_BYTES
					+ " bytes of UTF-8 that is not blank and has no control characters", query);
		}
		return new KeyQuery(type, term, isExact(options));
	}

	private static boolean isExact(Map<String, String> options) {
		options.forEach((name, value) -> {
			if (!name.equals(EXACT)) {
				throw wrong("options", "none but 'exact'", name);
			}
			if (!value.equals("on") && !value.equals("off")) {
				throw wrong("options: exact", "'on' or 'off'", value);
			}
		});
		return "on".equals(options.get(EXACT));
	}

	private static IllegalArgumentException wrong(String field, String expected, String got) {
		String shown = got.codePoints()
			.limit(80)
			.map((character) -> Character.isISOControl(character) ? '?' : character)
			.collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
			.toString();
		return new IllegalArgumentException(field + ": expected: " + expected + ", got: '" + shown + "'");
	}

	/**
	 * Whether it names a key, or a subkey of it.
	 * @return false if it is a text
	 */
	public boolean isName() {
		return this.term.startsWith("0x");
	}

	/** What is wanted. */
	public enum Type {

		/** Facts about the keys of that name. */
		LOOKUP,
		/** Facts about the keys that are found. */
		SEARCH,
		/** The keys themselves. */
		FETCH;

		/**
		 * A word for metrics.
		 * @return one of a fixed set
		 */
		public String label() {
			return name().toLowerCase(Locale.ROOT);
		}

	}

}
