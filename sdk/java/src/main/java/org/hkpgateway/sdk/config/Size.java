package org.hkpgateway.sdk.config;

import java.math.BigDecimal;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A number of bytes as operators write it: {@code 64KiB}, {@code 1MiB}, {@code 10MB},
 * {@code 512B}, or a bare number of bytes. {@code KB}, {@code MB} and {@code GB} are
 * powers of 1024, as everywhere in the gateway's configuration, and capitals make no
 * difference.
 *
 * @param bytes 0 or more
 */
public record Size(long bytes) {

	static final String EXPECTED = "a size such as \"512B\", \"64KB\" or \"16MB\"";

	private static final Pattern SYNTAX = Pattern.compile("(\\d{1,18}) ?(?:([KMG])I?)?B?");

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
		// Such as 1e6.
		BigDecimal number = Values.decimal(text);
		if (number != null && number.signum() >= 0 && Values.isLong(number)) {
			return new Size(number.longValueExact());
		}
		throw new IllegalArgumentException("expected: " + EXPECTED + ", got: '" + text + "'");
	}

	/** As an operator would write it. */
	static String written(long bytes) {
		for (int unit = 3; unit > 0; unit--) {
			long of = 1L << (10 * unit);
			if (bytes != 0 && bytes % of == 0) {
				return bytes / of + "BKMG".substring(unit, unit + 1) + "B";
			}
		}
		return bytes + "B";
	}

	/**
	 * For what counts bytes in an int.
	 * @return at most 2 GiB - 1
	 */
	public int asInt() {
		return (int) Math.min(this.bytes, Integer.MAX_VALUE);
	}

}
