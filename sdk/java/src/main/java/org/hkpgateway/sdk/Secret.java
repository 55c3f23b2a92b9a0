package org.hkpgateway.sdk;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;

import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

import org.jspecify.annotations.Nullable;

/**
 * What gateway and plugin both know and nobody else does: the value of
 * {@code PLUGIN_AUTH_SECRET}. Each proves to the other that it has it. Immutable and safe
 * for threads.
 */
final class Secret {

	private static final String VARIABLE = "PLUGIN_AUTH_SECRET";

	private static final String HMAC = "HmacSHA256";

	private final byte[] value;

	private final byte[] authorization;

	private Secret(String value) {
		this.value = value.getBytes(StandardCharsets.US_ASCII);
		this.authorization = ("Bearer " + value).getBytes(StandardCharsets.US_ASCII);
	}

	/**
	 * Reads it.
	 * @param value the value of the environment variable
	 * @return the secret
	 * @throws LaunchException if it cannot stand in a header; the message does not quote
	 * it
	 */
	static Secret parse(String value) throws LaunchException {
		if (value.isEmpty() || !value.chars().allMatch((c) -> c > ' ' && c < 0x7f)) {
			throw new LaunchException("expected: visible ASCII characters in " + VARIABLE + ", got: "
					+ (value.isEmpty() ? "an empty value" : value.length() + " characters, some of another kind")
					+ "; the gateway sets the variable, and leaves it out when no secret is in use");
		}
		return new Secret(value);
	}

	/**
	 * Whether a call is the gateway's. The time it takes tells nothing of the secret but
	 * its length.
	 * @param authorization the metadata {@code authorization} of the call
	 * @return true if it is {@code Bearer} and the secret
	 */
	boolean isIn(@Nullable String authorization) {
		return authorization != null
				&& MessageDigest.isEqual(this.authorization, authorization.getBytes(StandardCharsets.UTF_8));
	}

	/**
	 * Proves to the gateway that the plugin has the secret.
	 * @param nonce the gateway's
	 * @return HMAC-SHA256 of the nonce; the key is the characters of the variable as
	 * ASCII, not what they may decode to
	 */
	byte[] proof(byte[] nonce) {
		try {
			Mac mac = Mac.getInstance(HMAC);
			mac.init(new SecretKeySpec(this.value, HMAC));
			return mac.doFinal(nonce);
		}
		catch (GeneralSecurityException ex) {
			throw new IllegalStateException("expected: " + HMAC + ", which every Java has, got: " + ex, ex);
		}
	}

}
