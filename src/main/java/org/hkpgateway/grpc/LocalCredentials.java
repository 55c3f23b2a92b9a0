package org.hkpgateway.grpc;

import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Map;

import org.hkpgateway.plugin.PluginSource;
import org.hkpgateway.plugin.PluginSpec;
import org.jspecify.annotations.Nullable;

/**
 * What the gateway makes for one process on this machine before it is launched.
 */
sealed interface LocalCredentials {

	/**
	 * Makes what the plugin's transport needs.
	 * @param spec a plugin on this machine
	 * @return new each time; nothing for a process that was started by hand, which the
	 * gateway cannot tell anything
	 */
	static LocalCredentials of(PluginSpec spec) {
		if (spec.source() instanceof PluginSource.Attached) {
			return new None();
		}
		return switch (spec.transport()) {
			case MTLS -> new Certificate(OneOffCertificate.generate(OneOffCertificate.Curve.P256, Instant.now()));
			case SECRET -> new Secret(SharedSecret.generate());
			case PLAINTEXT -> new None();
		};
	}

	/**
	 * What the process is told.
	 * @return for its environment
	 */
	Map<String, String> environment();

	/**
	 * Secures the connection to the process.
	 * @param certificate the one it showed, if any
	 * @return for one channel
	 * @throws IllegalArgumentException if it should have shown one and did not, or the
	 * other way round
	 */
	ChannelSecurity security(@Nullable X509Certificate certificate);

	/** Plaintext. */
	record None() implements LocalCredentials {

		@Override
		public Map<String, String> environment() {
			return Map.of();
		}

		@Override
		public ChannelSecurity security(@Nullable X509Certificate certificate) {
			refuse(certificate, "plaintext");
			return new ChannelSecurity.Plaintext();
		}

	}

	/** A shared secret. */
	record Secret(SharedSecret secret) implements LocalCredentials {

		@Override
		public Map<String, String> environment() {
			return Map.of("PLUGIN_AUTH_SECRET", this.secret.text());
		}

		@Override
		public ChannelSecurity security(@Nullable X509Certificate certificate) {
			refuse(certificate, "secret");
			return new ChannelSecurity.Secret(this.secret);
		}

	}

	/** A certificate. */
	record Certificate(OneOffCertificate own) implements LocalCredentials {

		@Override
		public Map<String, String> environment() {
			return Map.of("PLUGIN_CLIENT_CERT", this.own.pem());
		}

		@Override
		public ChannelSecurity security(@Nullable X509Certificate certificate) {
			if (certificate == null) {
				throw new IllegalArgumentException("expected: a certificate in its handshake line (transport mtls), "
						+ "got: none (if it cannot do TLS, set its transport to secret or plaintext)");
			}
			return new ChannelSecurity.MutualTls(this.own, certificate);
		}

	}

	private static void refuse(@Nullable X509Certificate certificate, String transport) {
		if (certificate != null) {
			throw new IllegalArgumentException("expected: no certificate in its handshake line (transport " + transport
					+ "), got: " + CertificateText.describe(certificate));
		}
	}

}
