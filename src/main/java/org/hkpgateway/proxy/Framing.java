package org.hkpgateway.proxy;

/**
 * What the fields of a request say about its length, RFC 9112 section 6. Said twice, or
 * in two ways, it is refused: programs differ in which they believe.
 */
final class Framing {

	private static final long NONE = -1;

	private long contentLength = NONE;

	private boolean chunked;

	/**
	 * Notes what a field says, if it says anything.
	 * @param field a field of the header section
	 * @throws Refusal if it could be read differently
	 */
	void add(FieldLine field) {
		if (field.couldBe("content-length")) {
			refuseUnderscore(field, "Content-Length");
			long length = field.number();
			if (length < 0 || this.contentLength != NONE) {
				throw Refusal.badRequest("Expected one Content-Length of digits only, got another or a second one.");
			}
			this.contentLength = length;
		}
		else if (field.couldBe("transfer-encoding")) {
			refuseUnderscore(field, "Transfer-Encoding");
			if (!field.hasValue("chunked") || this.chunked) {
				throw Refusal.badRequest("Of Transfer-Encoding only chunked is understood, once.");
			}
			this.chunked = true;
		}
		else if (field.couldBe("host")) {
			refuseUnderscore(field, "Host");
		}
		else if (field.couldBe("sec-websocket-key1") || field.couldBe("sec-websocket-key2")) {
			// The decoder takes eight bytes behind such a head for its body.
			throw Refusal.badRequest("Expected no field of the old WebSocket drafts, got Sec-WebSocket-Key1 or -Key2.");
		}
	}

	private static void refuseUnderscore(FieldLine field, String name) {
		if (field.isUnderscored()) {
			throw Refusal.badRequest("Expected " + name + " with a hyphen, got an underscore.");
		}
	}

	/**
	 * Whether a field frames a message, so that it has no place behind a body.
	 * @param field a field of the trailer section
	 * @return true if some program could take it for framing
	 */
	static boolean isFraming(FieldLine field) {
		return field.couldBe("content-length") || field.couldBe("transfer-encoding") || field.couldBe("trailer")
				|| field.couldBe("host");
	}

	/**
	 * Checks the head as a whole.
	 * @param line its first line
	 * @throws Refusal if it says two things about its length, or has a body that some
	 * programs do not expect and would take for the next request
	 */
	void check(RequestLine line) {
		if (this.chunked && this.contentLength != NONE) {
			throw Refusal.badRequest("Expected Content-Length or Transfer-Encoding, got both.");
		}
		if (this.chunked && line.http10()) {
			throw Refusal.badRequest("Expected Content-Length in an HTTP/1.0 request, got Transfer-Encoding.");
		}
		if (line.bodiless() && (this.chunked || this.contentLength > 0)) {
			throw Refusal.badRequest("Expected no body in a GET or HEAD request, got one.");
		}
	}

	boolean isChunked() {
		return this.chunked;
	}

	/**
	 * The length of a body that is not chunked.
	 * @return 0 if there is none
	 */
	long length() {
		return Math.max(this.contentLength, 0);
	}

}
