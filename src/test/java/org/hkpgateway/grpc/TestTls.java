package org.hkpgateway.grpc;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;

import javax.net.ssl.TrustManagerFactory;

import io.grpc.netty.GrpcSslContexts;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;

/**
 * The plugin's side of AutoMTLS: the gateway's certificate is checked by the JDK's rules
 * for chains, not by ours.
 */
final class TestTls {

	private TestTls() {
	}

	static SslContext server(OneOffCertificate own, X509Certificate client) throws Exception {
		KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
		trusted.load(null, null);
		trusted.setCertificateEntry("gateway", client);
		TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
		trust.init(trusted);
		return GrpcSslContexts.configure(SslContextBuilder.forServer(new OnlyKey(own)), SslProvider.JDK)
			.trustManager(trust)
			.clientAuth(ClientAuth.REQUIRE)
			.build();
	}

	/** Trusts whoever comes. */
	static SslContext lenient(OneOffCertificate own, boolean wantsCertificate) throws Exception {
		return GrpcSslContexts.configure(SslContextBuilder.forServer(new OnlyKey(own)), SslProvider.JDK)
			.trustManager(InsecureTrustManagerFactory.INSTANCE)
			.clientAuth(wantsCertificate ? ClientAuth.REQUIRE : ClientAuth.OPTIONAL)
			.build();
	}

	static X509Certificate read(String pem) throws Exception {
		return (X509Certificate) CertificateFactory.getInstance("X.509")
			.generateCertificate(new ByteArrayInputStream(pem.getBytes(StandardCharsets.US_ASCII)));
	}

}
