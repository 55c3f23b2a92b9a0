package org.hkpgateway;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import org.hkpgateway.testsupport.GatewayProcess;
import org.hkpgateway.testsupport.GatewayProcess.Changed;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Settings that change while the gateway runs: right ones apply without a restart, a
 * wrong one is refused with key, value and reason, and what was in force stays.
 */
@Timeout(240)
class WrongSettingsIT {

	private static final String ANTIABUSE = "hkp.plugins.settings.antiabuse";

	@TempDir
	private Path configuration;

	/** What an operator may write, and what the answer must say of it. */
	private static Map<String, List<String>> wrong() {
		Map<String, List<String>> wrong = new LinkedHashMap<>();
		wrong.put("timeout: soon",
				List.of(ANTIABUSE + ".timeout: expected: a duration", "got: soon (", "application.yml] - 1:"));
		wrong.put("timeout: 0s", List.of(ANTIABUSE + ".timeout: expected: a duration above 0, got: PT0S"));
		wrong.put("body-prefix: much", List.of(ANTIABUSE + ".body-prefix: expected: a size", "got: much"));
		wrong.put("body-prefix: 2MB", List.of(ANTIABUSE + ".body-prefix: expected: 1B to 1MB, got: 2097152B"));
		wrong.put("max-concurrent: 0", List.of(ANTIABUSE + ".max-concurrent: expected: a number above 0, got: 0"));
		wrong.put("max-concurrent: many",
				List.of(ANTIABUSE + ".max-concurrent: expected: a whole number", "got: many"));
		wrong.put("max-concurrent: 1.5", List.of(ANTIABUSE + ".max-concurrent: expected: a whole number, got: 1.5"));
		wrong.put("order: 7.9", List.of(ANTIABUSE + ".order: expected: a whole number, got: 7.9"));
		wrong.put("fail: maybe", List.of(ANTIABUSE + ".fail: expected: one of closed, open, got: maybe"));
		wrong.put("handshake: go_plug",
				List.of(ANTIABUSE + ".handshake: expected: one of go-plugin, none, got: go_plug"));
		wrong.put("enabled: perhaps", List.of(ANTIABUSE + ".enabled: expected: true or false, got: perhaps"));
		wrong.put("timeuot: 1s", List.of(ANTIABUSE + ".timeuot"));
		wrong.put("grants: [http.request, http.respnd]",
				List.of(ANTIABUSE + ".grants: expected: capabilities, any of", "http.respond", "got: http.respnd"));
		wrong.put("match.clients: [192.0.2.0/99]",
				List.of(ANTIABUSE + ".match.clients: expected: addresses or CIDRs", "got: 192.0.2.0/99"));
		wrong.put("sha256: abc", List.of(ANTIABUSE + ".sha256: expected: 64 hexadecimal digits", "got: abc"));
		wrong.put("mode: [enforce",
				List.of("/application.yml, line 1, column 48: expected: YAML, got: text that is none",
						"expected ',' or ']', but got }", "; Mend that line"));
		return wrong;
	}

	@Test
	void areRefusedWithKeyValueAndReasonAndRightOnesApplyWithoutARestart() throws Exception {
		write("{order: 7, config: {threshold: 1000}}");
		try (GatewayProcess gateway = GatewayProcess.start("hkp.plugins.directories=" + GatewayProcess.ANTIABUSE,
				"spring.config.additional-location=file:" + this.configuration + "/", ANTIABUSE + ".required=true")) {
			long pid = gateway.pluginPid("antiabuse");
			wrong().forEach((settings, words) -> {
				write("{" + settings + "}");
				Changed refused = rescan(gateway);
				assertThat(refused.status()).as(settings).isEqualTo(400);
				assertThat(refused.body().toString()).as(settings)
					.contains("the configuration is not valid, so nothing is changed: ")
					.contains(words.stream().map(WrongSettingsIT::inJson).toList());
				assertStays(gateway, pid);
			});
			aKeyOutsideThePluginIsRefusedTogetherWithWhatIsRight(gateway, pid);
			whatThePluginItselfRefusesLeavesTheOldProcess(gateway, pid);

			write("{order: 8, config: {threshold: 500}}");
			assertThat(result(rescan(gateway)).path("outcome").asString("")).isEqualTo("DONE");
			assertThat(gateway.otherPluginPid("antiabuse", pid)).isNotEqualTo(pid);
			assertThat(gateway.actuator("plugins/antiabuse").path("order").asInt()).isEqualTo(8);
			assertThat(gateway.stop()).isEqualTo(143);
		}
	}

	@Test
	void keepTheGatewayFromStartingWithKeyFileAndReason() throws Exception {
		write("{max-concurrent: 1.5}");
		assertThat(failedStart()).contains("Property: " + ANTIABUSE + ".max-concurrent", "Value: \"1.5\"",
				"application.yml] - 1:", "expected: a whole number, got: 1.5");
		write("{order: 7}\nhkp.edge.max-connections: 2.5");
		assertThat(failedStart()).contains("Property: hkp.edge.max-connections", "application.yml] - 2:",
				"expected: a whole number, got: 2.5");
		write("{mode: [enforce}");
		assertThat(failedStart())
			.contains(this.configuration.resolve("application.yml") + ", line 1, column 48: expected: YAML, got: ",
					"Mend that line or one before it")
			.doesNotContain("\tat ");
	}

	private String failedStart() throws InterruptedException {
		try (GatewayProcess gateway = GatewayProcess
			.launch("spring.config.additional-location=file:" + this.configuration + "/")) {
			assertThat(gateway.awaitEnd()).as(gateway::log).isEqualTo(1);
			return gateway.log();
		}
	}

	private void aKeyOutsideThePluginIsRefusedTogetherWithWhatIsRight(GatewayProcess gateway, long pid) {
		write("{order: 9}\nhkp.edge.max-body: 3GB");
		Changed refused = rescan(gateway);
		assertThat(refused.status()).isEqualTo(400);
		assertThat(refused.body().toString()).contains("hkp.edge.max-body: expected: 1B to 2047MB, got: 3221225472B");
		assertStays(gateway, pid);
	}

	private void whatThePluginItselfRefusesLeavesTheOldProcess(GatewayProcess gateway, long pid) {
		write("{order: 7, config: {threshold: many}}");
		JsonNode result = result(rescan(gateway));
		assertThat(result.path("outcome").asString("")).isEqualTo("FAILED");
		assertThat(result.path("reason").asString("")).contains("configuration key 'threshold': expected: ",
				"got: \"many\"");
		assertStays(gateway, pid);
	}

	private static void assertStays(GatewayProcess gateway, long pid) {
		assertThat(gateway.pluginPid("antiabuse")).isEqualTo(pid);
		assertThat(gateway.actuator("plugins/antiabuse").path("order").asInt()).isEqualTo(7);
	}

	private static Changed rescan(GatewayProcess gateway) {
		return gateway.change("plugins", "{\"action\":\"rescan\"}");
	}

	private static JsonNode result(Changed change) {
		assertThat(change.status()).as(String.valueOf(change.body())).isEqualTo(200);
		return change.body().path("results").path("antiabuse");
	}

	private static String inJson(String words) {
		return words.replace("\\", "\\\\").replace("\"", "\\\"");
	}

	private void write(String settings) {
		try {
			Files.writeString(this.configuration.resolve("application.yml"), ANTIABUSE + ": " + settings + "\n");
		}
		catch (IOException ex) {
			throw new AssertionError(ex);
		}
	}

}
