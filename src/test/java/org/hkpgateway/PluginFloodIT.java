package org.hkpgateway;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

import org.hkpgateway.grpc.FakePluginProgram;
import org.hkpgateway.testsupport.GatewayProcess;
import org.hkpgateway.testsupport.RawClient;
import org.hkpgateway.testsupport.Requirements;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A plugin fills both of its pipes for a minute, and the gateway has little memory.
 */
@Timeout(240)
class PluginFloodIT {

	private static final Duration FLOOD = Duration.ofSeconds(60);

	/** Lines of a plugin in the log: at once, and then in a second. */
	private static final int BURST = 1000;

	private static final int PER_SECOND = 200;

	@TempDir
	private Path plugins;

	@Test
	void neitherLogNorMemoryGrowsAndRequestsAreAnswered() throws Exception {
		Requirements.timeFor("a minute of flood");
		FakePluginProgram.installAs(this.plugins, "floods", "FLOODS_FOR_A_MINUTE");
		// Without memory it ends, instead of going on somehow.
		Map<String, String> smallHeap = Map.of("_JAVA_OPTIONS", "-Xmx80m -XX:+ExitOnOutOfMemoryError");
		try (GatewayProcess gateway = GatewayProcess.start(smallHeap, "hkp.plugins.directories=" + this.plugins,
				"hkp.plugins.settings.floods.required=true", "hkp.plugins.settings.floods.timeout=10s",
				"hkp.plugins.chain-budget=10s")) {
			long pid = gateway.pluginPid("floods");
			long begin = System.nanoTime();
			int answered = 0;
			while (System.nanoTime() - begin < FLOOD.toNanos()) {
				assertThat(RawClient.exchange(gateway.port(), "GET /pks/stats HTTP/1.0\r\n\r\n").status())
					.isEqualTo(200);
				assertThat(gateway.actuator("health/liveness").path("status").asString("")).isEqualTo("UP");
				answered++;
				TimeUnit.MILLISECONDS.sleep(50);
			}
			assertThat(answered).as("requests answered during the flood").isGreaterThan((int) FLOOD.toSeconds());
			assertThat(gateway.pluginPid("floods")).as("neither ended nor restarted").isEqualTo(pid);
			long seconds = Duration.ofNanos(System.nanoTime() - begin).toSeconds() + 1;
			List<String> lines = gateway.log().lines().filter((line) -> line.contains(" plugin.floods ")).toList();
			// With the reports of suppressed lines, one a second.
			assertThat((long) lines.size()).isBetween((long) BURST, BURST + seconds * (PER_SECOND + 1));
			assertThat(lines).anyMatch((line) -> line.matches(".* WARN .* \\d{5,} lines of output suppressed: .*"));
			assertThat(gateway.stop()).isEqualTo(143);
		}
	}

}
