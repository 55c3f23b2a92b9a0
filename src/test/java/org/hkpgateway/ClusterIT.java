package org.hkpgateway;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.hkpgateway.grpc.FakePluginProgram;
import org.hkpgateway.testsupport.GatewayProcess;
import org.hkpgateway.testsupport.GpgHome;
import org.hkpgateway.testsupport.RawClient;
import org.hkpgateway.testsupport.RedisServer;
import org.hkpgateway.testsupport.SksServer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

/**
 * Two gateways in front of one sks, with one Redis. Nobody listens to anything at the
 * first, where keys are uploaded and a plugin publishes.
 */
@Timeout(300)
class ClusterIT {

	private static final int LIMIT = 200;

	/** What a JVM exits with when it was told to stop. */
	private static final int SIGTERM = 143;

	/** With those of the first batch, more than wait while Redis is away. */
	private static final int MANY = 10_700;

	private static final Pattern WATCHED = Pattern
		.compile("reading twice=(\\d+) missed=(\\d+) dropped=(\\d+) \\{([^}]*)\\} .*");

	@TempDir
	static Path directory;

	private static RedisServer redis;

	private static SksServer sks;

	private static GpgHome gpg;

	private static GatewayProcess first;

	private static GatewayProcess second;

	@BeforeAll
	static void start() throws IOException {
		redis = RedisServer.start();
		sks = SksServer.start();
		gpg = GpgHome.create();
		first = gateway("first", "OFF", "events.publish");
		second = gateway("second", "BATCHES", "events.publish,events.subscribe,storage.query");
	}

	private static GatewayProcess gateway(String name, String manners, String grants) throws IOException {
		Path plugins = Files.createDirectory(directory.resolve(name));
		FakePluginProgram.installHearing(plugins, "teller", manners, "capabilities = [\"http.request\", "
				+ "\"http.respond\", \"events.publish\", \"events.subscribe\", \"storage.query\"]");
		return GatewayProcess.start("hkp.plugins.directories=" + plugins + "," + GatewayProcess.ANTIABUSE,
				"hkp.upstream.urls=" + sks.uri(), "hkp.plugins.chain-budget=40s",
				"hkp.cluster.redis.url=" + redis.url(), "hkp.storage.cache-ttl=60s",
				"hkp.plugins.settings.teller.required=true", "hkp.plugins.settings.teller.timeout=40s",
				"hkp.plugins.settings.teller.match.paths=/teller/**",
				"hkp.plugins.settings.teller.grants=http.request,http.respond," + grants,
				"hkp.plugins.settings.antiabuse.required=true", "hkp.plugins.settings.antiabuse.timeout=15s",
				"hkp.plugins.settings.antiabuse.match.paths=/pks/lookup",
				"hkp.plugins.settings.antiabuse.grants=http.request,http.respond,state",
				"hkp.plugins.settings.antiabuse.config.threshold=" + LIMIT,
				"hkp.plugins.settings.antiabuse.config.window=1h",
				"hkp.plugins.settings.antiabuse.config.block_steps=10m");
	}

	@AfterAll
	static void stop() throws IOException {
		for (AutoCloseable one : new AutoCloseable[] { first, second, gpg, sks, redis }) {
			if (one != null) {
				try {
					one.close();
				}
				catch (Exception ex) {
					throw new IOException(ex);
				}
			}
		}
	}

	@BeforeEach
	void join() {
		awaitJoined(1);
	}

	private static void awaitJoined(int joined) {
		for (GatewayProcess gateway : List.of(first, second)) {
			gateway.await("joined " + joined, () -> metric(gateway, "hkp.cluster.events.joined") == joined);
		}
	}

	/** 0 if nothing was counted yet. */
	private static double metric(GatewayProcess gateway, String name) {
		return gateway.actuator("metrics/" + name).path("measurements").path(0).path("value").asDouble(0);
	}

	private static String teller(GatewayProcess gateway, String target) {
		return exchange(gateway, "/teller/" + target).body();
	}

