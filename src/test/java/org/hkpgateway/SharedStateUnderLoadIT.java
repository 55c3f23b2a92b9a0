package org.hkpgateway;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

import org.hkpgateway.grpc.FakePluginProgram;
import org.hkpgateway.testsupport.GatewayProcess;
import org.hkpgateway.testsupport.RawClient;
import org.hkpgateway.testsupport.RawUpstream;
import org.hkpgateway.testsupport.RedisServer;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Two gateways whose plugin keeps its state in Redis, under load while Redis hangs, goes
 * on, dies and is started again: clients notice nothing but what the plugin decides.
 */
@Timeout(480)
class SharedStateUnderLoadIT {

	private static final String TOKENS = "/x/takes-tokens";

	private static final String BANS = "/x/bans";

	/** What the plugin answers when its host tells it how much there is. */
	private static final Set<String> KNOWING = Set.of(TOKENS + " 200", TOKENS + " 429", BANS + " 200 free",
			BANS + " 403 banned");

	/** What it answers when its host tells it that nobody knows. */
	private static final Set<String> NOT_KNOWING = Set.of(TOKENS + " 409", BANS + " 200 UNAVAILABLE");

	private static final int MANY = 100;

	/** Of any answer. A plugin that hangs would be given up earlier, with a 500. */
	private static final Duration LONGEST = Duration.ofSeconds(30);

	@TempDir
	private Path plugins;

	@ParameterizedTest
	@ValueSource(strings = { "fail", "local" })
	void everyRequestIsAnsweredWhateverRedisDoes(String onFailure) throws Exception {
		boolean local = onFailure.equals("local");
		FakePluginProgram.installSpeaking(this.plugins, "keeper", "AS_ASKED", false,
				"capabilities = [\"http.request\", \"http.respond\", \"state\"]");
		try (RedisServer redis = RedisServer.start();
				RawUpstream keyserver = RawUpstream.answering("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok");
				GatewayProcess one = GatewayProcess.start(properties(keyserver, redis, onFailure));
				GatewayProcess other = GatewayProcess.start(properties(keyserver, redis, onFailure))) {
			Load load = new Load();
			try (load) {
				// Nobody asks the other one for a ban: it can only see the first one's.
				load.client(one, TOKENS);
				load.client(one, TOKENS);
				load.client(one, BANS);
				load.client(other, TOKENS);
				Outages outages = new Outages(redis, load, local ? KNOWING : NOT_KNOWING, List.of(one, other));
				outages.awaitUse();
				for (int i = 0; i < 2; i++) {
					outages.between(redis::freeze, redis::thaw);
					outages.between(redis::kill, redis::launch);
				}
			}
			System.out.println("SharedStateUnderLoadIT: " + onFailure + ": " + load);
			Set<String> allowed = new HashSet<>(KNOWING);
			if (!local) {
				allowed.addAll(NOT_KNOWING);
			}
			assertThat(load.answers.keySet()).as("answers, %s", load).isSubsetOf(allowed);
			assertThat(load.slowest).as("ms of the slowest answer").hasValueLessThan(LONGEST.toMillis());
			for (String kind : List.of("timeout", "rejected")) {
				assertThat(metric(one, "failures?tag=kind:" + kind)).as(kind).isPositive();
			}
			assertABanIsShared(redis, one, other);
		}
	}

	private String[] properties(RawUpstream keyserver, RedisServer redis, String onFailure) {
		String settings = "hkp.plugins.settings.keeper";
		return new String[] { "hkp.plugins.directories=" + this.plugins, "hkp.upstream.urls=" + keyserver.uri(),
				"hkp.cluster.redis.url=" + redis.url(), "hkp.cluster.redis.on-failure=" + onFailure,
				"hkp.plugins.chain-budget=15s", settings + ".timeout=15s", settings + ".required=true",
				settings + ".match.paths=/x/**", settings + ".grants=http.request,http.respond,state" };
	}

	/** What the plugin puts through one gateway is got through the other. */
	private static void assertABanIsShared(RedisServer redis, GatewayProcess one, GatewayProcess other)
			throws IOException {
		// A ban that one gateway still has by itself would do for none of this.
		assertThat(redis.command("FLUSHALL")).isEqualTo("+OK");
		other.await("a ban by one gateway that the other one sees", () -> {
			answer(one, BANS);
			return other.actuator("plugins/keeper/state")
				.path("entries")
				.toString()
				.contains("{\"key\":\"ban:127.0.0.1\",\"kind\":\"value\",\"content\":\"banned\"");
		});
		other.await("the ban", () -> answer(other, BANS).equals(BANS + " 403 banned"));
	}

