package org.hkpgateway.grpc;

import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Base64;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

import org.hkpgateway.grpc.FakePlugin.Behaviour;
import org.hkpgateway.grpc.FakePlugin.Manners;
import org.hkpgateway.plugin.Decision;
import org.hkpgateway.plugin.PluginConnection;
import org.hkpgateway.plugin.PluginEndpoint;
import org.hkpgateway.plugin.PluginFailure;
import org.hkpgateway.plugin.PluginStartException;
import org.hkpgateway.plugin.TestSpec;
import org.hkpgateway.plugin.Transport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * The transports between this JVM and a process of its own.
 */
@Timeout(120)
class TransportIT {

	private static final Duration LONG = Duration.ofSeconds(30);

	@TempDir
	private Path directory;

	private GrpcConnector connector;

	private @Nullable Process process;

	@BeforeEach
	void start() {
		this.connector = new GrpcConnector(new Gateway("0.1", Duration.ofSeconds(1)));
	}

	@AfterEach
	void close() throws Exception {
		this.connector.close();
		if (this.process != null) {
			this.process.destroyForcibly().waitFor(10, TimeUnit.SECONDS);
		}
	}

	@ParameterizedTest
	@EnumSource
	void lifeOfAPlugin(Transport transport) throws Exception {
		PluginConnection.Offer offer = offer(transport);
		try (PluginConnection connection = launch(offer, Behaviour.CONTINUES, Manners.GOOD)) {
			assertThat(connection.initialize("i-1", LONG).name()).isEqualTo("fake");
			assertThat(connection.checkHealth(LONG).message()).isEqualTo("one of two");
			assertThat(connection.client().decide(TestEvents.lookup(), LONG).block(LONG))
				.isInstanceOf(Decision.Continue.class);
			connection.shutdown("test", LONG);
			assertThat(connection.onLost()).isNotDone();
			this.process.destroyForcibly();
			assertThat(connection.onLost().get(10, TimeUnit.SECONDS)).contains("its connection broke");
		}
	}

	@Test
	void goPluginPeerEndsInTheMiddleOfItsShutdown() throws Exception {
		try (PluginConnection connection = launch(offer(Transport.MTLS), Behaviour.CONTINUES, Manners.GO_PLUGIN)) {
			connection.initialize("i-1", LONG);
			connection.shutdown("test", LONG);
			assertThat(connection.onLost().get(10, TimeUnit.SECONDS)).contains("its connection broke");
		}
	}

	@Test
	void diesDuringARequest() throws Exception {
		try (PluginConnection connection = launch(offer(Transport.MTLS), Behaviour.HALTS, Manners.GOOD)) {
			connection.initialize("i-1", LONG);
			assertThatExceptionOfType(PluginFailure.Unavailable.class)
				.isThrownBy(() -> connection.client().decide(TestEvents.lookup(), LONG).block(LONG));
			connection.onLost().get(10, TimeUnit.SECONDS);
		}
	}

	@Test
	void wrongProof() throws Exception {
		try (PluginConnection connection = launch(offer(Transport.SECRET), Behaviour.CONTINUES, Manners.WRONG_PROOF)) {
			assertThatExceptionOfType(PluginStartException.class).isThrownBy(() -> connection.initialize("i-1", LONG))
				.withMessageContaining("auth_proof: expected: HMAC-SHA256");
		}
	}

	private PluginConnection.Offer offer(Transport transport) {
		return this.connector.offer(TestSpec.named("fake").transport(transport).build());
	}

	private PluginConnection launch(PluginConnection.Offer offer, Behaviour behaviour, Manners manners)
			throws Exception {
		ProcessBuilder builder = new ProcessBuilder(FakePluginProgram.script(this.directory).toString(),
				behaviour.name(), manners.name())
			.redirectError(ProcessBuilder.Redirect.DISCARD);
		builder.environment().put("PLUGIN_UNIX_SOCKET_DIR", this.directory.toString());
		builder.environment().putAll(offer.environment());
		Process started = builder.start();
		this.process = started;
		BufferedReader reader = new BufferedReader(
				new java.io.InputStreamReader(started.getInputStream(), StandardCharsets.UTF_8));
		String line = CompletableFuture.supplyAsync(() -> reader.lines().findFirst().orElse("nothing"))
			.get(30, TimeUnit.SECONDS);
		String[] parts = line.split("\\|", -1);
		assertThat(parts).as(line).hasSize(6);
		assertThat(parts[5].isEmpty()).isEqualTo(!offer.certificateExpected());
		X509Certificate certificate = parts[5].isEmpty() ? null
				: (X509Certificate) CertificateFactory.getInstance("X.509")
					.generateCertificate(new ByteArrayInputStream(Base64.getDecoder().decode(parts[5])));
		return offer.connect(new PluginEndpoint.Unix(Path.of(parts[3])), certificate, LONG);
	}

}
