package org.hkpgateway.proxy;

import java.nio.charset.StandardCharsets;

/**
 * One line of a header or trailer section, RFC 9112 section 5, on whose names and values
 * every program agrees.
 */
final class FieldLine {

	private final byte[] line;

	private final int nameEnd;

	private final int valueStart;

	private final int valueEnd;

	private FieldLine(byte[] line, int nameEnd, int valueStart, int valueEnd) {
		this.line = line;
		this.nameEnd = nameEnd;
		this.valueStart = valueStart;
		this.valueEnd = valueEnd;
	}

	/**
	 * Reads a line.
	 * @param line an array that holds it, not copied
	 * @param length its length, above 0, without its end
	 * @return the field
	 * @throws Refusal if it is malformed, or continues the line before it, which some
	 * programs join and others do not
	 */
	static FieldLine read(byte[] line, int length) {
		if (Octets.isBlank(line[0])) {
			throw Refusal.badRequest("Expected each header field on one line, got a line that starts with a blank.");
		}
		int colon = Octets.indexOf(':', line, 0, length);
		if (colon < 0 || !Octets.isToken(line, 0, colon)) {
			throw Refusal
				.badRequest("Expected header fields of a name, a colon right behind it and a value, got another line.");
		}
		int start = colon + 1;
		int end = length;
		while (start < end && Octets.isBlank(line[start])) {
			start++;
		}
		while (end > start && Octets.isBlank(line[end - 1])) {
			end--;
		}
		if (!Octets.isVisible(line, start, end, true)) {
			throw Refusal.badRequest("Expected no control characters in the value of header "
					+ new String(line, 0, colon, StandardCharsets.US_ASCII) + ", got one.");
		}
		return new FieldLine(line, colon, start, end);
	}

	/**
	 * Whether some program could take the name for this one.
	 * @param name in lower case
	 * @return true also if it differs in case, or has underscores for hyphens
	 */
	boolean couldBe(String name) {
		return Octets.sameFolded(name, this.line, 0, this.nameEnd);
	}

	/**
	 * Whether the name has an underscore for a hyphen, if it {@link #couldBe} another.
	 * @return true if there is one
	 */
	boolean isUnderscored() {
		return Octets.indexOf('_', this.line, 0, this.nameEnd) >= 0;
	}

	boolean hasValue(String lowerCase) {
		return Octets.sameFolded(lowerCase, this.line, this.valueStart, this.valueEnd);
	}

	/**
	 * The value as a number.
	 * @return 0 or more, or -1 if it is anything but 1 to 18 digits
	 */
	long number() {
		int digits = this.valueEnd - this.valueStart;
		if (digits > 18 || !Octets.isNumber(this.line, this.valueStart, this.valueEnd)) {
			return -1;
		}
		long number = 0;
		for (int i = this.valueStart; i < this.valueEnd; i++) {
			number = number * 10 + this.line[i] - '0';
		}
		return number;
	}

}
