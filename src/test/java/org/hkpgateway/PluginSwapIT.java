package org.hkpgateway;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.hkpgateway.grpc.FakePluginProgram;
import org.hkpgateway.testsupport.Command;
import org.hkpgateway.testsupport.GatewayProcess;
import org.hkpgateway.testsupport.Requirements;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A plugin is replaced while requests come: by the operator, by changed configuration, by
 * changed files. The clients must notice nothing, even when the new version is broken.
 */
@Timeout(240)
class PluginSwapIT {

	private static final Pattern REQUESTS = Pattern.compile("(\\d+) requests in");

	/**
	 * The plugin's, in milliseconds. While requests wait for it, 16 of them at any time,
	 * the machine can do something else.
	 */
	private static final String DELAY = "40";

	@TempDir
	private Path temp;

	@Test
	void aReloadUnderLoadLosesNoRequest() throws Exception {
		Path wrk = Requirements.program("wrk");
		installSlow();
		try (GatewayProcess gateway = start()) {
			long before = gateway.pluginPid("continues");
			CompletableFuture<String> load = load(wrk, gateway, 15);
			GatewayProcess.Changed reload = gateway.change("plugins/continues", "{\"action\":\"reload\"}");
			assertThat(reload.status()).as(String.valueOf(reload.body())).isEqualTo(200);
			JsonNode plugin = gateway.actuator("plugins/continues");
			assertThat(plugin.path("pid").asLong()).isNotEqualTo(before);
			assertThat(plugin.path("generation").asInt()).isEqualTo(2);
			assertThat(ProcessHandle.of(before)).as("in STANDBY during the trial").isPresent();
			assertAllWell(load.get(60, TimeUnit.SECONDS));
			gateway.await("the end of the trial", () -> ProcessHandle.of(before).isEmpty());
			assertThat(gateway.actuator("plugins/continues").path("restarts").asInt()).isZero();
		}
	}

	@Test
	void aReloadToABuildThatCrashesAfterTenSecondsIsRolledBack() throws Exception {
		Path wrk = Requirements.program("wrk");
		installSlow();
		try (GatewayProcess gateway = start()) {
			long before = gateway.pluginPid("continues");
			CompletableFuture<String> load = load(wrk, gateway, 25);
			Path run = this.temp.resolve("continues/run");
			Files.writeString(run, Files.readString(run).replace("\"$@\"", "CRASHES_AFTER_10_S"));
			assertThat(gateway.change("plugins/continues", "{\"action\":\"reload\"}").status()).isEqualTo(200);
			long bad = gateway.actuator("plugins/continues").path("pid").asLong();
			assertThat(bad).isNotEqualTo(before);
			gateway.await("the roll-back", () -> gateway.actuator("plugins/continues").path("pid").asLong() == before);
			assertAllWell(load.get(60, TimeUnit.SECONDS));
			JsonNode plugin = gateway.actuator("plugins/continues");
			assertThat(plugin.path("state").asString("")).isEqualTo("READY");
			assertThat(plugin.toString()).contains("exit code 3");
		}
	}

	@Test
	void aReloadToABuildThatDoesNotStartChangesNothing() throws Exception {
		FakePluginProgram.install(this.temp, "CONTINUES");
		try (GatewayProcess gateway = start()) {
			long before = gateway.pluginPid("continues");
			Path run = this.temp.resolve("continues/run");
			Files.writeString(run, "#!/bin/sh\necho 'cannot open the database' >&2\nexit 1\n");
			GatewayProcess.Changed reload = gateway.change("plugins/continues", "{\"action\":\"reload\"}");
			assertThat(reload.status()).isEqualTo(409);
			assertThat(String.valueOf(reload.body())).contains("cannot open the database");
			assertThat(gateway.pluginPid("continues")).isEqualTo(before);
		}
	}

	@Test
	void changedFilesAreSwappedInWhenWatched() throws Exception {
		FakePluginProgram.install(this.temp, "CONTINUES");
		try (GatewayProcess gateway = start("hkp.plugins.watch=true")) {
			long before = gateway.pluginPid("continues");
			Path manifest = this.temp.resolve("continues/plugin.toml");
			Files.writeString(manifest, Files.readString(manifest).replace("\"9.9\"", "\"10.0\""));
			gateway.await("the new version",
					() -> gateway.actuator("plugins/continues").path("version").asString("").equals("10.0"));
			long second = gateway.pluginPid("continues");
			assertThat(second).isNotEqualTo(before);
			Path run = this.temp.resolve("continues/run");
			Files.writeString(run, Files.readString(run) + "# changed\n");
			gateway.otherPluginPid("continues", second);
			assertThat(gateway.actuator("plugins/continues").path("restarts").asInt()).isZero();
			Files.writeString(manifest, "nonsense");
			gateway.await("a word about it",
					() -> gateway.actuator("plugins").path("findings").toString().contains("not valid TOML"));
			assertThat(gateway.actuator("plugins/continues").path("state").asString("")).isEqualTo("READY");
		}
	}

	private void installSlow() throws IOException {
		FakePluginProgram.installAs(this.temp, "continues", "DELAYS_BY_FILE");
		Files.writeString(this.temp.resolve("continues/delay"), DELAY);
	}

	private GatewayProcess start(String... more) {
		List<String> properties = new java.util.ArrayList<>(
				List.of("hkp.plugins.directories=" + this.temp, "hkp.plugins.settings.continues.required=true",
						"hkp.plugins.settings.continues.timeout=15s", "hkp.plugins.chain-budget=20s"));
		properties.addAll(List.of(more));
		return GatewayProcess.start(properties.toArray(String[]::new));
	}

	private CompletableFuture<String> load(Path wrk, GatewayProcess gateway, int seconds) {
		CompletableFuture<String> load = CompletableFuture.supplyAsync(() -> Command
			.run(this.temp, Duration.ofSeconds(seconds + 30), new byte[0], List.of(wrk.toString(), "-t1", "-c16",
					"-d" + seconds + "s", "--timeout", "30s", gateway.uri() + "/pks/stats"))
			.orFail()
			.text());
		gateway.await("load", () -> gateway.accessLog().size() > 100);
		return load;
	}

	/** wrk mentions what is not 2xx and what is no answer only if there was any. */
	private static void assertAllWell(String report) throws IOException {
		Matcher matcher = REQUESTS.matcher(report);
		assertThat(matcher.find()).as(report).isTrue();
		assertThat(Integer.parseInt(matcher.group(1))).isGreaterThan(300);
		assertThat(report).doesNotContain("Non-2xx").doesNotContain("Socket errors");
	}

}
