package org.hkpgateway.sdk;

import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;

import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;

import io.netty.handler.codec.http2.Http2SecurityUtil;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectedListenerFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectorFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolNames;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.JdkSslContext;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SupportedCipherSuiteFilter;

/**
 * The plugin's half of AutoMTLS: each side has made a certificate for this one process
 * and trusts exactly the other's.
 *
 * <p>
 * By the JDK's TLS, because OpenSSL's in Netty cannot verify P-521, and the certificate
 * of a gateway may be of that kind, as those of go-plugin are. And without Netty's
 * SslContextBuilder: it tries keys in PEM first, with Bouncy Castle if that is there, and
 * so loads a provider that nobody needs.
 *
 * @param certificate what the plugin tells in its handshake
 * @param context TLS 1.2 or newer with that certificate, for the gateway only
 */
record AutoMtls(String certificate, SslContext context) {

	private static final List<String> PROTOCOLS = List.of("TLSv1.3", "TLSv1.2");

	/** All that gRPC asks of a server's negotiation. */
	private static final ApplicationProtocolConfig HTTP2 = new ApplicationProtocolConfig(
			ApplicationProtocolConfig.Protocol.ALPN, SelectorFailureBehavior.NO_ADVERTISE,
			SelectedListenerFailureBehavior.ACCEPT, ApplicationProtocolNames.HTTP_2);

	/**
	 * Makes the plugin's certificate. Takes a few tenths of a second in a cold JVM.
	 * @param gateway the only client to accept
	 * @return the plugin's half
	 * @throws LaunchException if this Java lacks what it takes
	 */
	static AutoMtls with(X509Certificate gateway) throws LaunchException {
		try {
			OneOffCertificate own = OneOffCertificate.create(Instant.now());
			SSLContext context = SSLContext.getInstance("TLS");
			context.init(new KeyManager[] { new OneKey(own) }, new TrustManager[] { new PinnedTrust(gateway) }, null);
			return new AutoMtls(own.forHandshake(),
					new JdkSslContext(context, false, Http2SecurityUtil.CIPHERS, SupportedCipherSuiteFilter.INSTANCE,
							HTTP2, ClientAuth.REQUIRE, PROTOCOLS.toArray(String[]::new), false));
		}
		catch (GeneralSecurityException ex) {
			throw new LaunchException("expected: to set up TLS with a certificate of its own, got: " + ex
					+ "; this Java must have elliptic curves and TLS 1.2", ex);
		}
	}

}
