package org.hkpgateway.proxy;

import java.time.Duration;

import org.jspecify.annotations.Nullable;

/**
 * The gateway itself says no. The message is for the client: one sentence, no internals.
 * Never 503 or 504, which gpg answers with six immediate repeats; 502, on which it marks
 * the host dead, only when the keyserver cannot be reached or does not answer.
 */
final class Refusal extends RuntimeException {

	private static final long serialVersionUID = 1L;

	private final int status;

	private final transient @Nullable Duration retryAfter;

	private final @Nullable EdgeLimit limit;

	private Refusal(int status, String message, @Nullable Duration retryAfter, @Nullable EdgeLimit limit,
			@Nullable Throwable cause) {
		super(message, cause, false, false);
		this.status = status;
		this.retryAfter = retryAfter;
		this.limit = limit;
	}

	private Refusal(int status, String message) {
		this(status, message, null, null, null);
	}

	private static Refusal limit(int status, EdgeLimit limit, String message) {
		return new Refusal(status, message, null, limit, null);
	}

	private static Refusal later(@Nullable EdgeLimit limit, String message) {
		return new Refusal(429, message + " Please try again later.", Duration.ofSeconds(5), limit, null);
	}

	static Refusal badRequest(String message) {
		return new Refusal(400, message);
	}

	static Refusal methodNotAllowed(String method) {
		return new Refusal(405, "The method " + method + " is not served here.");
	}

	static Refusal methodNotImplemented() {
		return new Refusal(501, "Of the methods only GET, HEAD, POST, PUT, PATCH, DELETE and OPTIONS are understood.");
	}

	static Refusal misdirected() {
		return limit(421, EdgeLimit.ALLOWED_HOSTS, "This server does not serve the host that was asked for.");
	}

	static Refusal targetTooLong(int limit) {
		return limit(414, EdgeLimit.MAX_HEADER_BYTES, "The request line is longer than " + limit + " bytes.");
	}

	static Refusal headTooLong(int limit) {
		return limit(431, EdgeLimit.MAX_HEADER_BYTES, "The request head is longer than " + limit + " bytes.");
	}

	static Refusal tooManyFields(int limit) {
		return limit(431, EdgeLimit.MAX_HEADER_BYTES, "The request has more than " + limit + " header fields.");
	}

	static Refusal versionNotSupported() {
		return new Refusal(505, "Only HTTP/1.0, HTTP/1.1 and HTTP/2 are served here.");
	}

	static Refusal expectationFailed() {
		return new Refusal(417, "Of Expect only 100-continue is understood.");
	}

	static Refusal headTooSlow() {
		return new Refusal(408, "The request head did not come in time.");
	}

	static Refusal bodyTooSlow() {
		return new Refusal(408, "The request body did not come in time.");
	}

	static Refusal bodyCutShort() {
		return new Refusal(400, "The request body ended early.");
	}

	static Refusal tooLarge(long limit) {
		return limit(413, EdgeLimit.MAX_BODY, "The request body is larger than " + limit + " bytes.");
	}

	static Refusal tooManyUploads() {
		return later(EdgeLimit.MAX_BUFFERED_BYTES, "The server is busy (too many uploads at a time).");
	}

	static Refusal noConnection(int most) {
		return later(null, "The server is busy (all " + most + " connections to the keyserver are in use).");
	}

	static Refusal tooManyRequests() {
		return later(EdgeLimit.MAX_REQUESTS_PER_ADDRESS, "Too many requests from your address at a time.");
	}

	static Refusal unanswered(Throwable cause) {
		return new Refusal(502, "No valid answer came from the keyserver.", null, null, cause);
	}

	static Refusal unreachable(Throwable cause) {
		return new Refusal(502, "The keyserver cannot be reached.", null, null, cause);
	}

	/**
	 * Whether nothing more is read from the connection: what follows a request that
	 * programs read differently may be meant for one that reads it differently.
	 * @return false if the request was sound, and only the host or the moment was not
	 */
	boolean endsConnection() {
		return this.status != 421 && this.status != 429 && this.status != 502;
	}

	int status() {
		return this.status;
	}

	@Nullable Duration retryAfter() {
		return this.retryAfter;
	}

	/**
	 * The limit that was reached, if it is not reported where it is noticed.
	 * @return null if it was none
	 */
	@Nullable EdgeLimit limit() {
		return this.limit;
	}

	String text() {
		return String.valueOf(getMessage());
	}

}
