package org.hkpgateway.process;

/**
 * Makes text of a plugin safe to show: it can neither begin a new line in a log nor steer
 * a terminal.
 */
final class Printable {

	private Printable() {
	}

	/** The text with control, format and separator characters as escapes. */
	static String escape(String text) {
		int first = 0;
		while (first < text.length() && isPlain(text.charAt(first))) {
			first++;
		}
		if (first == text.length()) {
			return text;
		}
		StringBuilder escaped = new StringBuilder(text.length() + 16).append(text, 0, first);
		text.substring(first).codePoints().forEach((codePoint) -> append(escaped, codePoint));
		return escaped.toString();
	}

	/** Escaped, and no longer than {@code most} characters and a mark. */
	static String excerpt(String text, int most) {
		return (text.length() <= most) ? escape(text) : escape(text.substring(0, most)) + "…";
	}

	private static boolean isPlain(char character) {
		return character >= ' ' && character < 0x7f;
	}

	private static void append(StringBuilder escaped, int codePoint) {
		switch (codePoint) {
			case '\n' -> escaped.append("\\n");
			case '\r' -> escaped.append("\\r");
			case '\t' -> escaped.append("\\t");
			default -> {
				if (isHarmful(codePoint)) {
					escaped.append("\\u%04x".formatted(codePoint));
				}
				else {
					escaped.appendCodePoint(codePoint);
				}
			}
		}
	}

	private static boolean isHarmful(int codePoint) {
		return switch (Character.getType(codePoint)) {
			case Character.CONTROL, Character.FORMAT, Character.SURROGATE, Character.LINE_SEPARATOR,
					Character.PARAGRAPH_SEPARATOR ->
				true;
			default -> false;
		};
	}

}
