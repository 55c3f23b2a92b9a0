package org.hkpgateway;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import org.hkpgateway.grpc.RemotePluginProgram;
import org.hkpgateway.host.RemoteHostCalls;
import org.hkpgateway.testsupport.Command;
import org.hkpgateway.testsupport.FreePorts;
import org.hkpgateway.testsupport.GatewayProcess;
import org.hkpgateway.testsupport.RawClient;
import org.hkpgateway.testsupport.SystemProcesses;
import org.hkpgateway.testsupport.TestCertificates;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A plugin that the gateway has not launched calls it back: over TCP, with TLS and its
 * token, as long as it is connected.
 */
@Timeout(value = 6, unit = TimeUnit.MINUTES)
class RemoteHostIT {

	private static final String TOKEN = "dGhlIHRva2VuIG9mIHRoZSBwbHVnaW4gZmFrZQ==";

	private static final String POOR_TOKEN = "dGhlIHRva2VuIG9mIHRoZSBwbHVnaW4gcG9vcg==";

	private static final String SERVED = "1.0";

	private final TestCertificates authority = new TestCertificates();

	private final int hostPort = FreePorts.next();

	private final int pluginPort = FreePorts.next();

	@TempDir
	private Path directory;

	private Path authorityFile;

	private @Nullable Process plugin;

	@BeforeEach
	void writeCertificates() throws IOException {
		this.authority.server("host").writeTo(this.directory);
		this.authorityFile = Files.writeString(this.directory.resolve("ca.pem"), this.authority.authority());
		keytool("-genkeypair", "-alias", "own", "-keyalg", "EC", "-groupname", "secp256r1", "-dname", "CN=localhost",
				"-ext", "san=dns:localhost", "-storetype", "PKCS12");
		keytool("-exportcert", "-rfc", "-alias", "own", "-file", this.directory.resolve("plugin.pem").toString());
	}

	@AfterEach
	void endPlugin() {
		if (this.plugin != null) {
			kill();
		}
	}

	@Test
	void callsEveryMethodThatItWasGranted() throws Exception {
		startPlugin();
		try (GatewayProcess gateway = start(Map.of("HKP_PLUGINS_REMOTE_POOR_HOSTTOKEN", POOR_TOKEN), "false",
				remote("fake", "host-token=" + TOKEN,
						"grants=http.request,http.respond,storage.query,events.publish," + "events.subscribe,state"),
				remote("poor"))) {
			assertThat(gateway.log()).contains("Remote plugins call the gateway back on /127.0.0.1:" + this.hostPort
					+ ", with TLS and their host-token");
			awaitReady(gateway, "fake");
			awaitReady(gateway, "poor");
			assertThat(RemotePluginProgram.call(this.plugin, this.hostPort, this.authorityFile, "fake", TOKEN))
				.isEqualTo("GetHostInfo=2 plugins | RequestStorage=0 keys | StreamStorage=no keys | "
						+ "PublishEvent=0 bytes | PublishEvents=taken | SubscribeEvents=plugin.fake.called of fake | "
						+ "QueryPlugin=UNIMPLEMENTED: declared, but never served: plugins talk through events and "
						+ "shared state | PutState=v1 | GetState=v1 | CompareAndSetState=true | IncrementState=2 | "
						+ "AcquireTokens=true | DeleteState=0 bytes");
			assertThat(gateway.actuator("plugins/fake/state").path("entries").toString())
				.contains("\"key\":\"k\",\"kind\":\"value\",\"content\":\"v2\"", "\"key\":\"t\",\"kind\":\"bucket\"")
				.doesNotContain("\"key\":\"n\"");
			assertThat(gateway.actuator("plugins/poor/state").path("keys").asInt(-1)).isZero();

			String poor = RemotePluginProgram.call(this.plugin, this.hostPort, this.authorityFile, "poor", POOR_TOKEN);
			assertThat(poor).startsWith("GetHostInfo=2 plugins | RequestStorage=" + missing("storage.query")
					+ " | StreamStorage=" + missing("storage.query") + " | PublishEvent=" + missing("events.publish")
					+ " | PublishEvents=" + missing("events.publish") + " | SubscribeEvents="
					+ missing("events.subscribe"));
			for (String method : List.of("PutState", "GetState", "CompareAndSetState", "IncrementState",
					"AcquireTokens", "DeleteState")) {
				assertThat(poor).contains(method + "=" + missing("state"));
			}
			assertThat(refused(gateway, "poor", "not_granted")).isEqualTo(11);
			assertThat(gateway.stop()).isEqualTo(143);
			assertThat(gateway.log()).doesNotContain(TOKEN, POOR_TOKEN);
			assertThat(this.plugin.isAlive()).isTrue();
		}
	}

