package org.hkpgateway;

import java.net.URI;

import org.hkpgateway.testsupport.GatewayProcess;
import org.hkpgateway.testsupport.RawHttp;
import org.hkpgateway.testsupport.RawKeyserver;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What an operator sees of several keyservers.
 */
@Timeout(180)
class SeveralKeyserversIT {

	@Test
	void aKeyserverThatGoesAndComesBackIsSeenInHealthMetricAndLog() throws Exception {
		try (RawKeyserver primary = new RawKeyserver("primary");
				RawKeyserver second = new RawKeyserver("second");
				GatewayProcess gateway = GatewayProcess.start("hkp.upstream.urls=" + primary.uri() + "," + second.uri(),
						"hkp.upstream.health.interval=200ms",
						"hkp.plugins.directories=" + GatewayProcess.root().resolve("no-such-directory"))) {
			assertThat(status(gateway)).isEqualTo("UP");
			assertThat(up(gateway, primary.uri())).isEqualTo(1);
			assertThat(up(gateway, second.uri())).isEqualTo(1);

			second.kill();
			gateway.await("the metric of one that is down", () -> up(gateway, second.uri()) == 0);
			assertThat(up(gateway, primary.uri())).isEqualTo(1);
			assertThat(status(gateway)).isEqualTo("DEGRADED");
			assertThat(gateway.actuator("health/upstream").path("details").path(second.uri().toString()).toString())
				.contains("\"primary\":false", "\"inUse\":false", "\"answers\":false");
			assertThat(gateway.log()).contains("Keyserver " + second.uri().getAuthority() + " is down: ");
			for (int i = 0; i < 10; i++) {
				assertThat(RawHttp.request(gateway.port(), "GET", "/pks/lookup?op=stats")).contains("primary");
			}

			second.restart();
			gateway.await("the metric of one that is up again", () -> up(gateway, second.uri()) == 1);
			assertThat(gateway.log()).contains("Keyserver " + second.uri().getAuthority() + " is up: ");
			assertThat(status(gateway)).isEqualTo("UP");
		}
	}

	private static String status(GatewayProcess gateway) {
		return gateway.actuator("health/upstream").path("status").asString("");
	}

	private static int up(GatewayProcess gateway, URI upstream) {
		return gateway.actuator("metrics/hkp.upstream.up?tag=upstream:" + upstream)
			.path("measurements")
			.path(0)
			.path("value")
			.asInt(-1);
	}

}
