package org.hkpgateway.config;

import java.io.IOException;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;

import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;

import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.hkpgateway.grpc.Gateway;
import org.hkpgateway.grpc.GrpcConnector;
import org.hkpgateway.grpc.PluginStdio;
import org.hkpgateway.plugin.PluginConnection;
import org.hkpgateway.plugin.PluginEndpoint;
import org.hkpgateway.plugin.PluginSource;
import org.hkpgateway.plugin.PluginStartException;
import org.hkpgateway.plugin.StreamListener;
import org.hkpgateway.plugin.TestSpec;
import org.hkpgateway.proto.HKPPluginGrpc;
import org.hkpgateway.proto.InitRequest;
import org.hkpgateway.proto.InitResponse;
import org.hkpgateway.testsupport.FreePorts;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import org.springframework.boot.ssl.DefaultSslBundleRegistry;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslStoreBundle;
import org.springframework.context.support.GenericApplicationContext;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * TLS to plugins that run elsewhere, from SSL bundle to server.
 */
@Timeout(60)
class RemotePluginChannelsTests {

	private static final Duration LONG = Duration.ofSeconds(20);

	private static final Authority AUTHORITY = new Authority();

	private final DefaultSslBundleRegistry bundles = new DefaultSslBundleRegistry();

	private final GenericApplicationContext context = new GenericApplicationContext();

	private final Queue<String> authorizations = new ConcurrentLinkedQueue<>();

	private GrpcConnector connector;

	private @Nullable Server server;

	@BeforeEach
	void start() throws Exception {
		this.context.refresh();
		this.bundles.registerBundle("trust", bundle(null));
		this.bundles.registerBundle("mutual", bundle(AUTHORITY.issue("gateway", GeneralName.dNSName)));
		this.bundles.registerBundle("strangers", SslBundle.of(SslStoreBundle.of(null, null, new Authority().trust())));
		this.connector = new GrpcConnector(new Gateway("0.1", Duration.ofSeconds(1)),
				new RemotePluginChannels(this.context, this.bundles), PluginStdio.discard(), StreamListener.NONE);
	}

	@AfterEach
	void close() throws Exception {
		this.connector.close();
		this.context.close();
		if (this.server != null) {
			this.server.shutdownNow().awaitTermination(10, TimeUnit.SECONDS);
		}
	}

	@Test
	void tls() throws Exception {
		serve(AUTHORITY.issue("127.0.0.1", GeneralName.iPAddress), ClientAuth.NONE);
		try (PluginConnection connection = connect("trust", "s3cret")) {
			assertThat(connection.initialize("i-1", LONG).name()).isEqualTo("elsewhere");
			assertThat(connection.security()).isEqualTo("tls+token");
			assertThat(this.authorizations).isNotEmpty().containsOnly("Bearer s3cret");
		}
	}

	@Test
	void mutualTls() throws Exception {
		serve(AUTHORITY.issue("127.0.0.1", GeneralName.iPAddress), ClientAuth.REQUIRE);
		try (PluginConnection connection = connect("mutual", null)) {
			assertThat(connection.initialize("i-1", LONG).name()).isEqualTo("elsewhere");
			assertThat(connection.security()).isEqualTo("mtls");
			assertThat(this.authorizations).containsOnly("null");
		}
	}

	@Test
	void serverThatWantsACertificate() throws Exception {
		serve(AUTHORITY.issue("127.0.0.1", GeneralName.iPAddress), ClientAuth.REQUIRE);
		refused("trust", "TLS handshake failed: expected: TLS 1.2 or later and certificates that both sides trust");
	}

	/** As it looks when the server's refusal is lost behind what it has not read. */
	@Test
	void serverThatHangsUpBehindTheHandshake() throws Exception {
		SSLContext tls = bundle(AUTHORITY.issue("127.0.0.1", GeneralName.iPAddress)).createSslContext();
		try (SSLServerSocket server = (SSLServerSocket) tls.getServerSocketFactory()
			.createServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
			SSLParameters parameters = server.getSSLParameters();
			parameters.setApplicationProtocols(new String[] { "h2" });
			server.setSSLParameters(parameters);
			Thread thread = new Thread(() -> hangUpOn(server), "hangs-up");
			thread.setDaemon(true);
			thread.start();
			refused(server.getLocalPort(), "trust", "TLS handshake failed: expected: TLS 1.2 or later and certificates "
					+ "that both sides trust, got: a connection that ended in it, or just behind it, with UNAVAILABLE");
		}
	}

	private static void hangUpOn(SSLServerSocket server) {
		while (!server.isClosed()) {
			try (SSLSocket socket = (SSLSocket) server.accept()) {
				socket.startHandshake();
				socket.setSoLinger(true, 0);
			}
			catch (IOException ex) {
				// The client may be gone, and so may the test.
			}
		}
	}

	@Test
	void serverThatIsNotThere() throws Exception {
		int port = FreePorts.next();
		refused(port, "trust", "expected: a gRPC server at 127.0.0.1:" + port + " within ");
	}

	@Test
	void serverOfAnotherName() throws Exception {
		serve(AUTHORITY.issue("other.test", GeneralName.dNSName), ClientAuth.NONE);
		refused("trust", "TLS handshake failed: No subject alternative names matching IP address 127.0.0.1 found");
	}

	@Test
	void serverOfAnotherAuthority() throws Exception {
		serve(AUTHORITY.issue("127.0.0.1", GeneralName.iPAddress), ClientAuth.NONE);
		refused("strangers", "TLS handshake failed: ");
	}

