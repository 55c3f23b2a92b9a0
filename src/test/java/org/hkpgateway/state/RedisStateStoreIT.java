package org.hkpgateway.state;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;

import org.awaitility.Awaitility;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.state.StateStore.Acquired;
import org.hkpgateway.testsupport.RedisServer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * {@link RedisStateStore} with a real server. Commands have more time than 50 ms here,
 * and the time is the test's.
 */
@Timeout(120)
class RedisStateStoreIT extends StateStoreContract {

	private static final StateQuota LARGE = new StateQuota(100_000, 10_000_000);

	private static RedisServer server;

	private static RedisLink link;

	private final AtomicLong micros = new AtomicLong(System.currentTimeMillis() * 1000);

	private final RedisStateStore store = new RedisStateStore(link, QUOTA, this.micros::get);

	@BeforeAll
	static void start() {
		server = RedisServer.start();
		link = link();
	}

	private static RedisLink link() {
		RedisLink made = new RedisLink(RedisAddress.parse("url", server.url()), "", Duration.ofSeconds(30));
		Awaitility.await().atMost(Duration.ofSeconds(60)).until(() -> made.status().up());
		return made;
	}

	@AfterAll
	static void stop() {
		if (link != null) {
			link.close();
		}
		if (server != null) {
			server.close();
		}
	}

	@BeforeEach
	void empty() {
		assertThat(server.command("FLUSHALL")).isEqualTo("+OK");
	}

	@Override
	StateStore store() {
		return this.store;
	}

	@Override
	void pass(Duration time) {
		this.micros.addAndGet(time.toNanos() / 1000);
	}

	@Override
	Duration moment() {
		return Duration.ofSeconds(1);
	}

	@Test
	void scriptsThatRedisHasForgottenAreSentAgain() {
		get(this.store.put(key("a"), bytes("1"), Duration.ZERO));
		assertThat(server.command("SCRIPT", "FLUSH")).isEqualTo("+OK");
		assertThat(get(this.store.get(key("a"))).bytes()).isEqualTo(bytes("1"));
	}

	@Test
	void versionsGoOnAfterEverythingIsLost() {
		long first = get(this.store.put(key("a"), bytes("1"), Duration.ZERO)).version();
		long second = get(this.store.put(key("a"), bytes("1"), Duration.ZERO)).version();
		empty();
		pass(Duration.ofMillis(1));
		assertThat(get(this.store.put(key("a"), bytes("1"), Duration.ZERO)).version()).isGreaterThan(second);
		assertThat(second).isGreaterThan(first);
	}

	@Test
	void gatewaysShareWhatPluginsKeep() {
		RedisLink second = link();
		try {
			StateStore other = new RedisStateStore(second, QUOTA, this.micros::get);
			get(this.store.put(key("a"), bytes("1"), Duration.ZERO));
			assertThat(get(other.get(key("a"))).bytes()).isEqualTo(bytes("1"));
			Awaitility.await()
				.atMost(Duration.ofSeconds(60))
				.until(() -> link.status().replicas() >= 2 && second.status().replicas() >= 2);
		}
		finally {
			second.close();
		}
	}

	@Test
	void ofManyWhoTakeTokensThroughTwoGatewaysAsManyGetThemAsThereAre() {
		RedisLink second = link();
		try {
			List<StateStore> stores = List.of(this.store, new RedisStateStore(second, QUOTA, this.micros::get));
			TokenBucket bucket = new TokenBucket(700, 1, Duration.ofDays(1));
			List<Acquired> results = Flux.range(0, 1000)
				.flatMap((i) -> stores.get(i % 2).acquire(key("a"), 1, bucket), 1000)
				.collectList()
				.block(Duration.ofSeconds(60));
			assertThat(results).hasSize(1000);
			assertThat(results.stream().filter(Acquired::acquired)).hasSize(700);
		}
		finally {
			second.close();
		}
	}

