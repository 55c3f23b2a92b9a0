package org.hkpgateway.process;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

import org.hkpgateway.plugin.HandshakeMode;
import org.hkpgateway.plugin.IsolationLevel;
import org.hkpgateway.plugin.IsolationReport;
import org.hkpgateway.plugin.Network;
import org.hkpgateway.plugin.PlainOffer;
import org.hkpgateway.plugin.PluginConnection;
import org.hkpgateway.plugin.PluginEndpoint;
import org.hkpgateway.plugin.PluginSource;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.PluginStartException;
import org.hkpgateway.plugin.TestSpec;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

/**
 * The ways in which the gateway learns where a plugin listens, other than a plain
 * handshake with a unix socket; and the checksum of an executable.
 */
@EnabledOnOs(value = OS.LINUX, disabledReason = "looks into /proc")
class LaunchModesIT extends AbstractLauncherIT {

	/** Listens on a port; without a handshake where it was told to. */
	private static final String LISTENER = """
			#!%s
			import os, socket, sys, time
			server = socket.socket()
			time.sleep(float(sys.argv[1]))
			told = os.environ.get("PLUGIN_GRPC_ADDRESS", "127.0.0.1:0")
			host, _, port = told.rpartition(":")
			server.bind((host, int(port)))
			server.listen()
			if "PLUGIN_GRPC_ADDRESS" in os.environ:
				print("told=" + told, flush=True)
			else:
				print("ports=" + os.environ["PLUGIN_MIN_PORT"] + "-" + os.environ["PLUGIN_MAX_PORT"], file=sys.stderr)
				print("1|1|tcp|127.0.0.1:%%d|grpc" %% server.getsockname()[1], flush=True)
			sys.stdin.read()
			""";

	@Test
	void withoutAHandshakeItListensWhereItIsTold() throws Exception {
		PluginProcess plugin = this.launcher.launch(listener(HandshakeMode.NONE, Network.UNIX, "0.3"), new PlainOffer(),
				TIMEOUT);
		assertThat(plugin.endpoint()).isInstanceOfSatisfying(PluginEndpoint.Tcp.class, (tcp) -> {
			assertThat(tcp.host()).isEqualTo("127.0.0.1");
			assertThat(LoopbackPort.accepting(tcp)).contains(tcp);
		});
		assertThat(plugin.certificate()).isNull();
		// Its stdout is ordinary output, from the first line.
		assertThat(printed("told")).isEqualTo("localhost:" + ((PluginEndpoint.Tcp) plugin.endpoint()).port());
	}

	@Test
	void withoutAHandshakeItExits() throws Exception {
		assertThat(failure(shell("exit 3", HandshakeMode.NONE, null), new PlainOffer(), TIMEOUT))
			.hasMessageStartingWith("plugin fake: exited before it accepted connections on localhost:")
			.hasMessageContaining(" (PLUGIN_GRPC_ADDRESS); exit code 3; executable: ");
	}

	@Test
	void withoutAHandshakeItNeverListens() throws Exception {
		assertThat(failure(shell("exec sleep 600", HandshakeMode.NONE, null), new PlainOffer(), Duration.ofMillis(500)))
			.hasMessageStartingWith(
					"plugin fake: no connection: expected: a plugin that accepts connections on localhost:")
			.hasMessageContaining(" within 500 ms, got: none; does it read that variable?; it was still running");
	}

	@Test
	void withoutAHandshakeThereIsNoMutualTls() throws Exception {
		assertThat(failure(shell("exec sleep 600", HandshakeMode.NONE, null), new MtlsOffer(), TIMEOUT))
			.hasMessageStartingWith("plugin fake: handshake: none and transport: mtls: expected: transport plaintext")
			.hasMessageContaining("set hkp.plugins.settings.fake.transport to plaintext");
	}

	@Test
	void tcpWhereItWasOffered() throws Exception {
		PluginProcess plugin = this.launcher.launch(listener(HandshakeMode.GO_PLUGIN, Network.TCP, "0"),
				new PlainOffer(), TIMEOUT);
		assertThat(plugin.endpoint()).isInstanceOfSatisfying(PluginEndpoint.Tcp.class,
				(tcp) -> assertThat(LoopbackPort.accepting(tcp)).contains(tcp));
		assertThat(printed("ports")).isEqualTo("10000-25000");
	}

