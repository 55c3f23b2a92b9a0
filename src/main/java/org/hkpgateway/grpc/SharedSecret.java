package org.hkpgateway.grpc;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Base64;

import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * The one-time secret of one launch. Its text form does not show it.
 */
final class SharedSecret {

	private static final String ALGORITHM = "HmacSHA256";

	private static final int BYTES = 32;

	private static final SecureRandom RANDOM = new SecureRandom();

	private final String text;

	private SharedSecret(String text) {
		this.text = text;
	}

	/**
	 * Makes one.
	 * @return 256 random bits
	 */
	static SharedSecret generate() {
		return new SharedSecret(Base64.getUrlEncoder().withoutPadding().encodeToString(randomBytes()));
	}

	/**
	 * What the plugin is told, and what goes with each call.
	 * @return base64url without padding
	 */
	String text() {
		return this.text;
	}

	/**
	 * A question that was never asked before.
	 * @return random bytes
	 */
	byte[] newNonce() {
		return randomBytes();
	}

	/**
	 * Whether who sent the proof knows the secret. Takes the same time whatever differs.
	 * @param nonce what it was asked
	 * @param proof what it answered
	 * @return true if the proof is the HMAC-SHA256 of the nonce, keyed with the ASCII
	 * bytes of {@link #text()}
	 */
	boolean proves(byte[] nonce, byte[] proof) {
		try {
			Mac mac = Mac.getInstance(ALGORITHM);
			mac.init(new SecretKeySpec(this.text.getBytes(StandardCharsets.US_ASCII), ALGORITHM));
			return MessageDigest.isEqual(mac.doFinal(nonce), proof);
		}
		catch (GeneralSecurityException ex) {
			throw new IllegalStateException("every JVM has " + ALGORITHM, ex);
		}
	}

	private static byte[] randomBytes() {
		byte[] bytes = new byte[BYTES];
		RANDOM.nextBytes(bytes);
		return bytes;
	}

	@Override
	public String toString() {
		return "SharedSecret[…]";
	}

}
