package org.hkpgateway;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;

import org.hkpgateway.grpc.RemotePluginProgram;
import org.hkpgateway.testsupport.Command;
import org.hkpgateway.testsupport.FreePorts;
import org.hkpgateway.testsupport.GatewayProcess;
import org.hkpgateway.testsupport.RawClient;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A plugin that the gateway has not launched, from configuration to answer: a sidecar's
 * socket, and TLS with a token over the loopback interface.
 */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class RemotePluginIT {

	private static final String TOKEN = "remote-token-of-this-test";

	@TempDir
	private Path directory;

	private Process plugin;

	@AfterEach
	void endPlugin() {
		if (this.plugin != null) {
			kill();
		}
	}

	@Test
	void sidecarOnAUnixSocketOutlivesTheGateway() throws Exception {
		Path socket = this.directory.resolve("p.sock");
		this.plugin = RemotePluginProgram.start(socket.toString(), null, null);
		try (GatewayProcess gateway = start("hkp.plugins.remote.fake.address=unix:" + socket)) {
			assertDecides(gateway, "plaintext");
			assertThat(gateway.actuator("plugins/fake").path("isolation").toString()).doesNotContain("strict", "basic");
			assertThat(gateway.stop()).isEqualTo(143);
			assertThat(this.plugin.isAlive()).as("the plugin is not the gateway's").isTrue();
			assertThat(socket).exists();
		}
	}

	@Test
	void tlsWithATokenIsLostAndReturns() throws Exception {
		Path keys = keyStore();
		int port = FreePorts.next();
		this.plugin = RemotePluginProgram.start(String.valueOf(port), keys, TOKEN);
		try (GatewayProcess gateway = start("hkp.plugins.remote.fake.address=localhost:" + port,
				"hkp.plugins.remote.fake.tls-bundle=remote", "hkp.plugins.remote.fake.token=" + TOKEN,
				"spring.ssl.bundle.pem.remote.truststore.certificate=file:" + certificate(keys))) {
			assertDecides(gateway, "tls+token");

			kill();
			gateway.await("the loss to be noticed", Duration.ofSeconds(10), () -> !state(gateway).equals("READY"));
			assertThat(status(gateway)).as("fail: closed").isEqualTo(500);

			this.plugin = RemotePluginProgram.start(String.valueOf(port), keys, TOKEN);
			gateway.await("READY again", () -> state(gateway).equals("READY"));
			assertThat(status(gateway)).isEqualTo(403);

			assertThat(gateway.actuator("plugins/fake").toString()).doesNotContain(TOKEN);
			assertThat(gateway.stop()).isEqualTo(143);
			assertThat(gateway.log()).doesNotContain(TOKEN);
			assertThat(this.plugin.isAlive()).isTrue();
		}
	}

	@Test
	void wrongTokenIsSaidWithoutNamingIt() throws Exception {
		Path keys = keyStore();
		int port = FreePorts.next();
		this.plugin = RemotePluginProgram.start(String.valueOf(port), keys, "the-right-one");
		try (GatewayProcess gateway = GatewayProcess.launch("hkp.plugins.directories=" + this.directory.resolve("none"),
				"hkp.plugins.remote.fake.address=localhost:" + port, "hkp.plugins.remote.fake.tls-bundle=remote",
				"hkp.plugins.remote.fake.token=" + TOKEN,
				"spring.ssl.bundle.pem.remote.truststore.certificate=file:" + certificate(keys))) {
			gateway.await("the refusal", () -> gateway.log().contains("UNAUTHENTICATED"));
			assertThat(gateway.log()).contains("do gateway and plugin agree on the transport, and on the token?")
				.doesNotContain(TOKEN);
		}
	}

	@Test
	void mutualTlsRefusesAnotherCertificateAndNone() throws Exception {
		Path keys = keyStore();
		Path client = keyStore("client");
		Path other = keyStore("other");
		int port = FreePorts.next();
		this.plugin = RemotePluginProgram.start(String.valueOf(port), keys, certificate(client), null);
		List<String> properties = new ArrayList<>();
		for (String name : List.of("fake", "stranger", "keyless")) {
			properties.add("hkp.plugins.remote." + name + ".address=localhost:" + port);
			properties.add("hkp.plugins.remote." + name + ".tls-bundle=" + name);
			properties.add("spring.ssl.bundle.pem." + name + ".truststore.certificate=file:" + certificate(keys));
		}
		properties.addAll(own("fake", client));
		properties.addAll(own("stranger", other));
		try (GatewayProcess gateway = start(properties.toArray(String[]::new))) {
			gateway.await("READY", () -> state(gateway).equals("READY"));
			assertThat(gateway.actuator("plugins/fake").path("transport").asString("")).isEqualTo("mtls");
			assertThat(status(gateway)).as("decided by the first in order").isEqualTo(403);
			for (String name : List.of("stranger", "keyless")) {
				gateway.await("a failure of " + name,
						() -> !gateway.actuator("plugins/" + name).path("failures").isEmpty());
				JsonNode refused = gateway.actuator("plugins/" + name);
				assertThat(refused.path("state").asString("")).isNotEqualTo("READY");
				assertThat(refused.path("failures").toString()).contains("TLS handshake failed");
			}
			assertThat(gateway.stop()).isEqualTo(143);
		}
	}

	/** The gateway's key and certificate in a bundle, as the operator guide has them. */
	private List<String> own(String bundle, Path keyStore) throws Exception {
		KeyStore store = KeyStore.getInstance(keyStore.toFile(), RemotePluginProgram.PASSWORD.toCharArray());
		byte[] key = store.getKey("own", RemotePluginProgram.PASSWORD.toCharArray()).getEncoded();
		Path pem = Files.writeString(Path.of(keyStore + ".key"), "-----BEGIN PRIVATE KEY-----\n"
				+ Base64.getMimeEncoder().encodeToString(key) + "\n-----END PRIVATE KEY-----\n");
		String prefix = "spring.ssl.bundle.pem." + bundle + ".keystore.";
		return List.of(prefix + "certificate=file:" + certificate(keyStore), prefix + "private-key=file:" + pem);
	}

	private GatewayProcess start(String... properties) throws IOException {
		Files.createDirectory(this.directory.resolve("none"));
		List<String> all = new ArrayList<>(List.of(properties));
		all.addAll(List.of("hkp.plugins.directories=" + this.directory.resolve("none"),
				"hkp.plugins.remote.fake.required=true", "hkp.plugins.remote.fake.timeout=15s",
				"hkp.plugins.chain-budget=20s"));
		return GatewayProcess.start(all.toArray(String[]::new));
	}

	private static void assertDecides(GatewayProcess gateway, String transport) throws IOException {
		gateway.await("READY", () -> state(gateway).equals("READY"));
		JsonNode shown = gateway.actuator("plugins/fake");
		assertThat(shown.path("transport").asString("")).isEqualTo(transport);
		assertThat(shown.path("pid").isNull()).isTrue();
		assertThat(status(gateway)).isEqualTo(403);
	}

	private static String state(GatewayProcess gateway) {
		return gateway.actuator("plugins/fake").path("state").asString("");
	}

	private static int status(GatewayProcess gateway) throws IOException {
		return RawClient.exchange(gateway.port(), "GET /pks/stats HTTP/1.0\r\n\r\n").status();
	}

	private void kill() {
		this.plugin.destroyForcibly();
		this.plugin.onExit().orTimeout(10, TimeUnit.SECONDS).join();
	}

	private Path keyStore() {
		return keyStore("server");
	}

	private Path keyStore(String name) {
		Path file = this.directory.resolve(name + ".p12");
		keytool("-genkeypair", "-alias", "own", "-keyalg", "EC", "-groupname", "secp256r1", "-dname", "CN=localhost",
				"-ext", "san=dns:localhost", "-storetype", "PKCS12", "-keystore", file.toString());
		return file;
	}

	private Path certificate(Path keyStore) {
		Path file = Path.of(keyStore + ".pem");
		if (Files.exists(file)) {
			return file;
		}
		keytool("-exportcert", "-rfc", "-alias", "own", "-keystore", keyStore.toString(), "-file", file.toString());
		return file;
	}

	private void keytool(String... arguments) {
		List<String> command = new ArrayList<>(
				List.of(Path.of(System.getProperty("java.home"), "bin/keytool").toString()));
		command.addAll(List.of(arguments));
		command.addAll(List.of("-storepass", RemotePluginProgram.PASSWORD));
		Command.run(this.directory, Duration.ofSeconds(30), new byte[0], command).orFail();
	}

}
