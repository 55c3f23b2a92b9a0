package org.hkpgateway.sdk;

import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.time.Instant;

import javax.net.ssl.SSLException;

import io.grpc.netty.GrpcSslContexts;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;

/**
 * The plugin's half of AutoMTLS: each side has made a certificate for this one process
 * and trusts exactly the other's.
 *
 * @param certificate what the plugin tells in its handshake
 * @param context TLS 1.2 or newer with that certificate, for the gateway only
 */
record AutoMtls(String certificate, SslContext context) {

	/**
	 * Makes the plugin's certificate. Takes about a tenth of a second in a cold JVM.
	 * @param gateway the only client to accept
	 * @return the plugin's half
	 * @throws LaunchException if this Java lacks what it takes
	 */
	static AutoMtls with(X509Certificate gateway) throws LaunchException {
		try {
			OneOffCertificate own = OneOffCertificate.create(Instant.now());
			// The JDK's TLS, because OpenSSL's in Netty cannot verify P-521, and the
			// certificate of a gateway made with go-plugin is of that kind.
			SslContext context = GrpcSslContexts
				.configure(SslContextBuilder.forServer(own.key(), own.certificate()), SslProvider.JDK)
				.protocols("TLSv1.3", "TLSv1.2")
				.trustManager(new PinnedTrust(gateway))
				.clientAuth(ClientAuth.REQUIRE)
				.build();
			return new AutoMtls(own.forHandshake(), context);
		}
		catch (GeneralSecurityException | SSLException ex) {
			throw new LaunchException("expected: to set up TLS with a certificate of its own, got: " + ex
					+ "; this Java must have elliptic curves and TLS 1.2", ex);
		}
	}

}
