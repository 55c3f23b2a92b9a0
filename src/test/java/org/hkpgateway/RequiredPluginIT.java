package org.hkpgateway;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import org.hkpgateway.grpc.FakePluginProgram;
import org.hkpgateway.testsupport.GatewayProcess;
import org.hkpgateway.testsupport.RawClient;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A required plugin that was READY dies and cannot be started again: what health,
 * readiness and metrics say, and what clients get, until it is back by itself.
 */
@Timeout(180)
class RequiredPluginIT {

	/** More than the window of a breaker needs to judge. */
	private static final int ENOUGH = 30;

	@TempDir
	private Path plugins;

	@ParameterizedTest
	@CsvSource({ "startup,UP", "always,OUT_OF_SERVICE" })
	void aLaterFailureIsDegradedAndOutOfServiceOnlyIfSoConfigured(String required, String readiness) throws Exception {
		Path fail = installNeeded();
		try (GatewayProcess gateway = start("hkp.readiness.required=" + required)) {
			long pid = gateway.pluginPid("needed");
			assertThat(health(gateway, "readiness")).isEqualTo("UP");
			assertThat(health(gateway, "plugins/needed")).isEqualTo("UP");
			assertThat(status(gateway)).isEqualTo(200);

			Files.createFile(fail);
			ProcessHandle.of(pid).orElseThrow().destroyForcibly();
			gateway.await("restarts in vain", () -> reason(gateway).contains("cannot open the database"));
			assertThat(health(gateway, "plugins/needed")).isEqualTo("DEGRADED");
			assertThat(gateway.actuator("health").path("status").asString(""))
				.isEqualTo(required.equals("startup") ? "DEGRADED" : "OUT_OF_SERVICE");
			assertThat(health(gateway, "readiness")).isEqualTo(readiness);
			assertThat(health(gateway, "liveness")).isEqualTo("UP");
			assertThat(status(gateway)).as("its fail policy").isEqualTo(500);

			Files.delete(fail);
			assertThat(gateway.pluginPid("needed")).isNotEqualTo(pid);
			assertThat(health(gateway, "plugins/needed")).isEqualTo("UP");
			assertThat(health(gateway, "readiness")).isEqualTo("UP");
			assertThat(status(gateway)).isEqualTo(200);
			assertThat(gateway.stop()).isEqualTo(143);
		}
	}

	@Test
	void movesAndBreakerAreCounted() throws Exception {
		Path fail = installNeeded();
		FakePluginProgram.installAs(this.plugins, "failing", "FAILS_UNKNOWN");
		try (GatewayProcess gateway = start("hkp.plugins.settings.failing.required=true",
				"hkp.plugins.settings.failing.fail=open", "hkp.plugins.settings.failing.timeout=15s")) {
			assertThat(count(gateway, "breaker.changes", "failing", "OPEN")).isZero();
			for (int i = 0; i < ENOUGH; i++) {
				assertThat(status(gateway)).as("fail: open").isEqualTo(200);
			}
			gateway.await("a count of the open breaker",
					() -> count(gateway, "breaker.changes", "failing", "OPEN") >= 1);
			gateway.await("the line of the open breaker",
					() -> gateway.accessLog().stream().anyMatch((line) -> line.contains("breaker-open")));
			assertThat(count(gateway, "breaker.changes", "needed", "OPEN")).isZero();

			assertThat(count(gateway, "transitions", "needed", "READY")).isEqualTo(1);
			assertThat(count(gateway, "transitions", "needed", "BACKOFF")).isZero();
			Files.createFile(fail);
			ProcessHandle.of(gateway.pluginPid("needed")).orElseThrow().destroyForcibly();
			gateway.await("restarts in vain", () -> count(gateway, "transitions", "needed", "BACKOFF") >= 2);
			Files.delete(fail);
			gateway.pluginPid("needed");
			gateway.await("the count of READY", () -> count(gateway, "transitions", "needed", "READY") == 2);
			assertThat(count(gateway, "transitions", "failing", "READY")).isEqualTo(1);
		}
	}

	/** The file that keeps it from starting. */
	private Path installNeeded() throws IOException {
		FakePluginProgram.installAs(this.plugins, "needed", "CONTINUES", "HEALTHY");
		FakePluginProgram.script(this.plugins.resolve("needed"),
				"if [ -e fail ]; then echo 'cannot open the database' >&2; exit 1; fi");
		return this.plugins.resolve("needed/fail");
	}

	private GatewayProcess start(String... properties) {
		List<String> all = new ArrayList<>(
				List.of("hkp.plugins.directories=" + this.plugins, "hkp.plugins.chain-budget=20s",
						"hkp.plugins.settings.needed.required=true", "hkp.plugins.settings.needed.timeout=15s"));
		all.addAll(List.of(properties));
		return GatewayProcess.start(all.toArray(String[]::new));
	}

	private static String health(GatewayProcess gateway, String path) {
		return gateway.actuator("health/" + path).path("status").asString("");
	}

	private static String reason(GatewayProcess gateway) {
		return gateway.actuator("plugins/needed").path("reason").asString("");
	}

	/** A counter of the gateway; 0 if it has not counted yet. */
	private static int count(GatewayProcess gateway, String meter, String plugin, String to) {
		JsonNode shown = gateway.actuator("metrics/hkp.plugin." + meter + "?tag=plugin:" + plugin + "&tag=to:" + to);
		return (shown != null) ? shown.path("measurements").path(0).path("value").asInt(0) : 0;
	}

	private static int status(GatewayProcess gateway) throws IOException {
		return RawClient.exchange(gateway.port(), "GET /pks/stats HTTP/1.0\r\n\r\n").status();
	}

}
