package org.hkpgateway;

import java.nio.file.Path;

import org.hkpgateway.grpc.FakePluginProgram;
import org.hkpgateway.testsupport.GatewayProcess;
import org.hkpgateway.testsupport.RawClient;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * That a gateway tells of a plugin past which requests go, and not of one that has
 * nothing to do.
 */
@Timeout(240)
class ProofOfCallIT {

	@TempDir
	private Path plugins;

	@Test
	void aPluginThatProtectsNothingIsReportedUntilItIsCalledAgain() throws Exception {
		FakePluginProgram.installAs(this.plugins, "passed", "NEVER_ANSWERS", "HEALTHY");
		FakePluginProgram.installAs(this.plugins, "idle", "CONTINUES", "HEALTHY");
		try (GatewayProcess gateway = GatewayProcess.start("hkp.plugins.directories=" + this.plugins,
				"hkp.plugins.settings.passed.required=true", "hkp.plugins.settings.passed.fail=open",
				"hkp.plugins.settings.passed.timeout=50ms", "hkp.plugins.settings.idle.required=true",
				"hkp.plugins.settings.idle.match.paths=/nowhere/**", "hkp.health.proof-of-call=1s")) {
			gateway.pluginPid("passed");
			gateway.pluginPid("idle");
			assertThat(health(gateway, "passed").path("details").has("notCalled")).isFalse();
			// While its breaker is open nothing gets to it, and its fail policy is open.
			gateway.await("the report", () -> {
				assertThat(request(gateway)).isEqualTo(200);
				return health(gateway, "passed").path("details").has("notCalled");
			});
			JsonNode health = health(gateway, "passed");
			assertThat(health.path("status").asString()).isEqualTo("DEGRADED");
			assertThat(health.path("details").path("state").asString()).isEqualTo("READY");
			assertThat(gauge(gateway, "passed")).isOne();
			gateway.awaitLog("Plugin passed protects nothing: ", "and no call got to it, because ");
			assertThat(gateway.actuator("health").path("status").asString()).isEqualTo("DEGRADED");
			assertThat(gateway.actuator("health/readiness").path("status").asString()).isEqualTo("UP");

			JsonNode idle = health(gateway, "idle");
			assertThat(idle.path("status").asString()).as(idle.toString()).isEqualTo("UP");
			assertThat(idle.path("details").path("remark").asString()).startsWith("its match rules hold for none of ");
			assertThat(gauge(gateway, "idle")).isZero();

			// The breaker tries it again after some seconds.
			gateway.await("the end of the report", () -> {
				assertThat(request(gateway)).isEqualTo(200);
				return gateway.log().contains("Plugin passed is called again");
			});
		}
	}

	private static int request(GatewayProcess gateway) {
		try {
			return RawClient.exchange(gateway.port(), "GET /pks/lookup?op=stats HTTP/1.0\r\n\r\n").status();
		}
		catch (java.io.IOException ex) {
			throw new java.io.UncheckedIOException(ex);
		}
	}

	private static JsonNode health(GatewayProcess gateway, String plugin) {
		return gateway.actuator("health/plugins/" + plugin);
	}

	private static double gauge(GatewayProcess gateway, String plugin) {
		return gateway.actuator("metrics/hkp.plugin.unproven?tag=plugin:" + plugin)
			.path("measurements")
			.path(0)
			.path("value")
			.asDouble();
	}

}
