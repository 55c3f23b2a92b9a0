package org.hkpgateway.testsupport;

import java.util.List;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link GatewayProcess}: that a test cannot pass over a gateway that leaks.
 */
@Timeout(120)
class GatewayProcessIT {

	/** The word gets into the log by way of the access log, as a target. */
	@Test
	void aLeakInTheLogFailsTheTestHoweverTheGatewayEnds() throws Exception {
		for (boolean killed : new boolean[] { false, true }) {
			GatewayProcess gateway = GatewayProcess.start();
			assertThat(gateway.log()).doesNotContain(GatewayProcess.LEAK);
			RawClient.exchange(gateway.port(), "GET /" + GatewayProcess.LEAK + " HTTP/1.0\r\n\r\n");
			gateway.await("the line", () -> gateway.log().contains(GatewayProcess.LEAK));
			if (killed) {
				gateway.process().destroyForcibly().waitFor();
			}
			assertThatExceptionOfType(AssertionError.class).isThrownBy(gateway::close)
				.withMessageStartingWith("expected: no leaked buffer, got: ");
		}
	}

	/** That it is unpacked for the other tests changes nothing. */
	@Test
	void theJarStartsAsItIs() throws Exception {
		try (GatewayProcess gateway = GatewayProcess.startJar("hkp.plugins.directories=" + GatewayProcess.ANTIABUSE,
				"hkp.plugins.settings.antiabuse.required=true", "hkp.plugins.settings.antiabuse.timeout=15s",
				"hkp.plugins.chain-budget=20s")) {
			assertThat(gateway.process().info().arguments().orElseThrow()).contains(
					GatewayProcess.root().resolve("target/hkp-gateway.jar").toAbsolutePath().normalize().toString());
			assertThat(gateway.pluginPid("antiabuse")).isPositive();
			assertThat(RawClient.exchange(gateway.port(), "GET /pks/lookup?op=stats HTTP/1.0\r\n\r\n").status())
				.isEqualTo(200);
			assertThat(gateway.stop()).isEqualTo(143);
		}
	}

	@Test
	void garbageIsCollectedBeforeTheEnd() throws Exception {
		try (GatewayProcess gateway = GatewayProcess.startWith(List.of("-Xlog:gc"))) {
			String collected = "Pause Full (Diagnostic Command)";
			assertThat(gateway.log()).doesNotContain(collected);
			assertThat(gateway.stop()).isEqualTo(143);
			assertThat(gateway.log()).contains(collected);
		}
	}

}
