package org.hkpgateway.state;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.CharBuffer;
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
	 * The beginning of a value as text if it is text, else in Base64.
	 * @param value the value, or at least its first {@link #MOST_BYTES}
	 * @param size of the whole value, in bytes
	 * @return the beginning, with an ellipsis if there is more
	 */
	static String of(byte[] value, long size) {
		ByteBuffer beginning = ByteBuffer.wrap(value, 0, Math.min(value.length, MOST_BYTES));
		String rest = (size > beginning.remaining()) ? "…" : "";
		try {
			String text = text(beginning.duplicate(), rest.isEmpty());
			int most = Math.min(text.codePointCount(0, text.length()), rest.isEmpty() ? MOST_BYTES : MOST_BYTES / 4);
			return text.substring(0, text.offsetByCodePoints(0, most)) + rest;
		}
		catch (CharacterCodingException ex) {
			return "base64:" + StandardCharsets.US_ASCII.decode(Base64.getEncoder().encode(beginning)) + rest;
		}
	}

	/** The end of a beginning may be half a character. */
	private static String text(ByteBuffer bytes, boolean whole) throws CharacterCodingException {
		CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
		CharBuffer text = CharBuffer.allocate(MOST_BYTES);
		var result = decoder.decode(bytes, text, whole);
		if (result.isError()) {
			result.throwException();
		}
		return text.flip().toString();
	}

}
