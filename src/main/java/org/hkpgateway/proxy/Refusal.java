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

	private Refusal(int status, String message, @Nullable Duration retryAfter, @Nullable Throwable cause) {
		super(message, cause, false, false);
		this.status = status;
		this.retryAfter = retryAfter;
	}

	static Refusal badRequest(String message) {
		return new Refusal(400, message, null, null);
	}

	static Refusal methodNotAllowed(String method) {
		return new Refusal(405, "The method " + method + " is not served here.", null, null);
	}

	static Refusal methodNotImplemented() {
		return new Refusal(501, "Of the methods only GET, HEAD, POST, PUT, PATCH, DELETE and OPTIONS are understood.",
				null, null);
	}

	static Refusal misdirected() {
		return new Refusal(421, "This server does not serve the host that was asked for.", null, null);
	}

	static Refusal targetTooLong(int limit) {
		return new Refusal(414, "The request line is longer than " + limit + " bytes.", null, null);
	}

	static Refusal headTooLong(int limit) {
		return new Refusal(431, "The request head is longer than " + limit + " bytes.", null, null);
	}

	static Refusal tooManyFields(int limit) {
		return new Refusal(431, "The request has more than " + limit + " header fields.", null, null);
	}

	static Refusal versionNotSupported() {
		return new Refusal(505, "Only HTTP/1.0 and HTTP/1.1 are served here.", null, null);
	}

	static Refusal expectationFailed() {
		return new Refusal(417, "Of Expect only 100-continue is understood.", null, null);
	}

	static Refusal headTooSlow() {
		return new Refusal(408, "The request head did not come in time.", null, null);
	}

	static Refusal bodyTooSlow() {
		return new Refusal(408, "The request body did not come in time.", null, null);
	}

	static Refusal bodyCutShort() {
		return new Refusal(400, "The request body ended early.", null, null);
	}

	static Refusal tooLarge(long limit) {
		return new Refusal(413, "The request body is larger than " + limit + " bytes.", null, null);
	}

	static Refusal overloaded(String what) {
		return new Refusal(429, "The server is busy (" + what + "). Please try again later.", Duration.ofSeconds(5),
				null);
	}

	static Refusal unanswered(Throwable cause) {
		return new Refusal(502, "No valid answer came from the keyserver.", null, cause);
	}

	static Refusal unreachable(Throwable cause) {
		return new Refusal(502, "The keyserver cannot be reached.", null, cause);
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

	String text() {
		return String.valueOf(getMessage());
	}

}
