package org.hkpgateway.sdk.config;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A number of bytes as operators write it: {@code 64KiB}, {@code 1MiB}, {@code 10MB},
 * {@code 512B}, or a bare number of bytes. {@code KB}, {@code MB} and {@code GB} are
 * powers of 1024, as everywhere in the gateway's configuration.
 *
 * @param bytes 0 or more
 */
public record Size(long bytes) {

	static final String EXPECTED = "a size such as \"64KiB\", \"1MiB\" or a number of bytes";

	private static final Pattern SYNTAX = Pattern.compile("(\\d{1,15})\\s*(?:([KMG])I?)?B?");

	public Size {
		if (bytes < 0) {
			throw new IllegalArgumentException("bytes: expected: 0 or more, got: " + bytes);
		}
	}

	/**
	 * Reads one.
	 * @param text as an operator writes it
	 * @return the size
	 * @throws IllegalArgumentException if it is none
	 */
	public static Size parse(String text) {
		Matcher matcher = SYNTAX.matcher(text.strip().toUpperCase(Locale.ROOT));
		if (matcher.matches()) {
			String unit = (matcher.group(2) != null) ? matcher.group(2) : "";
			int shift = switch (unit) {
				case "K" -> 10;
				case "M" -> 20;
				case "G" -> 30;
				default -> 0;
			};
			long count = Long.parseLong(matcher.group(1));
			if (count <= Long.MAX_VALUE >> shift) {
				return new Size(count << shift);
			}
		}
		throw new IllegalArgumentException("expected: " + EXPECTED + ", got: '" + text + "'");
	}

	/**
	 * For what counts bytes in an int.
	 * @return at most 2 GiB - 1
	 */
	public int asInt() {
		return (int) Math.min(this.bytes, Integer.MAX_VALUE);
	}

}
