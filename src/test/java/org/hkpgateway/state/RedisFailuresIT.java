package org.hkpgateway.state;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

import ch.qos.logback.classic.Level;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.state.StateStore.Acquired;
import org.hkpgateway.testsupport.FreePorts;
import org.hkpgateway.testsupport.RedisServer;
import org.hkpgateway.testsupport.TestCertificates;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A real Redis that is not there, dies, hangs and comes back, with the time limit that
 * the gateway has. On a busy machine a command may be too late at any time.
 */
@Timeout(180)
class RedisFailuresIT extends AbstractRedisIT {

	private static final StateQuota QUOTA = new StateQuota(100, 10_000);

	private static final PluginId PLUGIN = new PluginId("one");

	private static final TokenBucket TEN = new TokenBucket(10, 1, Duration.ofDays(300));

	RedisFailuresIT() {
		super(RedisLink.class);
	}

	private RedisLink link(String url) {
		return opened(new RedisLink(RedisAddress.parse("url", url), "so what"));
	}

	private static StateKey key(String name) {
		return new StateKey(PLUGIN, name);
	}

	private static void awaitUp(RedisLink link) {
		await("a connection", () -> link.status().up());
	}

	/** What comes of reading something that is not there. */
	private static String outcome(StateStore store) {
		return outcome(store, "nothing");
	}

	private static String outcome(StateStore store, String name) {
		try {
			StateValue found = store.get(key(name)).block(Duration.ofSeconds(20));
			return (found != null) ? new String(found.bytes()) : "answered";
		}
		catch (StateException ex) {
			assertThat(ex).hasMessageStartingWith("expected: ").hasMessageEndingWith("; decide without it");
			return ex.reason().toString();
		}
	}

	private static void awaitAnswer(StateStore store) {
		await("an answer", () -> outcome(store).equals("answered"));
	}

	private long loggedAt(Level level) {
		return logged().stream().filter((line) -> line.startsWith(level.toString())).count();
	}

	@Test
	void withoutRedisEverythingIsRefusedUntilItComes() {
		RedisServer server = opened(RedisServer.stopped());
		RedisLink link = link(server.url());
		StateStore store = new RedisStateStore(link, QUOTA);
		assertThat(outcome(store)).isEqualTo("UNAVAILABLE");
		await("a line in the log", () -> loggedAt(Level.WARN) == 1);
		assertThat(logged().get(0)).startsWith("WARN Redis at " + server.url() + " is away: ")
			.containsIgnoringCase("connection refused")
			.endsWith("; so what");
		server.launch();
		awaitUp(link);
		awaitAnswer(store);
		assertThat(logged())
			.contains("INFO Redis at " + server.url() + " answers; gateways that share the state of plugins: 1");
	}

	@Test
	void afterACrashItIsFoundAgainWithoutARestart() {
		RedisServer server = opened(RedisServer.start());
		RedisLink link = link(server.url());
		StateStore store = new RedisStateStore(link, QUOTA);
		awaitUp(link);
		awaitAnswer(store);
		server.kill();
		await("the end of the connection", () -> !link.status().up());
		long before = link.status().failures().rejected();
		for (int i = 0; i < 200; i++) {
			assertThat(outcome(store)).isEqualTo("UNAVAILABLE");
		}
		assertThat(link.status().failures().rejected()).isEqualTo(before + 200);
		assertThat(link.status().reason()).isNotEmpty();
		server.launch();
		awaitUp(link);
		awaitAnswer(store);
		assertThat(link.status().reason()).isEmpty();
	}

	/** By default Lettuce waits a minute. */
	@Test
	void whileRedisHangsCallersGoOn() {
		RedisServer server = opened(RedisServer.start());
		RedisLink link = link(server.url());
		StateStore store = new RedisStateStore(link, QUOTA);
		awaitUp(link);
		awaitAnswer(store);
		server.freeze();
		long before = link.status().failures().timeouts();
		List<String> outcomes = Flux.range(0, 200)
			.flatMap(
					(i) -> store.increment(key("a"), 1, Duration.ZERO)
						.map((count) -> "answered")
						.onErrorResume(StateException.class, (ex) -> Mono.just(ex.reason() + ": " + ex.getMessage())),
					200)
			.collectList()
			.block(Duration.ofSeconds(20));
		assertThat(outcomes).hasSize(200)
			.allMatch((outcome) -> outcome.startsWith("UNAVAILABLE: "))
			.contains("UNAVAILABLE: expected: an answer of the shared store, got: no answer within 50 ms; "
					+ "decide without it");
		assertThat(link.status().failures().timeouts()).isGreaterThanOrEqualTo(before + Availability.MISSES);
		assertThat(link.status().up()).isFalse();
		long rejected = link.status().failures().rejected();
		for (int i = 0; i < 200; i++) {
			assertThat(outcome(store)).isEqualTo("UNAVAILABLE");
		}
		// Nobody waits for what is known to hang.
		assertThat(link.status().failures().rejected()).isEqualTo(rejected + 200);
		server.thaw();
		awaitUp(link);
		awaitAnswer(store);
	}

