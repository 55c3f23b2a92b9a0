package org.hkpgateway;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

import org.hkpgateway.testsupport.GatewayProcess;
import org.hkpgateway.testsupport.RawClient;
import org.hkpgateway.testsupport.SystemProcesses;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.JsonNode;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The shipped antiabuse plugin, counting with the gateway and by itself.
 */
@Timeout(180)
class SharedRateLimitIT {

	private static GatewayProcess start(String grants) {
		List<String> properties = new ArrayList<>(List.of("hkp.plugins.directories=" + GatewayProcess.ANTIABUSE,
				"hkp.plugins.settings.antiabuse.required=true", "hkp.plugins.settings.antiabuse.timeout=15s",
				"hkp.plugins.chain-budget=20s", "hkp.plugins.settings.antiabuse.grants=" + grants,
				"hkp.plugins.settings.antiabuse.config.threshold=5",
				// Long, so that nothing comes back while the test runs.
				"hkp.plugins.settings.antiabuse.config.window=1h",
				"hkp.plugins.settings.antiabuse.config.block_steps=10m"));
		return GatewayProcess.start(properties.toArray(String[]::new));
	}

	private static int ask(GatewayProcess gateway) throws IOException {
		return RawClient
			.exchange(gateway.port(), "GET /pks/lookup?op=get&search=0x12345678 HTTP/1.0\r\nHost: k\r\n\r\n")
			.status();
	}

	private static void block(GatewayProcess gateway) throws IOException {
		for (int i = 0; i < 5; i++) {
			assertThat(ask(gateway)).as("request %d", i).isEqualTo(404);
		}
		assertThat(ask(gateway)).isEqualTo(429);
	}

	private static void killAntiabuse(GatewayProcess gateway) throws Exception {
		long pid = gateway.pluginPid("antiabuse");
		SystemProcesses.signal(pid, "KILL");
		gateway.otherPluginPid("antiabuse", pid);
	}

	@Test
	void aBlockOutlivesTheProcessAndIsLiftedByAnOperator() throws Exception {
		try (GatewayProcess gateway = start("http.request,http.respond,state")) {
			block(gateway);
			killAntiabuse(gateway);
			assertThat(ask(gateway)).isEqualTo(429);

			JsonNode state = gateway.actuator("plugins/antiabuse/state");
			assertThat(state.path("entries").toString()).contains(
					"{\"key\":\"127.0.0.1\",\"kind\":\"value\",\"content\":\"5 requests in 3600 s, block 1\"",
					"{\"key\":\"strikes:127.0.0.1\",\"kind\":\"value\",\"content\":\"1\"");
			assertThat(gateway.delete("plugins/antiabuse/state?key=127.0.0.1").status()).isEqualTo(200);
			block(gateway);
			assertThat(gateway.actuator("plugins/antiabuse/state").path("entries").toString())
				.contains("5 requests in 3600 s, block 2");
		}
	}

	@Test
	void withoutTheGrantItCountsByItself() throws Exception {
		try (GatewayProcess gateway = start("http.request,http.respond")) {
			block(gateway);
			assertThat(gateway.actuator("plugins/antiabuse/state").path("keys").asInt(-1)).isZero();
			killAntiabuse(gateway);
			assertThat(ask(gateway)).isEqualTo(404);
		}
	}

}