	private static String missing(String grant) {
		return "PERMISSION_DENIED: expected: the grant " + grant + ", got: a plugin without it; the operator grants it "
				+ "in hkp.plugins.remote.poor.grants";
	}

	@Test
	@EnabledOnOs(OS.LINUX)
	void nobodyElseGetsIn() throws Exception {
		startPlugin();
		try (GatewayProcess gateway = start(Map.of(), "false", remote("fake", "host-token=" + TOKEN),
				List.of("hkp.plugins.directories=" + GatewayProcess.ANTIABUSE))) {
			awaitReady(gateway, "fake");
			Map<String, String> launched = SystemProcesses.environment(gateway.pluginPid("antiabuse"));
			assertThat(answer(TOKEN)).isEqualTo(SERVED);
			assertThat(answer(launched.get("PLUGIN_HOST_TOKEN"))).startsWith("UNAUTHENTICATED: ");
			assertThat(answer(TOKEN + "=")).startsWith("UNAUTHENTICATED: ");
			assertThat(answer(null)).startsWith("UNAUTHENTICATED: ").endsWith("got: no authorization");
			assertThat(refused(gateway, "-", "unauthenticated")).isEqualTo(3);
			String socket = launched.get("PLUGIN_HOST_ADDRESS");
			assertThat(RemoteHostCalls.onSocket(socket, launched.get("PLUGIN_HOST_TOKEN"))).isEqualTo(SERVED);
			assertThat(RemoteHostCalls.onSocket(socket, TOKEN)).startsWith("UNAUTHENTICATED: ");
			// What the server says of it is no HTTP/2.
			assertThat(RemoteHostCalls.one(this.hostPort, null, TOKEN)).containsPattern("^(UNAVAILABLE|INTERNAL): ");
			assertThat(RemoteHostCalls.one(this.hostPort, new TestCertificates().authority(), TOKEN))
				.startsWith("UNAVAILABLE: ");
			gateway.await("a count of both", () -> refused(gateway, "-", "tls") >= 2);

			kill();
			gateway.await("the end of its session", () -> answer(TOKEN).startsWith("UNAUTHENTICATED: "));
			startPlugin();
			gateway.await("another session", () -> answer(TOKEN).equals(SERVED));
			awaitReady(gateway, "fake");

			assertThat(gateway.change("plugins/fake", "{\"action\":\"disable\"}").status()).isEqualTo(200);
			gateway.await("the end of its session", () -> answer(TOKEN).startsWith("UNAUTHENTICATED: "));
			assertThat(gateway.stop()).isEqualTo(143);
			assertThat(answer(TOKEN)).startsWith("UNAVAILABLE: ");
			assertThat(gateway.log()).doesNotContain(TOKEN, launched.get("PLUGIN_HOST_TOKEN"));
		}
	}