	/** Its address answers again, but nobody ends the old connection. */
	@Test
	void aConnectionThatHangsForLongIsMadeAnew() {
		RedisServer server = opened(RedisServer.start());
		RedisLink link = link(server.url());
		awaitUp(link);
		server.freeze();
		await("a new connection", () -> link.status().reason().contains("initialization timed out")
				|| link.status().reason().contains("Connection initialization"));
		server.thaw();
		awaitUp(link);
	}

	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void whoAsksWhileRedisIsRestartedGetsAnAnswer(boolean local) throws Exception {
		RedisServer server = opened(RedisServer.start());
		RedisLink link = link(server.url());
		StateStore store = local ? new FallbackStateStore(link, QUOTA) : new RedisStateStore(link, QUOTA);
		awaitUp(link);
		AtomicBoolean stop = new AtomicBoolean();
		AtomicInteger answered = new AtomicInteger();
		AtomicInteger refused = new AtomicInteger();
		AtomicInteger failed = new AtomicInteger();
		List<Thread> threads = new ArrayList<>();
		for (int i = 0; i < 4; i++) {
			Thread thread = new Thread(() -> {
				while (!stop.get()) {
					ask(store, answered, refused, failed);
				}
			});
			thread.start();
			threads.add(thread);
		}
		try {
			for (int i = 0; i < 3; i++) {
				awaitUp(link);
				int before = answered.get();
				await("answers", () -> answered.get() > before + 100);
				server.kill();
				await("that it is noticed", () -> !link.status().up());
				int without = local ? answered.get() : refused.get();
				await("more calls", () -> (local ? answered.get() : refused.get()) > without + 100);
				server.launch();
			}
			awaitUp(link);
			int before = answered.get();
			await("answers", () -> answered.get() > before + 100);
		}
		finally {
			stop.set(true);
			for (Thread thread : threads) {
				thread.join(TimeUnit.SECONDS.toMillis(60));
			}
		}
		assertThat(failed).hasValue(0);
		if (local) {
			assertThat(refused).hasValue(0);
		}
	}

	private static void ask(StateStore store, AtomicInteger answered, AtomicInteger refused, AtomicInteger failed) {
		try {
			Acquired acquired = store.acquire(key("a"), 1, TEN).block(Duration.ofSeconds(20));
			(acquired != null ? answered : failed).incrementAndGet();
			pause();
		}
		catch (StateException ex) {
			(ex.reason() == StateException.Reason.UNAVAILABLE ? refused : failed).incrementAndGet();
			pause();
		}
		catch (RuntimeException ex) {
			failed.incrementAndGet();
		}
	}

	/** Others want the machine, too: Redis above all. */
	private static void pause() {
		LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(2));
	}

	@Test
	void whileRedisIsAwayEachGatewayGivesItsPart() {
		RedisServer server = opened(RedisServer.start());
		RedisLink one = link(server.url());
		RedisLink two = link(server.url());
		await("two gateways", () -> one.status().replicas() == 2 && two.status().replicas() == 2);
		List<StateStore> stores = List.of(new FallbackStateStore(one, QUOTA), new FallbackStateStore(two, QUOTA));
		server.kill();
		await("the end of the connections", () -> !one.status().up() && !two.status().up());
		assertThat(one.status().replicas()).isEqualTo(2);
		for (StateStore store : stores) {
			int taken = 0;
			for (int i = 0; i < 20; i++) {
				taken += store.acquire(key("a"), 1, TEN).block(Duration.ofSeconds(20)).acquired() ? 1 : 0;
			}
			assertThat(taken).isEqualTo(5);
		}
	}

	@Test
	void aGatewayThatEndsIsNotCountedForLong() {
		RedisServer server = opened(RedisServer.start());
		RedisLink one = link(server.url());
		RedisLink two = link(server.url());
		await("two gateways", () -> one.status().replicas() == 2);
		two.close();
		await("one gateway", () -> one.status().replicas() == 1);
	}

	@Test
	void aChangeIsLoggedOnce() {
		RedisServer server = opened(RedisServer.start());
		RedisLink link = link(server.url());
		StateStore store = new RedisStateStore(link, QUOTA);
		awaitUp(link);
		awaitAnswer(store);
		long before = loggedAt(Level.WARN);
		server.kill();
		await("the end of the connection", () -> loggedAt(Level.WARN) > before);
		for (int i = 0; i < 500; i++) {
			outcome(store);
		}
		assertThat(loggedAt(Level.WARN)).isEqualTo(before + 1);
	}

	@Test
	void aWrongPasswordIsToldAndNotShown() {
		RedisServer server = opened(RedisServer.start("--requirepass", "swordfish"));
		String at = "@127.0.0.1:" + server.port();
		RedisLink wrong = link("redis://:marlin" + at);
		await("what Redis says", () -> wrong.status().reason().contains("WRONGPASS"));
		RedisLink right = link("redis://:swordfish" + at);
		awaitUp(right);
		assertThat(wrong.status().up()).isFalse();
		assertThat(logged()).anyMatch((line) -> line.contains("redis://***" + at + " is away: "))
			.anyMatch((line) -> line.contains("redis://***" + at + " answers"))
			.noneMatch((line) -> line.contains("marlin") || line.contains("swordfish"));
		assertThat(wrong.status().toString()).doesNotContain("marlin");
	}

	@Test
	void redisMaySpeakTls(@TempDir Path directory) {
		new TestCertificates().server("redis").writeTo(directory);
		String port = String.valueOf(FreePorts.next());
		opened(RedisServer.start("--tls-port", port, "--tls-cert-file", directory.resolve("server.pem").toString(),
				"--tls-key-file", directory.resolve("server.key").toString(), "--tls-auth-clients", "no",
				"--tls-ca-cert-file", directory.resolve("server.pem").toString()));
		RedisLink unknown = link("rediss://127.0.0.1:" + port);
		await("what is wrong", () -> unknown.status().reason().contains("certification path"));
		RedisLink any = link("rediss://127.0.0.1:" + port + "?verifyPeer=none");
		awaitUp(any);
		awaitAnswer(new RedisStateStore(any, QUOTA));
		assertThat(unknown.status().up()).isFalse();
	}

}
