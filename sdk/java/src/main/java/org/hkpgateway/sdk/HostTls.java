package org.hkpgateway.sdk;

import java.io.File;
import java.util.Map;

import javax.net.ssl.SSLException;

import io.grpc.netty.GrpcSslContexts;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;

import org.jspecify.annotations.Nullable;

/**
 * Reads whom a plugin that runs elsewhere trusts to be its gateway, and the certificate
 * by which it says who it is, if it has one. The files are read once.
 */
final class HostTls {

	private static final String CA = "PLUGIN_HOST_CA_FILE";

	private static final String CERTIFICATE = "PLUGIN_HOST_CERT_FILE";

	private static final String KEY = "PLUGIN_HOST_KEY_FILE";

	private HostTls() {
	}

	/**
	 * Reads it.
	 * @param environment the environment
	 * @return TLS 1.2 or newer; without a file of authorities it trusts those of this
	 * Java
	 * @throws LaunchException if a file cannot be used
	 */
	static SslContext parse(Map<String, String> environment) throws LaunchException {
		@Nullable File authorities = file(environment, CA);
		@Nullable File certificate = file(environment, CERTIFICATE);
		@Nullable File key = file(environment, KEY);
		if ((certificate == null) != (key == null)) {
			throw new LaunchException("expected: both of " + CERTIFICATE + " and " + KEY + ", or neither, got: only "
					+ ((key == null) ? CERTIFICATE : KEY));
		}
		SslContextBuilder builder = GrpcSslContexts.configure(SslContextBuilder.forClient(), SslProvider.JDK)
			.protocols("TLSv1.3", "TLSv1.2");
		try {
			if (authorities != null) {
				builder.trustManager(authorities);
			}
			if (certificate != null) {
				builder.keyManager(certificate, key);
			}
			return builder.build();
		}
		// Netty wraps what is wrong with a file in the latter.
		catch (SSLException | IllegalArgumentException ex) {
			throw new LaunchException(
					"expected: certificates in PEM in " + CA + " and " + CERTIFICATE + ", and a key in PKCS #8 in "
							+ KEY + ", as far as these are set, got: " + ex.getMessage() + cause(ex),
					ex);
		}
	}

	private static String cause(Exception failure) {
		return (failure.getCause() != null) ? " (" + failure.getCause().getMessage() + ")" : "";
	}

	private static @Nullable File file(Map<String, String> environment, String variable) throws LaunchException {
		String path = environment.getOrDefault(variable, "");
		if (path.isEmpty()) {
			return null;
		}
		File file = new File(path);
		if (!file.isFile() || !file.canRead()) {
			throw new LaunchException("expected: a readable file in " + variable + ", got: '" + path + "'");
		}
		return file;
	}

}
