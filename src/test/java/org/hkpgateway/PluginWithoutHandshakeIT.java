package org.hkpgateway;

import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

import org.hkpgateway.grpc.FakePluginProgram;
import org.hkpgateway.testsupport.GatewayProcess;
import org.hkpgateway.testsupport.RawClient;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A plugin of the earlier Go generation: prints no handshake, listens where
 * {@code PLUGIN_GRPC_ADDRESS} says, and knows no TLS.
 */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class PluginWithoutHandshakeIT {

	@TempDir
	private Path plugins;

	@Test
	void decidesAndIsStartedAgain() throws Exception {
		FakePluginProgram.installAs(this.plugins, "legacy", "DENIES");
		try (GatewayProcess gateway = GatewayProcess.start("hkp.plugins.directories=" + this.plugins,
				"hkp.plugins.settings.legacy.handshake=none", "hkp.plugins.settings.legacy.transport=plaintext",
				"hkp.plugins.settings.legacy.required=true", "hkp.plugins.settings.legacy.timeout=15s",
				"hkp.plugins.chain-budget=20s")) {
			long first = gateway.pluginPid("legacy");
			JsonNode shown = gateway.actuator("plugins/legacy");
			assertThat(shown.path("transport").asString("")).isEqualTo("plaintext");
			assertThat(shown.path("isolation").path("boundary").asBoolean(true)).isFalse();
			assertThat(decided(gateway)).isEqualTo(403);

			ProcessHandle.of(first).orElseThrow().destroyForcibly();
			gateway.otherPluginPid("legacy", first);
			assertThat(gateway.actuator("plugins/legacy").path("restarts").asInt()).isEqualTo(1);
			assertThat(gateway.actuator("plugins/legacy").path("failures").toString()).contains("killed by signal 9");
			assertThat(decided(gateway)).isEqualTo(403);
			assertThat(gateway.stop()).isEqualTo(143);
		}
	}

	private static int decided(GatewayProcess gateway) throws Exception {
		return RawClient.exchange(gateway.port(), "GET /pks/stats HTTP/1.0\r\n\r\n").status();
	}

}
