package org.hkpgateway;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import org.hkpgateway.grpc.FakePluginProgram;
import org.hkpgateway.host.HostCalls;
import org.hkpgateway.testsupport.GatewayProcess;
import org.hkpgateway.testsupport.RawClient;
import org.hkpgateway.testsupport.RawUpstream;
import org.hkpgateway.testsupport.RedisServer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Gateways that share the state of their plugins in Redis: what plugins, clients and
 * operators see of it.
 */
@Timeout(300)
class SharedStateIT {

	private static final String STATE = "plugins/limited/state";

	@TempDir
	static Path plugins;

	private static RedisServer redis;

	private static RawUpstream keyserver;

	private static final List<GatewayProcess> gateways = new ArrayList<>();

	@BeforeAll
	static void start() throws IOException {
		redis = RedisServer.start();
		keyserver = RawUpstream.answering("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok");
		for (String[] plugin : new String[][] { { "limited", "TAKES_TOKENS" }, { "banning", "BANS" } }) {
			FakePluginProgram.installSpeaking(plugins, plugin[0], plugin[1], false,
					"capabilities = [\"http.request\", \"http.respond\", \"state\"]");
		}
		for (int i = 0; i < 2; i++) {
			gateways.add(GatewayProcess.start(properties(redis, "fail")));
		}
	}

	private static String[] properties(RedisServer redis, String onFailure) {
		List<String> properties = new ArrayList<>(List.of("hkp.plugins.directories=" + plugins,
				"hkp.upstream.urls=" + keyserver.uri(), "hkp.plugins.chain-budget=15s",
				"hkp.cluster.redis.url=" + redis.url(), "hkp.cluster.redis.on-failure=" + onFailure,
				"hkp.plugins.settings.limited.match.paths=/x", "hkp.plugins.settings.banning.match.paths=/banned/**"));
		for (String plugin : List.of("limited", "banning")) {
			String settings = "hkp.plugins.settings." + plugin;
			properties.add(settings + ".required=true");
			properties.add(settings + ".timeout=15s");
			properties.add(settings + ".grants=http.request,http.respond,state");
		}
		return properties.toArray(String[]::new);
	}

	@AfterAll
	static void stop() throws IOException {
		gateways.forEach(GatewayProcess::close);
		if (keyserver != null) {
			keyserver.close();
		}
		if (redis != null) {
			redis.close();
		}
	}

	@BeforeEach
	void fill() {
		for (GatewayProcess gateway : gateways) {
			awaitRedis(gateway, "UP");
		}
		gateways.get(0).await("an empty state", () -> gateways.get(0).delete(STATE + "?key=all").status() == 200);
	}

	private static void awaitRedis(GatewayProcess gateway, String status) {
		gateway.await("Redis is " + status,
				() -> gateway.actuator("health/redis").path("status").asString("").equals(status));
	}

	private static int ask(GatewayProcess gateway) {
		return exchange(gateway, "/x").status();
	}

	private static double metric(GatewayProcess gateway, String name) {
		return gateway.actuator("metrics/" + name).path("measurements").path(0).path("value").asDouble(-1);
	}

	@Test
	void aLimitHoldsInTotal() throws InterruptedException {
		AtomicInteger allowed = new AtomicInteger();
		AtomicInteger denied = new AtomicInteger();
		AtomicInteger unknown = new AtomicInteger();
		AtomicInteger others = new AtomicInteger();
		gateways.get(1).await("the first one", () -> ask(gateways.get(1)) == 200);
		allowed.set(1);
		long start = System.nanoTime();
		List<Thread> clients = new ArrayList<>();
		for (int i = 0; i < 4; i++) {
			GatewayProcess gateway = gateways.get(i % 2);
			Thread client = new Thread(() -> {
				// On a busy machine they may ask more slowly than the bucket fills.
				while ((allowed.get() < 2.5 * HostCalls.CAPACITY || denied.get() == 0)
						&& System.nanoTime() - start < TimeUnit.MINUTES.toNanos(2)) {
					try {
						count(ask(gateway), allowed, denied, unknown, others);
					}
					catch (UncheckedIOException ex) {
						others.incrementAndGet();
					}
				}
			});
			client.start();
			clients.add(client);
		}
		for (Thread client : clients) {
			client.join();
		}
		double seconds = (System.nanoTime() - start) / 1e9;
		double limit = HostCalls.CAPACITY + HostCalls.REFILL_PER_SECOND * seconds;
		assertThat((double) allowed.get())
			.as("of %.1f in %.1f s, %s denied, %s unknown", limit, seconds, denied, unknown)
			.isLessThanOrEqualTo(limit * 1.05)
			.isGreaterThanOrEqualTo(limit * 0.95 - unknown.get());
		assertThat(denied).hasPositiveValue();
		assertThat(others).hasValue(0);
		assertThat(metric(gateways.get(0), "hkp.cluster.redis.replicas")).isEqualTo(2);
	}

