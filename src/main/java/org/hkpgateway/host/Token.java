package org.hkpgateway.host;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Base64;

import org.jspecify.annotations.Nullable;

/**
 * A bearer token: 32 random bytes, or what an operator has chosen. Never printed.
 */
final class Token {

	private static final int BYTES = 32;

	private static final String SCHEME = "Bearer ";

	private static final SecureRandom random = new SecureRandom();

	private final String text;

	private final byte[] bytes;

	/** A one-time token. */
	Token() {
		this(randomText());
	}

	/**
	 * One that is known elsewhere.
	 * @param text printable ASCII without blanks
	 */
	Token(String text) {
		this.text = text;
		this.bytes = text.getBytes(StandardCharsets.US_ASCII);
	}

	private static String randomText() {
		byte[] secret = new byte[BYTES];
		random.nextBytes(secret);
		return Base64.getUrlEncoder().withoutPadding().encodeToString(secret);
	}

	/**
	 * For the environment of the one process that may know it.
	 * @return base64url without padding
	 */
	String reveal() {
		return this.text;
	}

	/**
	 * Whether an {@code authorization} carries this token. Takes as long for a wrong one
	 * as for the right one of the same length.
	 * @param authorization as received, null if there was none
	 * @return true if it does
	 */
	boolean isIn(@Nullable String authorization) {
		if (authorization == null || !authorization.regionMatches(true, 0, SCHEME, 0, SCHEME.length())) {
			return false;
		}
		byte[] presented = authorization.substring(SCHEME.length()).trim().getBytes(StandardCharsets.US_ASCII);
		return MessageDigest.isEqual(presented, this.bytes);
	}

	@Override
	public String toString() {
		return "(a token)";
	}

}
