package org.hkpgateway.manifest;

import java.util.regex.Pattern;

/**
 * Makes text from a manifest or a file name safe to show: it can neither begin a new line
 * nor steer a terminal.
 */
public final class PlainText {

	private static final Pattern UNSAFE = Pattern.compile("[\\p{Cc}\\p{Cf}\\p{Cs}\\p{Zl}\\p{Zp}]");

	private PlainText() {
	}

	/**
	 * Writes control and format characters as escapes.
	 * @param text any text
	 * @return one line
	 */
	public static String of(String text) {
		return UNSAFE.matcher(text).replaceAll((match) -> "\\\\u%04x".formatted(match.group().codePointAt(0)));
	}

}
