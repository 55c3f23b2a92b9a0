package org.hkpgateway;

import java.io.IOException;
import java.net.ConnectException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

import org.hkpgateway.grpc.FakePluginProgram;
import org.hkpgateway.testsupport.GatewayProcess;
import org.hkpgateway.testsupport.RawClient;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The order in which a gateway stops: readiness, a while of serving on, the port, the
 * requests in flight, the plugins.
 */
@Timeout(120)
class GatewayStopIT {

	private static final String DRAINING = "READY -> DRAINING";

	@TempDir
	private Path plugins;

	@Test
	void pluginsDecideUntilTheLastRequestIsAnswered() throws Exception {
		FakePluginProgram.installAs(this.plugins, "holds", "HOLDS_BY_FILE");
		Path hold = Files.createFile(this.plugins.resolve("holds/hold"));
		try (GatewayProcess gateway = GatewayProcess.start("hkp.plugins.directories=" + this.plugins,
				"hkp.shutdown.pre-stop=10s", "hkp.shutdown.drain=30s", "hkp.plugins.chain-budget=30s",
				"hkp.plugins.settings.holds.required=true", "hkp.plugins.settings.holds.timeout=30s");
				RawClient inFlight = new RawClient(gateway.port())) {
			long pid = gateway.pluginPid("holds");
			assertThat(health(gateway, "readiness")).isEqualTo("UP");
			inFlight.send("GET /pks/stats?held HTTP/1.0\r\n\r\n");
			gateway.await("the plugin to hold it", () -> gateway.log().contains("holds a request"));

			gateway.process().destroy();
			gateway.await("readiness to go", Duration.ofSeconds(9),
					() -> health(gateway, "readiness").equals("OUT_OF_SERVICE"));
			assertThat(health(gateway, "liveness")).isEqualTo("UP");
			assertThat(RawClient.exchange(gateway.port(), "GET /pks/stats?new HTTP/1.0\r\n\r\n").status())
				.isEqualTo(200);
			assertThat(accessLog(gateway, "/pks/stats?new")).contains("holds:continue");
			assertThat(health(gateway, "liveness")).as("still answered, before the port closes").isEqualTo("UP");

			gateway.await("the port to close", Duration.ofSeconds(60), () -> refuses(gateway.port()));
			assertThat(gateway.log()).contains("Stopping: not ready any more, serving for another 10000 ms")
				.doesNotContain(DRAINING);
			assertThat(Leftovers.runs(pid)).isTrue();

			Files.delete(hold);
			assertThat(inFlight.readToEnd().status()).isEqualTo(200);
			assertThat(gateway.awaitEnd()).isEqualTo(143);
			assertThat(accessLog(gateway, "/pks/stats?held")).contains("holds:continue", "status=200");
			assertThat(gateway.log()).containsSubsequence("Stopping: not ready any more", "/pks/stats?new",
					"/pks/stats?held", DRAINING, "DRAINING -> STOPPED");
		}
	}

	private static String health(GatewayProcess gateway, String group) {
		return gateway.actuator("health/" + group).path("status").asString("");
	}

	private static String accessLog(GatewayProcess gateway, String target) {
		gateway.await("a line of " + target,
				() -> gateway.accessLog().stream().anyMatch((line) -> line.contains(target)));
		return gateway.accessLog().stream().filter((line) -> line.contains(target)).findFirst().orElseThrow();
	}

	private static boolean refuses(int port) {
		try (RawClient client = new RawClient(port)) {
			return false;
		}
		catch (ConnectException ex) {
			return true;
		}
		catch (IOException ex) {
			return false;
		}
	}

}
