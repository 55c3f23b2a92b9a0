package org.hkpgateway;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

import org.hkpgateway.grpc.FakePluginProgram;
import org.hkpgateway.testsupport.Command;
import org.hkpgateway.testsupport.ForeignPlugins;
import org.hkpgateway.testsupport.GatewayProcess;
import org.hkpgateway.testsupport.GpgHome;
import org.hkpgateway.testsupport.GuideBlocks;
import org.hkpgateway.testsupport.RawClient;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A plugin of the earlier Go generation, manifest and program as its authors left them,
 * under nothing but the operator's configuration, which is that of
 * {@code docs/migrating.md}.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class LegacyGoPluginIT {

	private static final String NAME = "legacy-guard";

	private static final String HEARER = "all-ears";

	private static final String SETTINGS = "hkp.plugins.settings." + NAME;

	@TempDir
	private Path plugins;

	@TempDir
	private Path configuration;

	@BeforeEach
	void install() {
		ForeignPlugins.installLegacy(this.plugins);
	}

	@Test
	void theCheckPrintsWhatTheGuideSays() throws IOException {
		Command.Result check = Command.run(this.plugins, Duration.ofMinutes(1), new byte[0],
				List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-jar",
						GatewayProcess.root().resolve("target/hkp-gateway.jar").toAbsolutePath().toString(), "plugins",
						"check", this.plugins.toString()));
		assertThat(check.orFail().text().replace(this.plugins.toString(), "/var/lib/hockeypuck/plugins"))
			.isEqualTo(GuideBlocks.text("migrating.md", "text", "1 plugin can run"));
	}

	@Test
	void isFoundWithNoticesAndDecidesByWhatItSeesOfTheClient() throws Exception {
		try (GatewayProcess gateway = start("hkp.client-address.trusted-proxies=127.0.0.1",
				SETTINGS + ".config.blockedClients[0]=203.0.113.66")) {
			gateway.pluginPid(NAME);
			assertThat(findings(gateway)).containsExactly("27 notice", "32 notice", "3 notice", "10 notice");
			gateway.awaitLog(GuideBlocks.text("migrating.md", "text", "granted beyond")
				.strip()
				.replace("/var/lib/hockeypuck/plugins", this.plugins.toString()));
			JsonNode shown = gateway.actuator("plugins/" + NAME);
			assertThat(shown.path("transport").asString("")).isEqualTo("plaintext");
			assertThat(shown.path("order").asInt()).isEqualTo(30);
			assertThat(shown.path("version").asString("")).isEqualTo("1.4.2");

			RawClient.Answer passed = get(gateway, "/pks/stats", "X-Forwarded-For: 198.51.100.1, 203.0.113.7",
					"X-Real-IP: 198.51.100.2", "Forwarded: for=198.51.100.3");
			assertThat(passed.status()).isEqualTo(200);
			assertThat(passed.header("x-guard-plugin")).isEqualTo("legacy-guard/1.4.2");
			assertThat(passed.header("x-guard-client")).isEqualTo("203.0.113.7");
			RawClient.Answer path = get(gateway, "/admin/panel");
			assertThat(path.status()).isEqualTo(429);
			assertThat(path.body()).isEqualTo("Blocked: path\n");
			RawClient.Answer client = get(gateway, "/pks/stats", "X-Forwarded-For: 127.0.0.1, 203.0.113.66");
			assertThat(client.status()).isEqualTo(429);
			assertThat(client.body()).isEqualTo("Blocked: client\n");
		}
	}

	@Test
	void hearsOfKeysIsStartedAgainAndEndsWithTheGatewayThoughItIgnoresShutdown() throws Exception {
		FakePluginProgram.installHearing(this.plugins, HEARER, "EVERYTHING",
				"capabilities = [\"http.request\", \"http.respond\", \"events.subscribe\"]");
		String settings = "hkp.plugins.settings." + HEARER;
		try (GatewayProcess gateway = start(settings + ".required=true", settings + ".timeout=15s",
				settings + ".match.paths=/" + HEARER + "/**",
				settings + ".grants=http.request,http.respond,events.subscribe"); GpgHome gpg = GpgHome.create()) {
			long first = gateway.pluginPid(NAME);
			gateway.awaitLog("maxRequestsPerMinute=100000 blockedPaths=[/admin /internal]");
			RawClient.Answer forged = get(gateway, "/pks/stats", "X-Forwarded-For: 203.0.113.66",
					"X-Real-IP: 203.0.113.67", "X_Forwarded_For: 203.0.113.68");
			assertThat(forged.header("x-guard-client")).isEqualTo("127.0.0.1");

			String fingerprint = gpg.generate("Lotte Legacy <lotte@legacy.example>");
			gpg.runWithKeyserver(gateway.uri(), "--send-keys", fingerprint).orFail();
			gateway.awaitLog("key change: CREATE " + fingerprint);
			gateway.await("what it answers with, on the bus",
					() -> heard(gateway).stream()
						.anyMatch((line) -> line.startsWith("batch " + NAME + " plugin." + NAME + ".guard.key.seen ")
								&& line.contains(fingerprint)));

			ProcessHandle.of(first).orElseThrow().destroyForcibly();
			long second = gateway.otherPluginPid(NAME, first);
			assertThat(gateway.actuator("plugins/" + NAME).path("failures").toString()).contains("killed by signal 9");
			assertThat(get(gateway, "/admin").status()).isEqualTo(429);
			assertThat(get(gateway, "/pks/stats").status()).isEqualTo(200);

			assertThat(gateway.stop()).isEqualTo(143);
			assertThat(ProcessHandle.of(second)).isEmpty();
			assertThat(gateway.log()).contains("shutting down: ").doesNotContain("ERROR", "is left out");
		}
	}

	/** By a plugin that subscribes to all events. */
	private static List<String> heard(GatewayProcess gateway) {
		try {
			return get(gateway, "/" + HEARER + "/tells-events").body().lines().toList();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private GatewayProcess start(String... more) throws IOException {
		Path guide = Files.writeString(this.configuration.resolve("application.yml"),
				GuideBlocks.text("migrating.md", "yaml", "handshake: none"));
		List<String> properties = new ArrayList<>(List.of("spring.config.additional-location=" + guide,
				"hkp.plugins.directories=" + this.plugins, SETTINGS + ".timeout=15s", "hkp.plugins.chain-budget=20s"));
		properties.addAll(List.of(more));
		return GatewayProcess.start(properties.toArray(String[]::new));
	}

	private static List<String> findings(GatewayProcess gateway) {
		List<String> found = new ArrayList<>();
		gateway.actuator("plugins")
			.path("findings")
			.forEach(
					(finding) -> found.add(finding.path("line").asInt() + " " + finding.path("severity").asString("")));
		return found;
	}

	private static RawClient.Answer get(GatewayProcess gateway, String target, String... headers) throws IOException {
		StringBuilder request = new StringBuilder("GET " + target + " HTTP/1.0\r\n");
		for (String header : headers) {
			request.append(header).append("\r\n");
		}
		return RawClient.exchange(gateway.port(), request.append("\r\n").toString());
	}

}
