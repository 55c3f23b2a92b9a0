package org.hkpgateway.actuate;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

import org.jspecify.annotations.Nullable;

/** Bodies that may be text. */
final class BodyText {

	private BodyText() {
	}

	/**
	 * Shows a body.
	 * @param body not changed
	 * @param most longest that is shown, in bytes
	 * @return null if it is longer, or not UTF-8
	 */
	static @Nullable String of(ByteBuffer body, int most) {
		if (body.remaining() > most) {
			return null;
		}
		try {
			return StandardCharsets.UTF_8.newDecoder().decode(body.duplicate()).toString();
		}
		catch (CharacterCodingException ex) {
			return null;
		}
	}

	static ByteBuffer bytes(String text) {
		return ByteBuffer.wrap((text + "\n").getBytes(StandardCharsets.UTF_8));
	}

}