	/** Bucket4j itself is the other one. */
	@ParameterizedTest
	@ValueSource(longs = { 1, 2, 3, 4, 5 })
	void bucketsAreComputedAsInProcess(long seed) {
		Random random = new Random(seed);
		long start = this.micros.get();
		StateStore local = new LocalStateStore(QUOTA, () -> (this.micros.get() - start) * 1000,
				Clock.fixed(Instant.EPOCH, ZoneOffset.UTC));
		TokenBucket bucket = bucket(random);
		for (int i = 0; i < 500; i++) {
			long tokens = random.nextLong(Math.min(bucket.capacity(), 20) + 1);
			Acquired expected = get(local.acquire(key("a"), tokens, bucket));
			Acquired got = get(this.store.acquire(key("a"), tokens, bucket));
			assertThat(got.acquired()).as("step %d", i).isEqualTo(expected.acquired());
			assertThat(got.remaining()).as("step %d", i).isEqualTo(expected.remaining());
			// Rounded up to microseconds.
			assertThat(got.retryAfter().minus(expected.retryAfter())).as("step %d", i)
				.isBetween(Duration.ZERO, Duration.ofNanos(1000));
			if (tokens > 0 && random.nextInt(20) == 0) {
				// While it is not full, and so not forgotten.
				bucket = bucket(random);
			}
			else {
				this.micros
					.addAndGet(random.nextLong(bucket.refillPeriod().toNanos() / 1000 / bucket.refillTokens() * 10));
			}
		}
	}

	private static TokenBucket bucket(Random random) {
		return new TokenBucket(1 + random.nextInt(100), 1 + random.nextInt(50),
				Duration.ofMillis(1 + random.nextInt(100_000)));
	}

	@Test
	void theLargestBucketsAreCounted() {
		TokenBucket bucket = new TokenBucket(TokenBucket.MOST, TokenBucket.MOST, Duration.ofDays(366));
		assertThat(get(this.store.acquire(key("a"), TokenBucket.MOST - 1, bucket)))
			.isEqualTo(new Acquired(true, 1, Duration.ZERO));
		TokenBucket slow = new TokenBucket(TokenBucket.MOST, 1, Duration.ofDays(366));
		Acquired refused = get(this.store.acquire(key("a"), TokenBucket.MOST, slow));
		assertThat(refused.acquired()).isFalse();
		assertThat(refused.retryAfter()).isEqualTo(StateStore.LONGEST_TTL);
	}

	@Test
	void whatIsKeptIsCountedAsInProcess() {
		Random random = new Random(7);
		long start = this.micros.get();
		StateStore local = new LocalStateStore(QUOTA, () -> (this.micros.get() - start) * 1000,
				Clock.fixed(Instant.EPOCH, ZoneOffset.UTC));
		int refused = 0;
		for (int i = 0; i < 2000; i++) {
			String name = "k".repeat(1 + random.nextInt(20));
			Duration time = Duration.ofSeconds(random.nextInt(20));
			byte[] value = new byte[random.nextInt(150)];
			int what = random.nextInt(4);
			List<String> results = new ArrayList<>();
			for (StateStore each : List.of(local, this.store)) {
				Mono<?> done = switch (what) {
					case 0 -> each.delete(key(name));
					case 1 -> each.increment(key(name), 1, time);
					case 2 -> each.acquire(key(name), 1, new TokenBucket(1, 1, time.plusSeconds(1)));
					default -> each.put(key(name), value, time);
				};
				results.add(done.map((ok) -> "done")
					.onErrorResume(StateException.class, (ex) -> Mono.just(ex.reason() + ex.getMessage()))
					.block(Duration.ofSeconds(30)));
			}
			// What has expired may count for another second in process.
			pass(Duration.ofMillis(random.nextInt(2000)));
			if (results.get(1).startsWith("QUOTA")) {
				refused++;
				assertThat(results.get(0)).startsWith("QUOTA");
			}
			else if (results.get(0).startsWith("QUOTA")) {
				get(this.store.delete(key(name)));
				get(local.delete(key(name)));
			}
		}
		assertThat(refused).isGreaterThan(10);
		// In process buckets are kept somewhat longer.
		pass(Duration.ofSeconds(30));
		StateStore.Overview overview = get(this.store.overview(PLUGIN, 100));
		assertThat(overview.keys()).isEqualTo(overview.entries().size());
		assertThat(overview.bytes()).isEqualTo(overview.entries().stream().mapToLong(StateStore.Entry::bytes).sum());
		assertThat(overview.entries()).extracting(StateStore.Entry::name)
			.containsExactlyElementsOf(
					get(local.overview(PLUGIN, 100)).entries().stream().map(StateStore.Entry::name).toList());
	}

