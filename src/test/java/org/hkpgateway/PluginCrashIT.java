package org.hkpgateway;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

import org.hkpgateway.testsupport.Command;
import org.hkpgateway.testsupport.GatewayProcess;
import org.hkpgateway.testsupport.Requirements;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A plugin dies, or the gateway does: nobody else may suffer for it.
 */
@Timeout(180)
class PluginCrashIT {

	private static final Pattern STATUS = Pattern.compile("status=(\\d{3})");

	@TempDir
	private Path temp;

	@ParameterizedTest
	@CsvSource({ "closed,500", "open,200" })
	void aKilledPluginIsBackUnderLoad(String policy, int failureStatus) throws Exception {
		Path wrk = Requirements.program("wrk");
		try (GatewayProcess gateway = GatewayProcess.start("hkp.plugins.directories=" + GatewayProcess.ANTIABUSE,
				"hkp.plugins.settings.antiabuse.required=true", "hkp.plugins.settings.antiabuse.fail=" + policy,
				"hkp.plugins.settings.antiabuse.config.threshold=1000000", "hkp.plugins.settings.antiabuse.timeout=10s",
				"hkp.plugins.chain-budget=20s")) {
			long before = gateway.pluginPid("antiabuse");
			// Hundreds of requests in a second, but not all that the machine can do.
			Path pause = Files.writeString(this.temp.resolve("pause.lua"), "function delay() return 5 end\n");
			CompletableFuture<Command.Result> load = CompletableFuture.supplyAsync(
					() -> Command.run(this.temp, Duration.ofSeconds(60), new byte[0], List.of(wrk.toString(), "-t1",
							"-c2", "-d8s", "--timeout", "30s", "-s", pause.toString(), gateway.uri() + "/pks/stats")));
			gateway.await("load", () -> gateway.accessLog().size() > 50);
			ProcessHandle.of(before).orElseThrow().destroyForcibly();
			gateway.otherPluginPid("antiabuse", before);
			String report = load.get(60, TimeUnit.SECONDS).orFail().text();
			assertThat(report).doesNotContain("timeout 1");
			assertThat(Pattern.compile("Socket errors: .*timeout ([1-9]\\d*)").matcher(report).find()).as(report)
				.isFalse();
			Map<Integer, Long> statuses = gateway.accessLog()
				.stream()
				.map(STATUS::matcher)
				.filter(Matcher::find)
				.collect(Collectors.groupingBy((matcher) -> Integer.valueOf(matcher.group(1)), Collectors.counting()));
			assertThat(statuses.keySet()).as(statuses.toString()).isSubsetOf(200, failureStatus).contains(200);
			gateway.await("the line of a failure",
					() -> gateway.accessLog().stream().anyMatch((line) -> line.contains("antiabuse:failed-" + policy)));
			assertThat(gateway.process().isAlive()).isTrue();
			assertThat(gateway.actuator("plugins/antiabuse").path("restarts").asInt()).isEqualTo(1);
		}
	}

	@Test
	void noPluginOutlivesAGatewayThatIsKilled() throws Exception {
		try (GatewayProcess gateway = GatewayProcess.start("hkp.plugins.directories=" + GatewayProcess.ANTIABUSE,
				"hkp.plugins.settings.antiabuse.required=true")) {
			ProcessHandle plugin = ProcessHandle.of(gateway.pluginPid("antiabuse")).orElseThrow();
			gateway.process().destroyForcibly();
			assertThat(Leftovers.endsWithin(plugin.pid(), Duration.ofSeconds(20))).isTrue();
		}
	}

	/** A session of its own: so that Ctrl-C in a terminal does not reach the plugin. */
	@Test
	void aPluginHasASessionOfItsOwnAndAStopLeavesNoProcessAndNoSocket() throws Exception {
		Path ps = Requirements.program("ps");
		Path setsid = Requirements.program("setsid");
		try (GatewayProcess gateway = GatewayProcess.start("hkp.plugins.directories=" + GatewayProcess.ANTIABUSE,
				"hkp.plugins.settings.antiabuse.required=true")) {
			ProcessHandle plugin = ProcessHandle.of(gateway.pluginPid("antiabuse")).orElseThrow();
			Command.Result sessions = Command.run(this.temp, Duration.ofSeconds(10), new byte[0],
					List.of(ps.toString(), "-o", "sid=", "-p", gateway.pid() + "," + plugin.pid()));
			assertThat(sessions.text().lines().map(String::strip)).as("with " + setsid)
				.doesNotHaveDuplicates()
				.hasSize(2);
			assertThat(gateway.leftovers()).isNotEmpty();
			assertThat(gateway.stop()).isEqualTo(143);
			assertThat(plugin.isAlive()).isFalse();
			assertThat(gateway.leftovers()).isEmpty();
			assertThat(gateway.log()).contains("antiabuse")
				.containsPattern("READY -> DRAINING")
				.containsPattern("DRAINING -> STOPPED");
		}
	}