	private static RawClient.Answer exchange(GatewayProcess gateway, String target) {
		try {
			return RawClient.exchange(gateway.port(), "GET " + target + " HTTP/1.0\r\nHost: k\r\n\r\n");
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private static String lookup(String fingerprint) {
		return teller(second, "asks-storage?type=LOOKUP&query=" + fingerprint);
	}

	/** What the plugin of the second gateway was brought. */
	private static List<String> brought(String type, String text) {
		return teller(second, "tells-events").lines()
			.filter((line) -> line.startsWith("batch gateway " + type + " ") && line.contains(text))
			.toList();
	}

	private static void send(String fingerprint) {
		gpg.runWithKeyserver(first.uri(), "--send-keys", fingerprint).orFail();
	}

	@Test
	void aKeySentToOneIsSeenOnceAtTheOtherWhichForgetsWhatItKnewOfIt() {
		String alice = gpg.generate("Alice <alice@lab.example>");
		String bob = gpg.generate("Bob <bob@lab.example>");
		assertThat(lookup(alice)).isEqualTo("total 0\n");
		double hits = metric(second, "hkp.storage.cache.lookups?tag=result:hit");
		assertThat(lookup(alice)).isEqualTo("total 0\n");
		assertThat(metric(second, "hkp.storage.cache.lookups?tag=result:hit")).as("answers that were kept")
			.isEqualTo(hits + 1);

		double sent = metric(second, "hkp.cluster.events.sent");
		double received = metric(first, "hkp.cluster.events.received");
		// What has expired is not counted as dropped.
		double dropped = metric(second, "hkp.storage.cache.dropped");
		send(alice);
		second.await("an event", () -> brought("key.changed", alice).size() == 1);
		assertThat(brought("key.changed", alice).get(0)).contains("\"change\":\"unknown\"", "\"operation\":\"ADD\"");
		second.await("the answer to be dropped", () -> metric(second, "hkp.storage.cache.dropped") > dropped);
		assertThat(lookup(alice)).contains("[Alice <alice@lab.example>]").endsWith("total 1\n");

		double droppedAgain = metric(second, "hkp.storage.cache.dropped");
		gpg.run("--quick-add-uid", alice, "Alice at work <alice@work.example>").orFail();
		send(alice);
		second.await("another event", () -> brought("key.changed", alice).size() == 2);
		second.await("the answer to be dropped", () -> metric(second, "hkp.storage.cache.dropped") > droppedAgain);
		assertThat(lookup(alice)).contains("Alice <alice@lab.example>", "Alice at work <alice@work.example>");

		// Behind it nothing more can come of the ones before.
		send(bob);
		second.await("the last event", () -> brought("key.changed", bob).size() == 1);
		assertThat(brought("key.changed", alice)).hasSize(2);
		assertThat(brought("key.submitted", alice)).hasSize(2);
		assertThat(brought("key.submitted", bob)).hasSize(1);
		// What came from one goes nowhere else.
		assertThat(metric(second, "hkp.cluster.events.sent")).isEqualTo(sent);
		assertThat(metric(first, "hkp.cluster.events.received")).isEqualTo(received);
		assertThat(metric(first, "hkp.cluster.events.sent")).isGreaterThanOrEqualTo(6);
	}

	@Test
	void whileRedisIsAwayTheOldestAreLostWhichIsToldAndNothingComesTwice() throws Exception {
		String carol = gpg.generate("Carol <carol@lab.example>");
		String erin = gpg.generate("Erin <erin@lab.example>");
		send(erin);
		second.await("an event of a key", () -> brought("key.changed", erin).size() == 1);
		String source = teller(first, "asks-host?call=replica");
		assertThat(source).hasSize(36).isNotEqualTo(teller(second, "asks-host?call=replica"));
		assertThat(teller(second, "asks-host?call=watch&type=plugin.teller.*,cluster.gap")).isEqualTo("reading");
		first.await("the first event", () -> {
			publish("begin", 1);
			return watched().contains("teller:plugin.teller.begin");
		});
		publish("base", 1);
		first.await("the last event before", () -> watched().contains("teller:plugin.teller.base"));
		long before = received(source);
		long unsent = (long) metric(first, "hkp.cluster.events.dropped?tag=reason:unsent");
		assertThat(lookup(carol)).isEqualTo("total 0\n");
		// Of this one nothing changes, so no event drops it.
		assertThat(lookup(erin)).endsWith("total 1\n");
		assertThat(metric(second, "hkp.storage.cache.answers")).isPositive();

		redis.kill();
		try {
			awaitJoined(0);
			assertThat(teller(first, "asks-host?call=stream&type=plugin.teller.away&cluster&count=" + MANY))
				.isEqualTo("answered");
			first.await("losses", () -> metric(first, "hkp.cluster.events.dropped?tag=reason:unsent") > unsent);
			// Nobody waits for it.
			send(carol);
		}
		finally {
			redis.launch();
		}
		awaitJoined(1);
		// Long before they expire.
		second.await("all answers to be dropped", Duration.ofSeconds(30),
				() -> metric(second, "hkp.storage.cache.answers") == 0);
		publish("back", 1);
		second.await("the last event", () -> watched().contains("teller:plugin.teller.back"));

		String own = teller(second, "asks-host?call=replica");
		double received = metric(first, "hkp.cluster.events.received");
		assertThat(teller(second, "asks-host?call=publish&cluster&type=plugin.teller.own&count=3"))
			.isEqualTo("published");
		first.await("events of the other", () -> metric(first, "hkp.cluster.events.received") == received + 3);
		assertThat(received(own)).as("what comes back is left out").isEqualTo(3);

		Matcher watched = WATCHED.matcher(watched());
		assertThat(watched.matches()).as(watched()).isTrue();
		long missed = Long.parseLong(watched.group(2));
		assertThat(missed).isPositive();
		assertThat(watched.group(1)).as("events that came twice").isEqualTo("0");
		assertThat(received(source) - before + missed + Long.parseLong(watched.group(3))).as(watched())
			.isEqualTo(MANY + 1);
		assertThat(metric(second, "hkp.cluster.events.missed")).isGreaterThanOrEqualTo(missed);
		second.awaitLog("Events of teller at replica " + source + " were missed: ");
		assertThat(brought("cluster.gap", source)).isNotEmpty();

		String dave = gpg.generate("Dave <dave@lab.example>");
		send(dave);
		second.await("an event of a key", () -> brought("key.changed", dave).size() == 1);
		assertThat(brought("key.changed", carol).size()).isLessThanOrEqualTo(1);
		assertThat(lookup(carol)).endsWith("total 1\n");
	}

	@Test
	void aGatewayThatIsStartedAgainBeginsAnewWithoutAGap() throws Exception {
		double missed = metric(second, "hkp.cluster.events.missed");
		double repeated = metric(second, "hkp.cluster.events.dropped?tag=reason:repeated");
		String frank = gpg.generate("Frank <frank@lab.example>");
		send(frank);
		second.await("an event", () -> brought("key.changed", frank).size() == 1);
		String replica = teller(first, "asks-host?call=replica");
		assertThat(first.stop()).isEqualTo(SIGTERM);
		first.close();
		first = gateway("again", "OFF", "events.publish");
		awaitJoined(1);
		assertThat(teller(first, "asks-host?call=replica")).isNotEqualTo(replica);
		gpg.run("--quick-add-uid", frank, "Frank at work <frank@work.example>").orFail();
		send(frank);
		second.await("an event of the new one", () -> brought("key.changed", frank).size() == 2);
		assertThat(metric(second, "hkp.cluster.events.missed")).isEqualTo(missed);
		assertThat(metric(second, "hkp.cluster.events.dropped?tag=reason:repeated")).isEqualTo(repeated);
	}

	/** Whoever can write to Redis can send anything. */
	@Test
	void whatIsNoEventIsCountedAndWhatClaimsToBeThisGatewaysIsLeftOut() {
		String malformed = "hkp.cluster.events.dropped?tag=reason:malformed";
		double before = metric(second, malformed);
		double received = metric(second, "hkp.cluster.events.received");
		String own = teller(second, "asks-host?call=replica");
		String head = "{\"v\":1,\"replica\":\"" + own + "\",\"source\":\"gateway\",\"number\":1,"
				+ "\"sequence\":1,\"type\":\"key.changed\",\"at\":1,\"metadata\":{}}\\n{}";
		for (String message : List.of("rubbish", head, "x".repeat(20_000), head.replace(own, "nobody"))) {
			// In quotes, so that Redis reads what is escaped.
			assertThat(redis.command("PUBLISH", "hkp:events:0", '"' + message.replace("\"", "\\\"") + '"'))
				.isEqualTo(":2");
		}
		second.await("three that are none", () -> metric(second, malformed) == before + 3);
		assertThat(metric(second, "hkp.cluster.events.received")).isEqualTo(received);
		second.awaitLog("A message of another replica is left out: ");
		String grace = gpg.generate("Grace <grace@lab.example>");
		send(grace);
		second.await("an event", () -> brought("key.changed", grace).size() == 1);
	}

	private static void publish(String type, int count) {
		assertThat(teller(first, "asks-host?call=publish&cluster&type=plugin.teller." + type + "&count=" + count))
			.isEqualTo("published");
	}

	private static String watched() {
		return teller(second, "asks-host?call=watched");
	}

	/** How many events of a replica came. */
	private static long received(String replica) {
		Matcher told = Pattern.compile(replica + "=(\\d+)").matcher(watched());
		return told.find() ? Long.parseLong(told.group(1)) : 0;
	}

	/**
	 * A gateway that has no answer of Redis within 50 ms goes on by itself: on a busy
	 * machine it is tried again.
	 */
	@Test
	void aLimitHoldsInTotal() throws InterruptedException {
		for (int attempt = 1;; attempt++) {
			double failures = redisFailures();
			for (String key : List.of("127.0.0.1", "strikes:127.0.0.1")) {
				first.await("no block", () -> first.delete("plugins/antiabuse/state?key=" + key).status() < 300);
			}
			long start = System.nanoTime();
			AtomicInteger[] passed = { new AtomicInteger(), new AtomicInteger() };
			AtomicInteger denied = new AtomicInteger();
			AtomicInteger others = new AtomicInteger();
			ask(passed, denied, others);
			double limit = LIMIT * (1 + (System.nanoTime() - start) / 1e9 / 3600);
			if (redisFailures() > failures && attempt < 5) {
				continue;
			}
			assertThat((double) passed[0].get() + passed[1].get())
				.as("of %.1f, %s and %s, %s denied", limit, passed[0], passed[1], denied)
				.isCloseTo(limit, within(limit * 0.05));
			assertThat(passed).allMatch((some) -> some.get() > LIMIT / 10);
			assertThat(denied).hasPositiveValue();
			assertThat(others).hasValue(0);
			return;
		}
	}

	private static int status(GatewayProcess gateway) {
		try {
			return exchange(gateway, "/pks/lookup?op=get&search=0x12345678").status();
		}
		catch (UncheckedIOException ex) {
			return 0;
		}
	}

	private static double redisFailures() {
		double failures = 0;
		for (GatewayProcess gateway : List.of(first, second)) {
			failures += metric(gateway, "hkp.cluster.redis.failures");
		}
		return failures;
	}

	/** From two clients at each, more than may pass. */
	private static void ask(AtomicInteger[] passed, AtomicInteger denied, AtomicInteger others)
			throws InterruptedException {
		List<Thread> clients = new ArrayList<>();
		for (int i = 0; i < 4; i++) {
			int number = i % 2;
			GatewayProcess gateway = (number == 0) ? first : second;
			Thread client = new Thread(() -> {
				for (int request = 0; request < LIMIT; request++) {
					(switch (status(gateway)) {
						case 404 -> passed[number];
						case 429 -> denied;
						default -> others;
					}).incrementAndGet();
				}
			});
			client.start();
			clients.add(client);
		}
		for (Thread client : clients) {
			client.join(TimeUnit.MINUTES.toMillis(2));
		}
	}

}
