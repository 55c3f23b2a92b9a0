package org.hkpgateway.sdk;

import java.nio.ByteBuffer;

/**
 * Another body for a request.
 *
 * @param bytes read-only; each call returns a view with a position of its own
 * @param contentType its type; empty: unchanged
 */
public record ReplacedBody(ByteBuffer bytes, String contentType) {

	private static final int MAX_CONTENT_TYPE = 256;

	public ReplacedBody {
		bytes = bytes.asReadOnlyBuffer();
		new HeaderChange(HeaderChange.Action.SET, "Content-Type", contentType);
		if (contentType.length() > MAX_CONTENT_TYPE) {
			throw new IllegalArgumentException(
					"contentType: expected: at most " + MAX_CONTENT_TYPE + " characters, got: " + contentType.length());
		}
	}

	@Override
	public ByteBuffer bytes() {
		return this.bytes.asReadOnlyBuffer();
	}

}