	private static Optional<ProcessHandle> sleeping(GatewayProcess gateway) {
		return gateway.process()
			.descendants()
			.filter((child) -> child.info().commandLine().orElse("").endsWith("sleep 300"))
			.findAny();
	}

	@Test
	void aStopDuringTheStartDoesNotWaitForAPluginThatNeverAnswers() throws Exception {
		Path silent = Files.createDirectory(this.temp.resolve("silent"));
		Files.writeString(silent.resolve("plugin.toml"), """
				[plugin]
				name = "silent"
				version = "1"
				executable = "run"
				protocol_version = "1.0"
				""");
		Path run = Files.writeString(silent.resolve("run"), "#!/bin/sh\nexec sleep 300\n");
		Files.setPosixFilePermissions(run, PosixFilePermissions.fromString("rwxr-xr-x"));
		try (GatewayProcess gateway = GatewayProcess.launch("hkp.plugins.directories=" + this.temp,
				"hkp.plugins.settings.silent.required=true")) {
			// Not one of the short-lived ones that try the isolation.
			gateway.await("a launch", () -> sleeping(gateway).isPresent());
			ProcessHandle plugin = sleeping(gateway).orElseThrow();
			gateway.process().destroy();
			assertThat(gateway.process().waitFor(20, TimeUnit.SECONDS)).as(gateway::log).isTrue();
			assertThat(plugin.isAlive()).isFalse();
			assertThat(gateway.leftovers()).isEmpty();
		}
	}

	@Test
	void aBrokenManifestKeepsThatPluginOutAndSaysWhereAndWhy() throws IOException {
		Path broken = Files.createDirectory(this.temp.resolve("broken"));
		Files.writeString(broken.resolve("plugin.toml"), """
				[plugin]
				name = "broken"
				version = 3
				executable = "hkp-plugin-broken"
				protocol_version = "1.0"
				""");
		Path garbage = Files.createDirectory(this.temp.resolve("garbage"));
		Files.writeString(garbage.resolve("plugin.toml"), "[plugin]\nname = \n");
		try (GatewayProcess gateway = GatewayProcess
			.start("hkp.plugins.directories=" + this.temp + "," + GatewayProcess.ANTIABUSE)) {
			assertThat(gateway.pluginPid("antiabuse")).isPositive();
			var findings = gateway.actuator("plugins").path("findings");
			assertThat(findings.toString()).contains("broken/plugin.toml\",\"line\":3", "expected",
					"garbage/plugin.toml\",\"line\":2");
			assertThat(gateway.actuator("health/plugins/broken").path("status").asString("")).isEqualTo("DEGRADED");
			assertThat(gateway.actuator("health/plugins/antiabuse").path("status").asString("")).isEqualTo("UP");
			assertThat(gateway.actuator("health/readiness").path("status").asString("")).isEqualTo("UP");
		}
	}

	@Test
	void anUnreachableKeyserverKeepsReadinessDownIfSoConfigured() {
		String nobody = "hkp.upstream.urls=http://127.0.0.1:1";
		try (GatewayProcess gateway = GatewayProcess.start("hkp.plugins.directories=" + this.temp, nobody,
				"hkp.readiness.upstream=true")) {
			assertThat(gateway.actuator("health/readiness").path("status").asString("")).isEqualTo("OUT_OF_SERVICE");
			assertThat(gateway.actuator("health/upstream").path("status").asString("")).isEqualTo("DOWN");
		}
		try (GatewayProcess gateway = GatewayProcess.start("hkp.plugins.directories=" + this.temp, nobody)) {
			assertThat(gateway.actuator("health/readiness").path("status").asString("")).isEqualTo("UP");
		}
	}

	@ParameterizedTest
	@CsvSource({ "hkp.edge.max-body=many,hkp.edge.max-body", "hkp.plugins.setings.x.order=1,hkp.plugins.setings",
			"hkp.upstream.urls=ftp://x,hkp.upstream.urls",
			"management.server.address=0.0.0.0,management.server.address", "server.ssl.bundle=keys,hkp.tls.bundle" })
	void aWrongConfigurationStopsTheStartAndNamesTheKey(String property, String key) throws Exception {
		try (GatewayProcess gateway = GatewayProcess.launch("hkp.plugins.directories=" + this.temp, property)) {
			assertThat(gateway.process().waitFor(90, TimeUnit.SECONDS)).isTrue();
			assertThat(gateway.process().exitValue()).isEqualTo(1);
			assertThat(gateway.log()).contains("APPLICATION FAILED TO START", key).doesNotContain("\tat ");
		}
	}

}
