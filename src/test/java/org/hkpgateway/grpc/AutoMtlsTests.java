package org.hkpgateway.grpc;

import java.io.IOException;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;

import io.grpc.netty.GrpcSslContexts;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import org.hkpgateway.grpc.OneOffCertificate.Curve;
import org.hkpgateway.plugin.Decision;
import org.hkpgateway.plugin.HandshakeMode;
import org.hkpgateway.plugin.IsolationLevel;
import org.hkpgateway.plugin.Network;
import org.hkpgateway.plugin.PluginConnection;
import org.hkpgateway.plugin.PluginEndpoint;
import org.hkpgateway.plugin.PluginSource;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.PluginStartException;
import org.hkpgateway.plugin.TestSpec;
import org.hkpgateway.plugin.Transport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * AutoMTLS against a TLS server in this JVM.
 */
@Timeout(60)
class AutoMtlsTests {

	private static final Duration LONG = Duration.ofSeconds(20);

	private static final Duration SHORT = Duration.ofMillis(300);

	private static final PluginSpec SPEC = TestSpec.named("fake").transport(Transport.MTLS).build();

	@TempDir
	private Path directory;

	private GrpcConnector connector;

	private PluginConnection.Offer offer;

	private OneOffCertificate plugins;

	@BeforeEach
	void offer() {
		this.connector = new GrpcConnector(new Gateway("0.1", Duration.ofSeconds(1)));
		this.offer = this.connector.offer(SPEC);
		this.plugins = OneOffCertificate.generate(Curve.P521, Instant.now());
	}

	@AfterEach
	void close() {
		this.connector.close();
	}

	@ParameterizedTest
	@EnumSource
	void bothSidesKnowEachOther(Curve curve) throws Exception {
		OneOffCertificate own = OneOffCertificate.generate(curve, Instant.now());
		try (FakePlugin plugin = new FakePlugin(this.directory, TestTls.server(own, gateways()), null);
				PluginConnection connection = this.offer.connect(plugin.endpoint(), own.certificate(), LONG)) {
			assertThat(connection.initialize("i-1", LONG).name()).isEqualTo("fake");
			assertThat(connection.client().decide(TestEvents.lookup(), LONG).block(LONG))
				.isInstanceOf(Decision.Continue.class);
			assertThat(connection.security()).isEqualTo("mtls");
			assertThat(plugin.authorities).containsOnly("localhost");
			assertThat(plugin.initialized.remove().getNonce().isEmpty()).isTrue();
		}
	}

	@Test
	void overTcp() throws Exception {
		try (FakePlugin plugin = new FakePlugin(new PluginEndpoint.Tcp("127.0.0.1", 0),
				TestTls.server(this.plugins, gateways()), null);
				PluginConnection connection = this.offer.connect(plugin.endpoint(), this.plugins.certificate(), LONG)) {
			assertThat(connection.initialize("i-1", LONG).name()).isEqualTo("fake");
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "TLSv1.2", "TLSv1.3" })
	void version(String version) throws Exception {
		try (FakePlugin plugin = new FakePlugin(this.directory, only(version), null);
				PluginConnection connection = this.offer.connect(plugin.endpoint(), this.plugins.certificate(), LONG)) {
			assertThat(connection.initialize("i-1", LONG).name()).isEqualTo("fake");
		}
	}

	@Test
	void newKeyForEachOffer() throws Exception {
		assertThat(this.offer.certificateExpected()).isTrue();
		assertThat(this.offer.environment()).containsOnlyKeys("PLUGIN_CLIENT_CERT");
		assertThat(TestTls.read(this.connector.offer(SPEC).environment().get("PLUGIN_CLIENT_CERT")))
			.isNotEqualTo(gateways());
	}

	@Test
	void otherCertificateThanPromised() throws Exception {
		X509Certificate promised = OneOffCertificate.generate(Curve.P256, Instant.now()).certificate();
		try (FakePlugin plugin = new FakePlugin(this.directory, TestTls.server(this.plugins, gateways()), null)) {
			refused(plugin, promised).withMessage("plugin fake: cannot connect: " + plugin.endpoint()
					+ ": TLS handshake failed: expected: the certificate of the handshake line, "
					+ CertificateText.describe(promised) + ", got: "
					+ CertificateText.describe(this.plugins.certificate()));
			assertThat(plugin.calls).isEmpty();
			assertThat(plugin.otherCalls).isEmpty();
		}
	}