	/** Who is told that nobody knows asks again, and may have a token all the same. */
	private static void count(int status, AtomicInteger allowed, AtomicInteger denied, AtomicInteger unknown,
			AtomicInteger others) {
		switch (status) {
			case 200 -> allowed.incrementAndGet();
			case 429 -> denied.incrementAndGet();
			case 409 -> unknown.incrementAndGet();
			default -> others.incrementAndGet();
		}
	}

	@Test
	void aBanHoldsEverywhereUntilAnOperatorLiftsItAnywhere() {
		GatewayProcess one = gateways.get(0);
		GatewayProcess other = gateways.get(1);
		one.await("a ban", () -> told(one).startsWith("banned"));
		assertThat(told(other)).startsWith("banned");
		other.await("sight of it", () -> other.actuator("plugins/banning/state").path("keys").asInt() == 3);
		assertThat(other.actuator("plugins/banning/state").path("entries").toString()).contains(
				"{\"key\":\"ban:127.0.0.1\",\"kind\":\"value\",\"content\":\"banned\",\"bytes\":19,\"remainingSeconds\":",
				"{\"key\":\"tokens:127.0.0.1\",\"kind\":\"bucket\",\"content\":\"\",\"bytes\":80,\"remainingSeconds\":");
		for (String key : List.of("ban:127.0.0.1", "tokens:127.0.0.1")) {
			other.await("an answer", () -> other.delete("plugins/banning/state?key=" + key).status() == 200);
		}
		assertThat(told(one)).startsWith("free");
	}

	/** Asks again while nobody knows. */
	private static String told(GatewayProcess gateway) {
		String[] told = new String[1];
		gateway.await("an answer of the plugin", () -> {
			told[0] = exchange(gateway, "/banned/x").body();
			return !told[0].startsWith("UNAVAILABLE");
		});
		return told[0];
	}

	private static RawClient.Answer exchange(GatewayProcess gateway, String path) {
		try {
			return RawClient.exchange(gateway.port(), "GET " + path + " HTTP/1.0\r\nHost: k\r\n\r\n");
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	@Test
	void whileRedisIsAwayPluginsAreToldSoAndReadinessStays() throws Exception {
		GatewayProcess gateway = gateways.get(0);
		assertThat(metric(gateway, "hkp.cluster.redis.up")).isEqualTo(1);
		redis.kill();
		try {
			awaitRedis(gateway, "DEGRADED");
			assertThat(ask(gateway)).isEqualTo(409);
			assertThat(gateway.actuator("health/readiness").path("status").asString("")).isEqualTo("UP");
			assertThat(gateway.actuator("health/redis").path("details").path("reason").asString("")).isNotEmpty();
			assertThat(metric(gateway, "hkp.cluster.redis.up")).isZero();
			assertThat(metric(gateway, "hkp.cluster.redis.failures?tag=kind:rejected")).isPositive();
			GatewayProcess.Changed refused = gateway.delete(STATE + "?key=all");
			assertThat(refused.status()).isEqualTo(503);
			assertThat(refused.body().path("message").asString("")).startsWith("expected: ");
		}
		finally {
			redis.launch();
		}
		awaitRedis(gateway, "UP");
		gateway.await("a token", () -> ask(gateway) == 200);
		gateway.awaitLog("Redis at " + redis.url() + " is away: ", "until it is back plugins are told UNAVAILABLE");
	}

	@Test
	void aGatewayStartsWithoutRedisAndKeepsStateByItself() throws Exception {
		try (RedisServer absent = RedisServer.stopped();
				GatewayProcess gateway = GatewayProcess.start(properties(absent, "local"))) {
			assertThat(ask(gateway)).isEqualTo(200);
			assertThat(gateway.actuator(STATE).path("keys").asInt()).isEqualTo(1);
			awaitRedis(gateway, "DEGRADED");
			gateway.awaitLog("until it is back this gateway keeps the state of plugins by itself");
			absent.launch();
			awaitRedis(gateway, "UP");
			gateway.await("a token of the shared state",
					() -> ask(gateway) == 200 && absent.command("EXISTS", "hkp:state:{limited}:data").equals(":1"));
		}
	}

	@Test
	void anUnusableUrlStopsTheStartAndThePasswordIsNotShown() throws Exception {
		try (GatewayProcess gateway = GatewayProcess.launch("hkp.cluster.redis.url=redis://:swordfish@redis:port")) {
			assertThat(gateway.process().waitFor(120, TimeUnit.SECONDS)).isTrue();
			assertThat(gateway.process().exitValue()).isEqualTo(1);
			assertThat(gateway.log())
				.contains("hkp.cluster.redis.url: expected: redis://", "got: redis://***@redis:port")
				.doesNotContain("swordfish");
		}
	}

}
