package org.hkpgateway.keyserver;

import java.nio.charset.StandardCharsets;

import org.jspecify.annotations.Nullable;

/**
 * A complete HTTP answer.
 */
final class Answer {

	private final int status;

	private final String contentType;

	private final byte[] body;

	private final @Nullable String allow;

	private Answer(int status, String contentType, byte[] body, @Nullable String allow) {
		this.status = status;
		this.contentType = contentType;
		this.body = body;
		this.allow = allow;
	}

	static Answer of(String contentType, byte[] body) {
		return new Answer(200, contentType, body, null);
	}

	static Answer of(String contentType, String body) {
		return of(contentType, body.getBytes(StandardCharsets.UTF_8));
	}

	/**
	 * A status with one sentence of plain text.
	 * @param status HTTP status
	 * @param sentence for people
	 * @return the answer
	 */
	static Answer sentence(int status, String sentence) {
		return new Answer(status, "text/plain; charset=utf-8", (sentence + "\n").getBytes(StandardCharsets.UTF_8),
				null);
	}

	/**
	 * The answer to a method that the path does not have.
	 * @param status 405, or 204 for OPTIONS
	 * @param allow the methods it has
	 * @return the answer
	 */
	static Answer methods(int status, String allow) {
		String sentence = (status == 204) ? "" : "expected: one of the methods " + allow + ", got: another\n";
		return new Answer(status, "text/plain; charset=utf-8", sentence.getBytes(StandardCharsets.UTF_8), allow);
	}

	int status() {
		return this.status;
	}

	String contentType() {
		return this.contentType;
	}

	/**
	 * The body. Not a copy: not to be written to.
	 * @return octets, possibly none
	 */
	byte[] body() {
		return this.body;
	}

	@Nullable String allow() {
		return this.allow;
	}

}
