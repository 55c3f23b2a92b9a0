package org.hkpgateway.grpc;

import java.security.cert.X509Certificate;

import javax.net.ssl.SSLException;

import io.grpc.Status;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import org.jspecify.annotations.Nullable;

/**
 * How the two sides of a connection know each other. A mode is one implementation; the
 * rest of the package does not ask which.
 */
sealed interface ChannelSecurity {

	/**
	 * Sets up a channel that is about to be built.
	 * @param builder the channel
	 */
	void applyTo(NettyChannelBuilder builder);

	/**
	 * The mode in a word, for the operator.
	 * @return as in {@link org.hkpgateway.plugin.PluginConnection#security()}
	 */
	String label();

	/**
	 * Says why connecting again is of no use.
	 * @param failure of the latest attempt
	 * @return what was expected, what came and what to do; null if it may be of use
	 */
	default @Nullable String verdict(Status failure) {
		return null;
	}

	/**
	 * What the plugin has to prove that it knows.
	 * @return null if nothing
	 */
	default @Nullable SharedSecret secret() {
		return null;
	}

	/**
	 * No encryption: what protects the connection is that only the gateway and the plugin
	 * can reach the socket's directory.
	 */
	record Plaintext() implements ChannelSecurity {

		@Override
		public void applyTo(NettyChannelBuilder builder) {
			builder.usePlaintext();
		}

		@Override
		public String label() {
			return "plaintext";
		}

	}

	/**
	 * A one-time secret.
	 *
	 * @param secret of this launch
	 */
	record Secret(SharedSecret secret) implements ChannelSecurity {

		@Override
		public void applyTo(NettyChannelBuilder builder) {
			builder.usePlaintext().intercept(new BearerToken(this.secret.text()));
		}

		@Override
		public String label() {
			return "secret";
		}

	}

	/**
	 * One-off certificates, one of each side.
	 *
	 * @param own the gateway's; null only to find out whether a plugin lets in somebody
	 * who shows none
	 * @param plugins the only one to trust
	 */
	record MutualTls(@Nullable OneOffCertificate own, X509Certificate plugins) implements ChannelSecurity {

		@Override
		public void applyTo(NettyChannelBuilder builder) {
			try {
				// Not OpenSSL's or BoringSSL's engine: those cannot do P-521.
				SslContextBuilder context = GrpcSslContexts.configure(SslContextBuilder.forClient(), SslProvider.JDK);
				if (this.own != null) {
					context.keyManager(new OnlyKey(this.own));
				}
				builder.useTransportSecurity()
					.sslContext(context.protocols("TLSv1.3", "TLSv1.2")
						.trustManager(new OnlyCertificate(this.plugins))
						.build());
			}
			catch (SSLException ex) {
				throw new IllegalArgumentException("TLS cannot be set up: " + ex.getMessage(), ex);
			}
		}

		@Override
		public String label() {
			return "mtls";
		}

		@Override
		public @Nullable String verdict(Status failure) {
			return TlsFailure.describe(failure, "TLS with the certificate of the handshake line",
					"does the plugin read PLUGIN_CLIENT_CERT? If it cannot do TLS, set its transport to secret or "
							+ "plaintext",
					"trust in the certificate in PLUGIN_CLIENT_CERT");
		}

	}

	/**
	 * A plugin that runs elsewhere. TLS is set up by who opens its channels.
	 *
	 * @param tls whether there is any
	 * @param mutual whether the gateway shows a certificate too
	 * @param token sent with each call; null for none
	 */
	record Remote(boolean tls, boolean mutual, @Nullable String token) implements ChannelSecurity {

		@Override
		public void applyTo(NettyChannelBuilder builder) {
			if (this.token != null) {
				builder.intercept(new BearerToken(this.token));
			}
		}

		@Override
		public String label() {
			String label = this.mutual ? "mtls" : (this.tls ? "tls" : "plaintext");
			return (this.token != null) ? label + "+token" : label;
		}

		@Override
		public @Nullable String verdict(Status failure) {
			String trust = "certificates that both sides trust";
			String verdict = TlsFailure.describe(failure, "TLS as its tls-bundle says",
					"remove tls-bundle if the plugin serves without", trust);
			return (verdict != null || !this.tls) ? verdict
					: TlsFailure.describeEnd(failure, trust,
							this.mutual ? "does the plugin trust that of its tls-bundle?"
									: "does the plugin want one? its tls-bundle has no key");
		}

		@Override
		public String toString() {
			// Not the token.
			return "Remote[" + label() + "]";
		}

	}

}
