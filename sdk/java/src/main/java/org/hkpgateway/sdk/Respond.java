package org.hkpgateway.sdk;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Set;

/**
 * The request is answered here and now. Made by {@link Decision#deny(int)} and
 * {@link Decision#respond(int)}. Immutable.
 */
public final class Respond implements Decision {

	private static final Set<Integer> HARMFUL = Set.of(502, 503, 504);

	private final int status;

	private final ByteBuffer body;

	private final Notes notes;

	private Respond(int status, ByteBuffer body, Notes notes) {
		this.status = status;
		this.body = body;
		this.notes = notes;
	}

	static Respond of(int status, int least) {
		if (status < least || status > 599 || HARMFUL.contains(status)) {
			throw new IllegalArgumentException("expected: a status from " + least
					+ " to 599 other than 502, 503 and 504 (gpg gives such a server up), got: " + status);
		}
		return new Respond(status, ByteBuffer.allocate(0), Notes.NONE);
	}

	/**
	 * Tells the client when to come back ({@code Retry-After}).
	 * @param wait rounded up to whole seconds, at least 1
	 * @return a copy
	 */
	public Respond retryAfter(Duration wait) {
		long seconds = Math.max(1, wait.plusNanos(999_999_999).toSeconds());
		return new Respond(this.status, this.body,
				this.notes.replaceResponseHeader("Retry-After", Long.toString(seconds)));
	}

	/**
	 * Sets a body of plain text in UTF-8.
	 * @param text a sentence for a human; a line end is added when it has none
	 * @return a copy
	 */
	public Respond text(String text) {
		return body("text/plain; charset=utf-8", text.endsWith("\n") ? text : text + "\n");
	}

	/**
	 * Sets the body, in place of an earlier one.
	 * @param contentType its type
	 * @param text its text, sent in UTF-8
	 * @return a copy
	 */
	public Respond body(String contentType, String text) {
		return body(contentType, text.getBytes(StandardCharsets.UTF_8));
	}

	/**
	 * Sets the body, in place of an earlier one.
	 * @param contentType its type
	 * @param bytes its bytes, copied
	 * @return a copy
	 * @throws IllegalArgumentException if the status is 204 or 304, which have none
	 */
	public Respond body(String contentType, byte[] bytes) {
		if (this.status == 204 || this.status == 304) {
			throw new IllegalArgumentException(
					"expected: no body with status " + this.status + " (RFC 9110), got: one");
		}
		ByteBuffer copy = ByteBuffer.wrap(bytes.clone()).asReadOnlyBuffer();
		return new Respond(this.status, copy, this.notes.replaceResponseHeader("Content-Type", contentType));
	}

	@Override
	public Respond setResponseHeader(String name, String value) {
		return new Respond(this.status, this.body, this.notes.replaceResponseHeader(name, value));
	}

	@Override
	public Respond addResponseHeader(String name, String value) {
		return new Respond(this.status, this.body, this.notes.change(HeaderChange.Action.APPEND, name, value));
	}

	@Override
	public Respond annotate(String key, String value) {
		return new Respond(this.status, this.body, this.notes.annotate(key, value));
	}

	@Override
	public Respond reason(String reason) {
		return new Respond(this.status, this.body, this.notes.withReason(reason));
	}

	@Override
	public Respond delay(Duration delay) {
		return new Respond(this.status, this.body, this.notes.withDelay(delay));
	}

	/**
	 * The status.
	 * @return 200 to 599
	 */
	public int status() {
		return this.status;
	}

	/**
	 * The body as text, for tests of plugins.
	 * @return the bytes read as UTF-8
	 */
	public String bodyText() {
		return StandardCharsets.UTF_8.decode(body()).toString();
	}

	ByteBuffer body() {
		return this.body.asReadOnlyBuffer();
	}

	@Override
	public Notes notes() {
		return this.notes;
	}

	@Override
	public String toString() {
		return "Respond[" + this.status + ", " + this.body.remaining() + " bytes, " + this.notes + "]";
	}

}