	@Test
	void theCertificateOfTheHandshake() throws Exception {
		X509Certificate certificate = certificate();
		String field = Base64.getEncoder().withoutPadding().encodeToString(certificate.getEncoded());
		PluginProcess plugin = this.launcher.launch(
				script("hello | sed 's#$#|" + field + "#'; echo told=$PLUGIN_CLIENT_CERT >&2; read _"), new MtlsOffer(),
				TIMEOUT);
		assertThat(plugin.certificate()).isEqualTo(certificate);
		assertThat(printed("told")).isEqualTo("pem");
		assertThat(failure(script("hello; exec sleep 600"), new MtlsOffer(), TIMEOUT))
			.hasMessageStartingWith("plugin fake: mTLS asked and no certificate returned: ");
	}

	@Test
	void attached() {
		PluginProcess plugin = this.launcher.launch(attach("1|1|tcp|127.0.0.1:4711|grpc"), new PlainOffer(), TIMEOUT);
		assertThat(plugin.endpoint()).isEqualTo(new PluginEndpoint.Tcp("127.0.0.1", 4711));
		assertThat(plugin.pid()).isEmpty();
		assertThat(plugin.isolation()).isEqualTo(IsolationReport.NOT_OURS);
		assertThat(plugin.end(Duration.ZERO, Duration.ZERO).code()).isZero();
		assertThat(plugin.onExit()).isNotDone();
		assertThat(failure(attach("hello"), new PlainOffer(), TIMEOUT))
			.hasMessageStartingWith("plugin fake: hkp.plugins.settings.fake.attach: not a handshake: expected: ");
	}

	@Test
	void remote() {
		PluginProcess plugin = this.launcher.launch(
				IsolatedPlugin.spec("fake", new PluginSource.Remote("dns:///filter.example:9000", null, null)),
				new PlainOffer(), TIMEOUT);
		assertThat(plugin.endpoint()).isEqualTo(new PluginEndpoint.Remote("dns:///filter.example:9000"));
		assertThat(plugin.pid()).isEmpty();
	}

	@Test
	void theChecksumIsComparedBeforeEachLaunch() throws Exception {
		Path file = TestSpec.launched(script("hello; read _")).executable();
		String sha256 = sha256(file);
		PluginSpec pinned = shell("hello; read _", HandshakeMode.GO_PLUGIN, sha256);
		this.launcher.launch(pinned, new PlainOffer(), TIMEOUT).end(Duration.ZERO, Duration.ZERO);
		Files.writeString(file, Files.readString(file) + "# changed\n");
		assertThat(failure(pinned, new PlainOffer(), TIMEOUT))
			.hasMessageStartingWith("plugin fake: hkp.plugins.settings.fake.sha256: expected: " + sha256 + ", got: "
					+ sha256(file) + "; if the new file is wanted, change the setting");
		Files.delete(file);
		assertThat(failure(pinned, new PlainOffer(), TIMEOUT))
			.hasMessageContaining("expected: an executable that can be read, got: ");
	}

	private PluginSpec shell(String body, HandshakeMode handshake, String sha256) throws IOException {
		PluginSpec script = script(body);
		return TestSpec.named("fake")
			.source(new PluginSource.Launched(this.root.resolve("plugin"), TestSpec.launched(script).executable(),
					List.of(), sha256, handshake, Network.UNIX, IsolationLevel.NONE))
			.environment(script.environment())
			.build();
	}

	private PluginSpec listener(HandshakeMode handshake, Network network, String delay) throws IOException {
		Path file = TestPlugins.executable(this.root.resolve("plugin/listener"),
				LISTENER.formatted(IsolatedPlugin.python()));
		return IsolatedPlugin.spec("fake", new PluginSource.Launched(this.root.resolve("plugin"), file, List.of(delay),
				null, handshake, network, IsolationLevel.NONE));
	}

	private static PluginSpec attach(String line) {
		return IsolatedPlugin.spec("fake", new PluginSource.Attached(line));
	}

	private PluginStartException failure(PluginSpec spec, PluginConnection.Offer offer, Duration timeout) {
		return catchThrowableOfType(PluginStartException.class, () -> this.launcher.launch(spec, offer, timeout));
	}

	private static String sha256(Path file) throws Exception {
		try (InputStream input = Files.newInputStream(file)) {
			return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(input.readAllBytes()));
		}
	}

	/** Any will do: the JDK brings some. */
	private static X509Certificate certificate() throws Exception {
		TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
		factory.init((KeyStore) null);
		return ((X509TrustManager) factory.getTrustManagers()[0]).getAcceptedIssuers()[0];
	}

	/** Expects a certificate. */
	private static final class MtlsOffer implements PluginConnection.Offer {

		@Override
		public Map<String, String> environment() {
			return Map.of("PLUGIN_CLIENT_CERT", "pem");
		}

		@Override
		public boolean certificateExpected() {
			return true;
		}

		@Override
		public PluginConnection connect(PluginEndpoint endpoint, X509Certificate certificate, Duration timeout) {
			throw new UnsupportedOperationException();
		}

	}

}