	@Test
	void moreThanIsRemovedAtATimeMayExpire() {
		StateStore large = new RedisStateStore(link, new StateQuota(2500, 1_000_000), this.micros::get);
		assertThat(Flux.range(0, 2500)
			.flatMap((i) -> large.put(key("k" + i), bytes("1"), moment()), 100)
			.count()
			.block(Duration.ofSeconds(60))).isEqualTo(2500);
		assertFails(StateException.Reason.QUOTA, large.put(key("more"), bytes("1"), moment()));
		pass(moment());
		get(large.put(key("large"), new byte[999_000], Duration.ZERO));
		StateStore.Overview overview = get(large.overview(PLUGIN, 5));
		assertThat(overview.keys()).isEqualTo(1);
		assertThat(overview.bytes()).isEqualTo(999_005);
	}

	@Test
	void anOverviewIsTheBeginningInOrder() {
		StateStore large = new RedisStateStore(link, LARGE, this.micros::get);
		Flux.range(0, 1500)
			.flatMap((i) -> large.put(key("k%05d".formatted(1499 - i)), new byte[1000], Duration.ZERO), 100)
			.blockLast(Duration.ofSeconds(60));
		StateStore.Overview overview = get(large.overview(PLUGIN, 1000));
		assertThat(overview.keys()).isEqualTo(1500);
		assertThat(overview.entries()).hasSize(1000);
		assertThat(overview.entries().get(0).name()).isEqualTo("k00000");
		assertThat(overview.entries().get(999).name()).isEqualTo("k00999");
		assertThat(overview.entries().get(0).bytes()).isEqualTo(1006);
	}

	/** With the clock of the server. */
	@Test
	void whatHasExpiredIsGoneEvenIfNobodyComesBack() {
		StateStore real = new RedisStateStore(link, QUOTA);
		get(real.put(key("a"), bytes("1"), Duration.ofMillis(50)));
		Awaitility.await()
			.atMost(Duration.ofSeconds(30))
			.until(() -> real.get(key("a")).block(Duration.ofSeconds(30)) == null);
		get(real.put(key("a"), bytes("1"), Duration.ofMinutes(5)));
		get(real.increment(key("a"), 1, Duration.ofMinutes(6)));
		for (String part : List.of("data", "due", "names", "meta")) {
			String time = server.command("PTTL", "hkp:state:{one}:" + part);
			assertThat(Long.parseLong(time.substring(1))).as(part).isBetween(300_000L, 421_000L);
		}
		get(real.put(key("b"), bytes("1"), Duration.ZERO));
		for (String part : List.of("data", "due", "names", "meta")) {
			assertThat(server.command("PTTL", "hkp:state:{one}:" + part)).as(part).isEqualTo(":-1");
		}
		get(real.delete(key("a")));
		get(real.delete(key("b")));
		assertThat(server.command("EXISTS", "hkp:state:{one}:data", "hkp:state:{one}:due", "hkp:state:{one}:names"))
			.isEqualTo(":0");
		assertThat(Long.parseLong(server.command("PTTL", "hkp:state:{one}:meta").substring(1))).isBetween(30_000L,
				61_000L);
	}

	@Test
	void anErrorOfRedisIsAFailureAndNotTheEndOfTheConnection() {
		long before = link.status().failures().errors();
		PluginId other = new PluginId("spoiled");
		assertThat(server.command("SET", "hkp:state:{spoiled}:data", "x")).isEqualTo("+OK");
		for (int i = 0; i < 5; i++) {
			assertFails(StateException.Reason.UNAVAILABLE, this.store.get(new StateKey(other, "a")));
		}
		assertThat(link.status().failures().errors()).isEqualTo(before + 5);
		assertThat(link.status().up()).isTrue();
		assertThat(get(this.store.put(key("a"), bytes("1"), Duration.ZERO)).bytes()).isEqualTo(bytes("1"));
	}

}
