package org.hkpgateway.proxy;

import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;

/**
 * The line before a chunk, RFC 9112 section 7.1.
 *
 * @param size of the chunk; 0 for the last one
 * @param extensions length of what follows the size
 */
record ChunkLine(int size, int extensions) {

	/** Fits an int, and is less than any body that is let in. */
	private static final int MAX_DIGITS = 8;

	/** Without blanks and escapes, which nobody needs and not all read alike. */
	private static final Pattern EXTENSIONS = Pattern
		.compile("(?:;[!#$%&'*+.^_`|~0-9A-Za-z-]++(?:=(?:[!#$%&'*+.^_`|~0-9A-Za-z-]++|\"[\t !#-\\[\\]-~]*+\"))?+)*+");

	/**
	 * Reads a line.
	 * @param line an array that holds it
	 * @param length its length, without its end
	 * @return the line
	 * @throws Refusal if it is malformed
	 */
	static ChunkLine read(byte[] line, int length) {
		int digits = 0;
		long size = 0;
		while (digits < length && Character.digit(line[digits] & 0xff, 16) >= 0 && line[digits] > 0) {
			size = (digits < MAX_DIGITS) ? size * 16 + Character.digit(line[digits], 16) : Long.MAX_VALUE;
			digits++;
		}
		if (digits == 0 || size > Integer.MAX_VALUE) {
			throw Refusal
				.badRequest("Expected a chunk size of 1 to " + MAX_DIGITS + " hexadecimal digits, got another line.");
		}
		if (digits < length
				&& !EXTENSIONS.matcher(new String(line, digits, length - digits, StandardCharsets.ISO_8859_1))
					.matches()) {
			throw Refusal.badRequest("Expected the end of the line or chunk extensions without blanks behind a chunk"
					+ " size, got something else.");
		}
		return new ChunkLine((int) size, length - digits);
	}

}
