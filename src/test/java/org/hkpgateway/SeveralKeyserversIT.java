package org.hkpgateway;

import java.net.URI;

import org.hkpgateway.testsupport.GatewayProcess;
import org.hkpgateway.testsupport.RawHttp;
import org.hkpgateway.testsupport.RawKeyserver;
import org.hkpgateway.testsupport.SksServer;
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
			gateway.awaitLog("Keyserver " + second.uri().getAuthority() + " is down: ");
			for (int i = 0; i < 10; i++) {
				assertThat(RawHttp.request(gateway.port(), "GET", "/pks/lookup?op=stats")).contains("primary");
			}
			assertThat(metric(gateway, "hkp.upstream.failures?tag=kind:unsent&tag=upstream:" + second.uri())).isZero();
			assertThat(metric(gateway, "hkp.upstream.retries?tag=upstream:" + second.uri())).isZero();

			primary.kill();
			// A request on a kept connection whose end was not yet read would count as
			// unanswered.
			gateway.await("the end of the primary to be seen", () -> up(gateway, primary.uri()) == 0);
			assertThat(RawHttp.request(gateway.port(), "GET", "/pks/lookup?op=stats")).contains(" 502 ");
			gateway.await("the count of the failure",
					() -> metric(gateway, "hkp.upstream.failures?tag=kind:unsent&tag=upstream:" + primary.uri()) == 1);
			primary.restart();
			gateway.await("the metric of the primary that is up again", () -> up(gateway, primary.uri()) == 1);

			second.restart();
			gateway.await("the metric of one that is up again", () -> up(gateway, second.uri()) == 1);
			gateway.awaitLog("Keyserver " + second.uri().getAuthority() + " is up: ");
			assertThat(status(gateway)).isEqualTo("UP");
		}
	}

	@Test
	void anOnlyKeyserverThatHangsIsSeenInHealthMetricAndLogAndAskedAllTheSame() throws Exception {
		try (SksServer sks = SksServer.start();
				GatewayProcess gateway = GatewayProcess.start("hkp.upstream.urls=" + sks.uri(),
						"hkp.upstream.health.interval=200ms", "hkp.upstream.health.timeout=500ms",
						"hkp.upstream.response-timeout=1s",
						"hkp.plugins.directories=" + GatewayProcess.root().resolve("no-such-directory"))) {
			assertThat(status(gateway)).isEqualTo("UP");
			assertThat(up(gateway, sks.uri())).isEqualTo(1);

			sks.freeze();
			gateway.await("the metric of one that hangs", () -> up(gateway, sks.uri()) == 0);
			gateway.awaitLog("Keyserver " + sks.uri().getAuthority() + " is down: 3 failures in a row",
					"expected: keyserver " + sks.uri().getAuthority()
							+ " to answer /pks/health within 500 ms, got: none");
			assertThat(status(gateway)).isEqualTo("DOWN");
			assertThat(gateway.actuator("health/upstream").path("details").path(sks.uri().toString()).toString())
				.contains("\"up\":false", "\"inUse\":true", "\"answers\":false",
						"\"error\":\"expected: keyserver " + sks.uri().getAuthority());
			assertThat(RawHttp.request(gateway.port(), "GET", "/pks/lookup?op=stats")).contains(" 502 ");
			gateway.await("the count of the failure",
					() -> metric(gateway, "hkp.upstream.failures?tag=kind:unanswered&tag=upstream:" + sks.uri()) == 1);

			sks.thaw();
			gateway.await("the metric of one that goes on", () -> up(gateway, sks.uri()) == 1);
			assertThat(RawHttp.request(gateway.port(), "GET", "/pks/lookup?op=stats")).contains(" 200 ");
			assertThat(status(gateway)).isEqualTo("UP");
		}
	}

	private static String status(GatewayProcess gateway) {
		return gateway.actuator("health/upstream").path("status").asString("");
	}

	private static int up(GatewayProcess gateway, URI upstream) {
		return metric(gateway, "hkp.upstream.up?tag=upstream:" + upstream);
	}

	private static int metric(GatewayProcess gateway, String name) {
		return gateway.actuator("metrics/" + name).path("measurements").path(0).path("value").asInt(-1);
	}

}
