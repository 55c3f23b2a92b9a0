package org.hkpgateway;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;

import org.hkpgateway.testsupport.GatewayProcess;
import org.hkpgateway.testsupport.RawClient;
import org.hkpgateway.testsupport.RedisServer;
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

	private static GatewayProcess start(String grants, String... more) {
		List<String> properties = new ArrayList<>(List.of("hkp.plugins.directories=" + GatewayProcess.ANTIABUSE,
				"hkp.plugins.settings.antiabuse.required=true", "hkp.plugins.settings.antiabuse.timeout=15s",
				"hkp.plugins.chain-budget=20s", "hkp.plugins.settings.antiabuse.grants=" + grants,
				"hkp.plugins.settings.antiabuse.config.threshold=5",
				// Long, so that nothing comes back while the test runs.
				"hkp.plugins.settings.antiabuse.config.window=1h",
				"hkp.plugins.settings.antiabuse.config.block_steps=10m"));
		properties.addAll(List.of(more));
		return GatewayProcess.start(properties.toArray(String[]::new));
	}

	private static int ask(GatewayProcess gateway) {
		return ask(gateway, "");
	}

	private static int ask(GatewayProcess gateway, String header) {
		try {
			return RawClient
				.exchange(gateway.port(),
						"GET /pks/lookup?op=get&search=0x12345678 HTTP/1.0\r\nHost: k\r\n" + header + "\r\n")
				.status();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private static void block(GatewayProcess gateway) {
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

	/** How many pass of many at once, until one does not. */
	private static int passed(GatewayProcess gateway, String header) {
		for (int passed = 0; passed < 20; passed++) {
			int status = ask(gateway, header);
			assertThat(status).as("after %d", passed).isIn(404, 429);
			if (status == 429) {
				return passed;
			}
		}
		return 20;
	}

	private static void awaitRedis(GatewayProcess gateway, String status) {
		gateway.await("Redis is " + status,
				() -> gateway.actuator("health/redis").path("status").asString("").equals(status));
	}

	@Test
	void whileRedisIsAwayItCountsByItselfAndThenInRedisAgain() throws Exception {
		try (RedisServer redis = RedisServer.start();
				GatewayProcess gateway = start("http.request,http.respond,state",
						"hkp.cluster.redis.url=" + redis.url(), "hkp.cluster.redis.on-failure=fail",
						"hkp.client-address.trusted-proxies=127.0.0.1")) {
			awaitRedis(gateway, "UP");
			assertThat(ask(gateway)).isEqualTo(404);
			redis.kill();
			awaitRedis(gateway, "DEGRADED");
			// If Redis was late at the start the first one was counted here.
			assertThat(passed(gateway, "")).isBetween(4, 5);
			for (int i = 0; i < 20; i++) {
				assertThat(ask(gateway)).isEqualTo(429);
			}
			gateway.awaitLog("the shared state is away; clients are counted in this process");
			awaitState(gateway, "away");

			redis.launch();
			awaitRedis(gateway, "UP");
			gateway.await("the state is asked again", () -> {
				ask(gateway);
				return gateway.log().contains("the shared state is back; clients are counted there again");
			});
			// Who was blocked meanwhile stays so, until an operator lifts it as any other
			// block. On a busy machine Redis may be late any time, and is away again for
			// a moment: a new block, which that could lead to, would be the second.
			gateway.await("the block stands", () -> ask(gateway) == 429);
			gateway.await("the block is in Redis", () -> gateway.actuator("plugins/antiabuse/state")
				.path("entries")
				.toString()
				.contains("{\"key\":\"127.0.0.1\",\"kind\":\"value\",\"content\":\"5 requests in 3600 s, block 1\""));
			List<Integer> lifts = new ArrayList<>();
			gateway.await("the block is lifted", () -> {
				lifts.add(gateway.delete("plugins/antiabuse/state?key=127.0.0.1").status());
				return ask(gateway) == 404;
			});
			assertThat(lifts).contains(200);
			// Everybody else is counted in Redis.
			String other = "X-Forwarded-For: 192.0.2.9\r\n";
			assertThat(passed(gateway, other)).isBetween(1, 5);
			gateway.await("the block in Redis", () -> {
				ask(gateway, other);
				return gateway.actuator("plugins/antiabuse/state")
					.path("entries")
					.toString()
					.contains(
							"{\"key\":\"192.0.2.9\",\"kind\":\"value\",\"content\":\"5 requests in 3600 s, block 1\"");
			});
			assertThat(redis.command("EXISTS", "hkp:state:{antiabuse}:data")).isEqualTo(":1");
			awaitState(gateway, "shared");
		}
	}

	/** As the plugin's health tells it, with which the gateway asks every ten seconds. */
	private static void awaitState(GatewayProcess gateway, String state) {
		gateway.await("the state " + state, () -> {
			ask(gateway);
			return gateway.actuator("plugins/antiabuse").path("healthDetails").path("state").asString("").equals(state);
		});
	}

}