	private static double metric(GatewayProcess gateway, String name) {
		return gateway.actuator("metrics/hkp.cluster.redis." + name)
			.path("measurements")
			.path(0)
			.path("value")
			.asDouble(-1);
	}

	/** The path, the status and, of what the plugin writes, the first word. */
	private static String answer(GatewayProcess gateway, String path) {
		try {
			RawClient.Answer answer = RawClient.exchange(gateway.port(),
					"GET " + path + " HTTP/1.0\r\nHost: k\r\n\r\n");
			String told = path + " " + answer.status();
			return path.equals(BANS) ? told + " " + answer.body().split("[,:]", 2)[0] : told;
		}
		catch (IOException | RuntimeException ex) {
			return path + " " + ex;
		}
	}

	/**
	 * What happens to Redis, and what is to be seen of it.
	 *
	 * @param redis under load
	 * @param load its clients
	 * @param whileAway what these are answered then
	 * @param gateways all that use it
	 */
	private record Outages(RedisServer redis, Load load, Set<String> whileAway, List<GatewayProcess> gateways) {

		void between(Runnable begin, Runnable end) {
			begin.run();
			awaitRedis("DEGRADED", 0);
			awaitMore(this.whileAway);
			for (GatewayProcess gateway : this.gateways) {
				assertThat(gateway.actuator("health/readiness").path("status").asString("")).isEqualTo("UP");
			}
			end.run();
			awaitUse();
		}

		/** Everything in it is new then. */
		void awaitUse() {
			awaitRedis("UP", 1);
			assertThat(this.redis.command("FLUSHALL")).isEqualTo("+OK");
			first().await("state in Redis", () -> this.redis.command("EXISTS", "hkp:state:{keeper}:data").equals(":1"));
			awaitMore(KNOWING);
		}

		private void awaitRedis(String status, int up) {
			for (GatewayProcess gateway : this.gateways) {
				gateway.await("Redis is " + status + " in health and metric",
						() -> gateway.actuator("health/redis").path("status").asString("").equals(status)
								&& metric(gateway, "up") == up);
			}
		}

		private void awaitMore(Set<String> answers) {
			long before = this.load.count(answers);
			first().await(MANY + " more of " + answers + " after " + this.load,
					() -> this.load.count(answers) >= before + MANY);
		}

		private GatewayProcess first() {
			return this.gateways.get(0);
		}

	}

	/** Clients that ask again and again until this is closed. */
	private static final class Load implements AutoCloseable {

		/** So that Redis gets its turn on a busy machine. */
		private static final Duration PAUSE = Duration.ofMillis(10);

		private final Map<String, AtomicLong> answers = new ConcurrentHashMap<>();

		private final AtomicLong slowest = new AtomicLong();

		private final List<Thread> clients = new ArrayList<>();

		private volatile boolean running = true;

		void client(GatewayProcess gateway, String path) {
			Thread client = new Thread(() -> {
				while (this.running) {
					long begin = System.nanoTime();
					String answer = answer(gateway, path);
					this.slowest.accumulateAndGet(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin), Math::max);
					this.answers.computeIfAbsent(answer, (key) -> new AtomicLong()).incrementAndGet();
					LockSupport.parkNanos(PAUSE.toNanos());
				}
			});
			client.start();
			this.clients.add(client);
		}

		long count(Set<String> of) {
			return this.answers.entrySet()
				.stream()
				.filter((entry) -> of.contains(entry.getKey()))
				.mapToLong((entry) -> entry.getValue().get())
				.sum();
		}

		/** Waits for the last answers, each as long as a client does. */
		@Override
		public void close() throws InterruptedException {
			this.running = false;
			for (Thread client : this.clients) {
				client.join(TimeUnit.SECONDS.toMillis(90));
				assertThat(client.isAlive()).as("a client still waits").isFalse();
			}
		}

		@Override
		public String toString() {
			return this.answers + ", slowest " + this.slowest + " ms";
		}

	}

}