	@Test
	void expiredCertificate() throws Exception {
		OneOffCertificate expired = OneOffCertificate.generate(Curve.P256, Instant.now().minus(Duration.ofDays(3651)));
		try (FakePlugin plugin = new FakePlugin(this.directory, TestTls.server(expired, gateways()), null)) {
			refused(plugin, expired.certificate())
				.withMessageContaining("expected: a certificate that is valid now, got: one that is valid from")
				.withMessageContaining(expired.certificate().getNotAfter().toInstant().toString());
		}
	}

	@Test
	void serverWithoutTls() throws Exception {
		try (FakePlugin plugin = new FakePlugin(this.directory)) {
			refused(plugin, this.plugins.certificate())
				.withMessageContaining("expected: TLS with the certificate of the handshake line, "
						+ "got: a server without TLS (does the plugin read PLUGIN_CLIENT_CERT?");
		}
	}

	@Test
	void pluginThatTrustsAnotherGateway() throws Exception {
		X509Certificate other = OneOffCertificate.generate(Curve.P256, Instant.now()).certificate();
		try (FakePlugin plugin = new FakePlugin(this.directory, TestTls.server(this.plugins, other), null)) {
			refused(plugin, this.plugins.certificate())
				.withMessageContaining("TLS handshake failed: expected: TLS 1.2 or later and trust in the certificate "
						+ "in PLUGIN_CLIENT_CERT, got: Received fatal alert");
		}
	}

	@Test
	void noCertificateInTheHandshake() {
		assertThatExceptionOfType(PluginStartException.class)
			.isThrownBy(() -> this.offer.connect(endpoint(), null, LONG))
			.withMessageContaining("expected: a certificate in its handshake line (transport mtls), got: none");
	}

	@ParameterizedTest
	@EnumSource(names = { "SECRET", "PLAINTEXT" })
	void certificateUnasked(Transport transport) {
		PluginConnection.Offer other = this.connector.offer(TestSpec.named("fake").transport(transport).build());
		assertThat(other.certificateExpected()).isFalse();
		assertThatExceptionOfType(PluginStartException.class)
			.isThrownBy(() -> other.connect(endpoint(), this.plugins.certificate(), LONG))
			.withMessageContaining("expected: no certificate in its handshake line");
	}

	@Test
	void tlsServerWherePlaintextIsExpected() throws Exception {
		try (FakePlugin plugin = new FakePlugin(this.directory, TestTls.server(this.plugins, gateways()), null)) {
			assertThatExceptionOfType(PluginStartException.class)
				.isThrownBy(() -> this.connector.offer(TestEvents.spec()).connect(plugin.endpoint(), null, SHORT))
				.withMessageContaining("got: a server that wants TLS (is its transport mtls?)");
		}
	}

	@Test
	void neitherHandshakeNorCertificate() {
		PluginSpec spec = TestSpec.named("fake")
			.transport(Transport.MTLS)
			.source(new PluginSource.Launched(this.directory, this.directory, java.util.List.of(), null,
					HandshakeMode.NONE, Network.TCP, IsolationLevel.NONE))
			.build();
		assertThatExceptionOfType(PluginStartException.class).isThrownBy(() -> this.connector.offer(spec))
			.withMessageContaining("expected: secret or plaintext with handshake none");
	}

	@Test
	void processStartedByHandCannotBeTold() {
		PluginConnection.Offer attached = this.connector.offer(TestSpec.named("fake")
			.transport(Transport.MTLS)
			.source(new PluginSource.Attached("1|1|unix|/tmp/x|grpc|"))
			.build());
		assertThat(attached.certificateExpected()).isFalse();
		assertThat(attached.environment()).isEmpty();
	}

	private org.assertj.core.api.ThrowableAssertAlternative<PluginStartException> refused(FakePlugin plugin,
			X509Certificate promised) {
		long start = System.nanoTime();
		var refusal = assertThatExceptionOfType(PluginStartException.class)
			.isThrownBy(() -> this.offer.connect(plugin.endpoint(), promised, LONG));
		// Trying again would not help, so nobody waits for the timeout.
		assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(LONG);
		return refusal;
	}

	private PluginEndpoint endpoint() {
		return new PluginEndpoint.Unix(this.directory.resolve("fake.sock"));
	}

	private X509Certificate gateways() throws Exception {
		return TestTls.read(this.offer.environment().get("PLUGIN_CLIENT_CERT"));
	}

	private SslContext only(String version) throws IOException {
		return GrpcSslContexts
			.configure(SslContextBuilder.forServer(this.plugins.key(), this.plugins.certificate()), SslProvider.JDK)
			.protocols(version)
			.build();
	}

}