	@Test
	void grantsAndCertificatesChangeWithoutARestart() throws Exception {
		startPlugin();
		Path configuration = Files.createDirectory(this.directory.resolve("config"));
		Files.setPosixFilePermissions(configuration, PosixFilePermissions.fromString("rwx------"));
		Path file = configuration.resolve("application.yml");
		grant(file, "state");
		try (GatewayProcess gateway = start(Map.of(), "true", remote("fake", "host-token=" + TOKEN),
				List.of("spring.config.additional-location=file:" + configuration + "/"))) {
			awaitReady(gateway, "fake");
			assertThat(state()).isEqualTo("v1");
			grant(file, "events.publish");
			assertThat(gateway.change("plugins", "{\"action\":\"rescan\"}").status()).isEqualTo(200);
			gateway.await("a grant less", () -> state().startsWith("PERMISSION_DENIED: expected: the grant state"));
			grant(file, "state");
			assertThat(gateway.change("plugins", "{\"action\":\"rescan\"}").status()).isEqualTo(200);
			gateway.await("the grant again", () -> state().equals("v1"));

			TestCertificates other = new TestCertificates();
			other.server("new").writeTo(this.directory);
			gateway.await("the new certificate",
					() -> RemoteHostCalls.one(this.hostPort, other.authority(), TOKEN).equals(SERVED));
			assertThat(answer(TOKEN)).as("who trusts the old authority").startsWith("UNAVAILABLE: ");
			assertThat(gateway.log())
				.contains("SSL bundle host has changed; new TLS connections use its new certificate");
		}
	}

	@Test
	void withATrustStoreACertificateIsNeededBesideTheToken() throws Exception {
		startPlugin();
		try (GatewayProcess gateway = start(Map.of(), "false", remote("fake", "host-token=" + TOKEN),
				List.of("spring.ssl.bundle.pem.host.truststore.certificate=" + this.authorityFile))) {
			awaitReady(gateway, "fake");
			assertThat(gateway.log()).contains(", with TLS, a certificate and their host-token");
			TestCertificates.Server own = this.authority.server("plugin");
			assertThat(RemoteHostCalls.one(this.hostPort, this.authority.authority(), own, TOKEN)).isEqualTo(SERVED);
			assertThat(RemoteHostCalls.one(this.hostPort, this.authority.authority(), own, POOR_TOKEN))
				.startsWith("UNAUTHENTICATED: ");
			TestCertificates.Server foreign = new TestCertificates().server("plugin");
			assertThat(RemoteHostCalls.one(this.hostPort, this.authority.authority(), foreign, TOKEN))
				.startsWith("UNAVAILABLE: ");
			assertThat(answer(TOKEN)).startsWith("UNAVAILABLE: ");
			gateway.await("a count of both", () -> refused(gateway, "-", "tls") >= 2);
		}
	}

	/** The shipped plugin, started by its operator; gateways come and go. */
	@Test
	void aPluginOfTheJavaSdkKeepsItsStateWithTheGateway() throws Exception {
		ProcessBuilder builder = new ProcessBuilder(GatewayProcess.ANTIABUSE.resolve("hkp-plugin-antiabuse").toString())
			.redirectErrorStream(true)
			.redirectOutput(this.directory.resolve("antiabuse.log").toFile());
		builder.environment()
			.putAll(Map.of("HKP_PLUGIN_COOKIE", "hkp-gateway-plugin-7b1e5c1f0d3a4e2c", "PLUGIN_NAME", "antiabuse",
					"PLUGIN_MIN_PORT", String.valueOf(this.pluginPort), "PLUGIN_MAX_PORT",
					String.valueOf(this.pluginPort), "PLUGIN_HOST_ADDRESS", "localhost:" + this.hostPort,
					"PLUGIN_HOST_TOKEN", TOKEN, "PLUGIN_HOST_CA_FILE", this.authorityFile.toString()));
		this.plugin = builder.start();
		for (int i = 0; i < 2; i++) {
			try (GatewayProcess gateway = start(Map.of(), "false",
					List.of("hkp.plugins.remote.antiabuse.address=127.0.0.1:" + this.pluginPort,
							"hkp.plugins.remote.antiabuse.host-token=" + TOKEN,
							"hkp.plugins.remote.antiabuse.grants=http.request,http.respond,state",
							// A quarter of it is for the state.
							"hkp.plugins.remote.antiabuse.timeout=20s"),
					List.of("hkp.plugins.chain-budget=30s"))) {
				awaitReady(gateway, "antiabuse");
				gateway.await("what it keeps of a client", () -> {
					assertThat(lookup(gateway)).isEqualTo(200);
					return gateway.actuator("plugins/antiabuse/state").path("keys").asInt() > 0;
				});
			}
		}
		assertThat(this.plugin.isAlive()).isTrue();
	}

