package org.hkpgateway.events;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.databind.json.JsonMapper;

/**
 * Reads the data of events.
 */
final class JsonObjects {

	private static final JsonMapper json = new JsonMapper();

	private JsonObjects() {
	}

	/**
	 * Checks that bytes are one JSON object.
	 * @param bytes UTF-8; none for an empty object
	 * @return the same as text
	 * @throws IllegalArgumentException if they are anything else
	 */
	static String read(ByteBuffer bytes) {
		if (!bytes.hasRemaining()) {
			return "{}";
		}
		try {
			// The decoder of String would let malformed bytes pass.
			String text = StandardCharsets.UTF_8.newDecoder().decode(bytes.duplicate()).toString();
			check(text);
			return text;
		}
		catch (CharacterCodingException ex) {
			throw new IllegalArgumentException("data: expected: one JSON object in UTF-8, got: other bytes", ex);
		}
		catch (JacksonException ex) {
			throw new IllegalArgumentException("data: expected: one JSON object, got: " + ex.getOriginalMessage(), ex);
		}
	}

	private static void check(String text) {
		try (JsonParser parser = json.createParser(text)) {
			JsonToken first = parser.nextToken();
			if (first != JsonToken.START_OBJECT) {
				throw new IllegalArgumentException("data: expected: one JSON object, got: " + first);
			}
			parser.skipChildren();
			if (parser.nextToken() != null) {
				throw new IllegalArgumentException("data: expected: one JSON object, got: more behind it");
			}
		}
	}

}