	@Test
	void serverWithoutTls() throws Exception {
		serve(null, ClientAuth.NONE);
		refused("trust", "got: a server without TLS (remove tls-bundle if the plugin serves without)");
	}

	@Test
	void plaintext() throws Exception {
		serve(null, ClientAuth.NONE);
		try (PluginConnection connection = connect(null, null)) {
			assertThat(connection.initialize("i-1", LONG).name()).isEqualTo("elsewhere");
			assertThat(connection.security()).isEqualTo("plaintext");
		}
	}

	@Test
	void noSuchBundle() throws Exception {
		serve(null, ClientAuth.NONE);
		refused("typo", "tls-bundle: expected: the name of an SSL bundle (spring.ssl.bundle), got: typo");
	}

	private void refused(String bundle, String message) {
		refused(this.server.getPort(), bundle, message);
	}

	private void refused(int port, String bundle, String message) {
		assertThatExceptionOfType(PluginStartException.class).isThrownBy(() -> connect(port, bundle, null))
			.withMessageStartingWith("plugin elsewhere: ")
			.withMessageContaining(message);
	}

	private PluginConnection connect(@Nullable String bundle, @Nullable String token) {
		return connect(this.server.getPort(), bundle, token);
	}

	private PluginConnection connect(int port, @Nullable String bundle, @Nullable String token) {
		PluginSource source = new PluginSource.Remote("127.0.0.1:" + port, bundle, token);
		return this.connector.offer(TestSpec.named("elsewhere").source(source).build())
			.connect(new PluginEndpoint.Remote(""), null, LONG);
	}

	private void serve(@Nullable KeyStore identity, ClientAuth clientAuth) throws Exception {
		NettyServerBuilder builder = NettyServerBuilder.forAddress(new InetSocketAddress("127.0.0.1", 0))
			.addService(new Plugin())
			.intercept(new Recorder());
		if (identity != null) {
			builder.sslContext(context(identity, clientAuth));
		}
		this.server = builder.build().start();
	}

	private static SslContext context(KeyStore identity, ClientAuth clientAuth) throws IOException {
		SslBundle bundle = bundle(identity);
		return GrpcSslContexts
			.configure(SslContextBuilder.forServer(bundle.getManagers().getKeyManagerFactory()), SslProvider.JDK)
			.trustManager(bundle.getManagers().getTrustManagerFactory())
			.clientAuth(clientAuth)
			.build();
	}

	private static SslBundle bundle(@Nullable KeyStore identity) {
		return SslBundle.of(SslStoreBundle.of(identity, (identity != null) ? "changeit" : null, AUTHORITY.trust()));
	}

	private final class Recorder implements ServerInterceptor {

		@Override
		public <Q, A> ServerCall.Listener<Q> interceptCall(ServerCall<Q, A> call, Metadata headers,
				ServerCallHandler<Q, A> next) {
			RemotePluginChannelsTests.this.authorizations
				.add(String.valueOf(headers.get(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER))));
			return next.startCall(call, headers);
		}

	}

	private static final class Plugin extends HKPPluginGrpc.HKPPluginImplBase {

		@Override
		public void initialize(InitRequest request, StreamObserver<InitResponse> observer) {
			InitResponse.Builder answer = InitResponse.newBuilder().setSuccess(true);
			answer.getInfoBuilder().setName("elsewhere");
			observer.onNext(answer.build());
			observer.onCompleted();
		}

	}

	/** Issues certificates. */
	private static final class Authority {

		private static final X500Name NAME = new X500Name("CN=Test authority");

		private final KeyPair keys = keys();

		private final X509Certificate certificate;

		Authority() {
			try {
				JcaX509v3CertificateBuilder builder = builder(NAME, this.keys);
				builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(true));
				this.certificate = sign(builder);
			}
			catch (Exception ex) {
				throw new IllegalStateException(ex);
			}
		}

		KeyStore issue(String name, int kind) throws Exception {
			KeyPair own = keys();
			JcaX509v3CertificateBuilder builder = builder(new X500Name("CN=leaf"), own);
			builder.addExtension(Extension.subjectAlternativeName, false,
					new GeneralNames(new GeneralName(kind, name)));
			KeyStore store = empty();
			store.setKeyEntry("own", own.getPrivate(), "changeit".toCharArray(),
					new X509Certificate[] { sign(builder), this.certificate });
			return store;
		}

		KeyStore trust() {
			try {
				KeyStore store = empty();
				store.setCertificateEntry("authority", this.certificate);
				return store;
			}
			catch (Exception ex) {
				throw new IllegalStateException(ex);
			}
		}

		private static KeyStore empty() throws Exception {
			KeyStore store = KeyStore.getInstance("PKCS12");
			store.load(null, null);
			return store;
		}

		private static KeyPair keys() {
			try {
				KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
				generator.initialize(new ECGenParameterSpec("secp256r1"));
				return generator.generateKeyPair();
			}
			catch (Exception ex) {
				throw new IllegalStateException(ex);
			}
		}

		private JcaX509v3CertificateBuilder builder(X500Name subject, KeyPair subjectKeys) {
			Instant now = Instant.now();
			return new JcaX509v3CertificateBuilder(NAME, BigInteger.valueOf(System.nanoTime()),
					Date.from(now.minusSeconds(60)), Date.from(now.plusSeconds(3600)), subject,
					subjectKeys.getPublic());
		}

		private X509Certificate sign(JcaX509v3CertificateBuilder builder) throws Exception {
			return new JcaX509CertificateConverter().getCertificate(
					builder.build(new JcaContentSignerBuilder("SHA256withECDSA").build(this.keys.getPrivate())));
		}

	}

}