	private static int lookup(GatewayProcess gateway) {
		try {
			return RawClient.exchange(gateway.port(), "GET /pks/lookup?op=stats HTTP/1.0\r\n\r\n").status();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	@Test
	void aPortThatIsTakenStopsTheStart() throws Exception {
		try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"));
				GatewayProcess gateway = GatewayProcess.launch(Stream
					.concat(host("false").stream(),
							Stream.of("hkp.plugins.host.address=127.0.0.1:" + taken.getLocalPort()))
					.toArray(String[]::new))) {
			assertThat(gateway.process().waitFor(2, TimeUnit.MINUTES)).isTrue();
			assertThat(gateway.process().exitValue()).isEqualTo(1);
			assertThat(gateway.log()).contains("hkp.plugins.host.address: expected: an address of this machine and a "
					+ "free port, got: 127.0.0.1:" + taken.getLocalPort() + " (", "Address already in use)");
		}
	}

	private String answer(@Nullable String token) {
		return RemoteHostCalls.one(this.hostPort, this.authority.authority(), token);
	}

	/** What comes of a value that is stored. */
	private String state() {
		return RemoteHostCalls.all(this.hostPort, this.authority.authority(), "fake", TOKEN).get("PutState");
	}

	private static int refused(GatewayProcess gateway, String plugin, String reason) {
		return gateway.actuator("metrics/hkp.plugin.host.refused?tag=plugin:" + plugin + "&tag=reason:" + reason)
			.path("measurements")
			.path(0)
			.path("value")
			.asInt();
	}

	private static void awaitReady(GatewayProcess gateway, String plugin) {
		gateway.await("READY of " + plugin,
				() -> gateway.actuator("plugins/" + plugin).path("state").asString("").equals("READY"));
	}

	private GatewayProcess start(Map<String, String> environment, String reload, List<String> settings,
			List<String> more) {
		List<String> all = new ArrayList<>(host(reload));
		all.addAll(settings);
		all.addAll(more);
		return GatewayProcess.start(environment, all.toArray(String[]::new));
	}

	private List<String> host(String reload) {
		String host = "spring.ssl.bundle.pem.host.";
		return List.of("hkp.plugins.directories=" + this.directory.resolve("none"),
				"hkp.plugins.host.address=127.0.0.1:" + this.hostPort, "hkp.plugins.host.tls-bundle=host",
				host + "keystore.certificate=" + this.directory.resolve("server.pem"),
				host + "keystore.private-key=" + this.directory.resolve("server.key"),
				host + "reload-on-update=" + reload, "spring.ssl.bundle.watch.file.quiet-period=200ms",
				"spring.ssl.bundle.pem.remote.truststore.certificate=file:" + this.directory.resolve("plugin.pem"));
	}

	private List<String> remote(String name, String... more) {
		String prefix = "hkp.plugins.remote." + name + ".";
		List<String> properties = new ArrayList<>(
				List.of(prefix + "address=localhost:" + this.pluginPort, prefix + "tls-bundle=remote"));
		Stream.of(more).map(prefix::concat).forEach(properties::add);
		return properties;
	}

	private static void grant(Path file, String grant) throws IOException {
		Files.writeString(file, "hkp.plugins.remote.fake.grants: [http.request, http.respond, " + grant + "]\n");
	}

	private void startPlugin() throws IOException {
		this.plugin = RemotePluginProgram.start(String.valueOf(this.pluginPort), this.directory.resolve("plugin.p12"),
				null);
	}

	private void kill() {
		this.plugin.destroyForcibly();
		this.plugin.onExit().orTimeout(10, TimeUnit.SECONDS).join();
	}

	private void keytool(String... arguments) {
		List<String> command = new ArrayList<>(
				List.of(Path.of(System.getProperty("java.home"), "bin/keytool").toString()));
		command.addAll(List.of(arguments));
		command.addAll(List.of("-keystore", this.directory.resolve("plugin.p12").toString(), "-storepass",
				RemotePluginProgram.PASSWORD));
		Command.run(this.directory, Duration.ofSeconds(30), new byte[0], command).orFail();
	}

}
