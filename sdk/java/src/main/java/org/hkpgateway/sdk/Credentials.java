package org.hkpgateway.sdk;

import java.security.cert.X509Certificate;
import java.util.Map;

import org.jspecify.annotations.Nullable;

/**
 * How gateway and plugin recognize each other, as the gateway chose it. With neither, the
 * connection is plaintext, and what protects it is the private directory of the socket.
 *
 * @param gateway AutoMTLS: the only client to accept; null for plaintext
 * @param secret the shared secret; null when none is in use
 */
record Credentials(@Nullable X509Certificate gateway, @Nullable Secret secret) {

	/** Plaintext without a secret. */
	static final Credentials NONE = new Credentials(null, null);

	/**
	 * Reads them. A variable that is set, even to nothing, is meant: it is used or an
	 * error.
	 * @param environment the environment
	 * @return the credentials
	 * @throws LaunchException if one of them is malformed
	 */
	static Credentials parse(Map<String, String> environment) throws LaunchException {
		String certificate = environment.get("PLUGIN_CLIENT_CERT");
		String secret = environment.get("PLUGIN_AUTH_SECRET");
		return new Credentials((certificate != null) ? GatewayCertificate.parse(certificate) : null,
				(secret != null) ? Secret.parse(secret) : null);
	}

}
