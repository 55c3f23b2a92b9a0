package org.hkpgateway;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

import org.hkpgateway.grpc.FakePluginProgram;
import org.hkpgateway.testsupport.Command;
import org.hkpgateway.testsupport.GatewayProcess;
import org.hkpgateway.testsupport.RawClient;
import org.hkpgateway.testsupport.RawUpstream;

import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A plugin process in shadow mode that answers no more: no request notices.
 */
@Timeout(300)
class ShadowProcessIT {

	private static final String SETTINGS = "hkp.plugins.settings.s.";

	private static final String GRANTS = "http.request,http.respond,http.request.body,http.response";

	private static final int REQUESTS = 60;

	/** Of calls at a time; more are refused at once. */
	private static final int MOST_CALLS = 4;

	/** Any wait for the plugin would take as long. */
	private static final Duration TIMEOUT = Duration.ofSeconds(60);

	@TempDir
	private Path plugins;

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void whileItIsStoppedRequestsPassAndAllAreCompared(boolean stream) throws Exception {
		FakePluginProgram.installSpeaking(this.plugins, "s", "CONTINUES", stream,
				"capabilities = [\"" + GRANTS.replace(",", "\", \"") + "\"]");
		try (RawUpstream upstream = RawUpstream.answering("HTTP/1.0 200 OK\r\nContent-Length: 10\r\n\r\nkeyserver!");
				GatewayProcess gateway = GatewayProcess.start("hkp.plugins.directories=" + this.plugins,
						"hkp.upstream.urls=" + upstream.uri(), "hkp.plugins.chain-budget=60s", SETTINGS + "mode=shadow",
						SETTINGS + "grants=" + GRANTS, SETTINGS + "body=full", SETTINGS + "timeout=60s",
						SETTINGS + "max-concurrent=" + MOST_CALLS)) {
			gateway.await("the plugin", () -> gateway.actuator("plugins/s").path("state").asString("").equals("READY"));
			// One after the other, each compared before the next: there is always room.
			for (int i = 1; i <= MOST_CALLS; i++) {
				request(gateway, i);
				int made = i;
				gateway.await("a comparison", () -> compared(gateway) == made);
			}
			assertThat(gateway.log()).doesNotContain("Shadow plugin s:");

			String pid = Long.toString(gateway.pluginPid("s"));
			Command.run(this.plugins, Duration.ofSeconds(10), new byte[0], List.of("kill", "-STOP", pid)).orFail();
			try {
				for (int i = 0; i < REQUESTS; i++) {
					long started = System.nanoTime();
					request(gateway, i);
					assertThat(Duration.ofNanos(System.nanoTime() - started)).isLessThan(TIMEOUT.dividedBy(4));
				}
				gateway.await("comparisons of those that found no room", () -> compared(gateway) == REQUESTS);
			}
			finally {
				Command.run(this.plugins, Duration.ofSeconds(10), new byte[0], List.of("kill", "-CONT", pid)).orFail();
			}
			gateway.await("the others", () -> compared(gateway) == REQUESTS + MOST_CALLS);
			gateway.awaitLog("Shadow plugin s: failed: bulkhead-full: ");
			assertThat(gateway.accessLog()).noneMatch((line) -> line.contains("s:"));
		}
	}

	/** Lookups and uploads by turns. */
	private static void request(GatewayProcess gateway, int number) throws Exception {
		try (RawClient client = new RawClient(gateway.port())) {
			if (number % 2 == 0) {
				client.send("GET /pks/lookup?op=get&search=alice HTTP/1.0\r\n\r\n");
			}
			else {
				client.send("POST /pks/add HTTP/1.0\r\nContent-Length: 100000\r\n\r\n").send(new byte[100_000]);
			}
			assertThat(client.readToEnd().body()).isEqualTo("keyserver!");
		}
	}

	private static int compared(GatewayProcess gateway) {
		JsonNode shown = gateway.actuator("metrics/hkp.plugin.shadow?tag=plugin:s");
		return (shown != null) ? shown.path("measurements").path(0).path("value").asInt(0) : 0;
	}

}
