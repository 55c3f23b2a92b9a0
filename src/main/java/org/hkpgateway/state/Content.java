package org.hkpgateway.state;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;

/**
 * The beginning of a value, for people.
 */
final class Content {

	/** Of a value, in bytes. */
	static final int MOST_BYTES = 200;

	private Content() {
	}

	/**
	 * A value as text if it is text, else in Base64.
	 * @param value the whole value
	 * @return the beginning, with an ellipsis if there is more
	 */
	static String of(byte[] value) {
		String rest = (value.length > MOST_BYTES) ? "…" : "";
		try {
			String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(value)).toString();
			return (rest.isEmpty() ? text : text.substring(0, text.offsetByCodePoints(0, beginning(text)))) + rest;
		}
		catch (CharacterCodingException ex) {
			ByteBuffer beginning = ByteBuffer.wrap(value, 0, Math.min(value.length, MOST_BYTES));
			return "base64:" + StandardCharsets.US_ASCII.decode(Base64.getEncoder().encode(beginning)) + rest;
		}
	}

	private static int beginning(String text) {
		return Math.min(text.codePointCount(0, text.length()), MOST_BYTES / 4);
	}

}
