package org.hkpgateway.events;

import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Queue;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ClusterEvents}.
 */
class ClusterEventsTests {

	private final TestReplica one = new TestReplica("key.*", "plugin.*", "cluster.*");

	private final TestReplica two = new TestReplica("key.*", "plugin.*", "cluster.*");

	private final Logger logger = (Logger) LoggerFactory.getLogger(ClusterEvents.class);

	private final ListAppender<ILoggingEvent> log = new ListAppender<>();

	@BeforeEach
	void listen() {
		this.log.start();
		this.logger.addAppender(this.log);
	}

	@AfterEach
	void close() {
		this.logger.detachAppender(this.log);
		this.one.close();
		this.two.close();
	}

	private List<String> warnings() {
		return this.log.list.stream()
			.filter((event) -> event.getLevel() == Level.WARN)
			.map(ILoggingEvent::getFormattedMessage)
			.toList();
	}

	@Test
	void anEventForAllIsTheSameEverywhereAndComesOnce() {
		this.one.bus.publish("key.changed", "gateway", true, Map.of("fingerprint", "AA"), () -> "{\"name\":\"Ä\\n\"}");
		TestReplica.pass(this.one, this.one, this.two);
		Event event = this.one.seen.get(0);
		assertThat(this.one.seen).hasSize(1);
		assertThat(this.two.seen).hasSize(1);
		assertThat(this.two.seen.get(0)).usingRecursiveComparison().ignoringFields("at").isEqualTo(event);
		assertThat(this.two.seen.get(0).at().toEpochMilli()).isEqualTo(event.at().toEpochMilli());
		assertThat(event.replica()).isEqualTo(this.one.bus.replica()).isNotEqualTo(this.two.bus.replica());
		assertThat(event.cluster()).isTrue();
		// What came from another goes nowhere else.
		assertThat(this.two.sent).isEmpty();
		assertThat(this.one.counts).isEqualTo(Map.of("sent", 1L));
		assertThat(this.two.counts).isEqualTo(Map.of("received", 1L));
	}

	@Test
	void whatIsForOneReplicaStaysThere() {
		this.one.bus.publish("plugin.state", "gateway", Map.of(), () -> "{}");
		assertThat(this.one.seen).hasSize(1);
		assertThat(this.one.seen.get(0).cluster()).isFalse();
		assertThat(this.one.sent).isEmpty();
		this.one.bus.publish("request.completed", "gateway", Map.of(), () -> {
			throw new AssertionError("expected: no event, got: one");
		});
	}

	@Test
	void whatIsForAllIsWantedWhoeverListensHere() {
		try (TestReplica deaf = new TestReplica("nothing")) {
			assertThat(deaf.bus.hasReplicas()).isTrue();
			assertThat(deaf.bus.isWanted("key.changed")).isFalse();
			deaf.publish("key.changed", "1");
			TestReplica.pass(deaf, this.two);
			assertThat(this.two.seen()).containsExactly("key.changed {\"n\":\"1\"}");
		}
		assertThat(new EventBus().hasReplicas()).isFalse();
	}

	/** Their numbers are of those that are for all. */
	@Test
	void eventsInBetweenThatAreForOneReplicaAreNoGap() {
		for (int i = 0; i < 5; i++) {
			this.one.publish("key.changed", "" + i);
			this.one.bus.publish("plugin.state", "gateway", Map.of(), () -> "{}");
			this.one.bus.publish("plugin.alpha.x", "alpha", true, Map.of(), () -> "{}");
		}
		TestReplica.pass(this.one, this.two);
		assertThat(this.two.seen).hasSize(10);
		assertThat(this.two.counts).isEqualTo(Map.of("received", 10L));
		assertThat(this.two.seen).filteredOn((event) -> event.source().equals("gateway"))
			.extracting(Event::sequence)
			.containsExactly(1L, 3L, 5L, 7L, 9L);
	}

	@Test
	void aGapIsToldInFrontOfWhatComesBehindIt() {
		publish(0, 1);
		TestReplica.pass(this.one, this.two);
		publish(1, 4);
		this.one.sent.clear();
		publish(4, 6);
		TestReplica.pass(this.one, this.two);
		String gap = "cluster.gap {\"replica\":\"" + this.one.bus.replica() + "\",\"source\":\"gateway\",\"missed\":3}";
		assertThat(this.two.seen()).containsExactly("key.changed {\"n\":\"0\"}", gap, "key.changed {\"n\":\"4\"}",
				"key.changed {\"n\":\"5\"}");
		Event told = this.two.seen.get(1);
		assertThat(told.source()).isEqualTo("gateway");
		assertThat(told.replica()).isEqualTo(this.two.bus.replica());
		assertThat(told.cluster()).isFalse();
		assertThat(told.metadata())
			.isEqualTo(Map.of("replica", this.one.bus.replica(), "source", "gateway", "missed", "3"));
		assertThat(this.two.counts).isEqualTo(Map.of("received", 3L, "missed", 3L));
		assertThat(warnings()).containsExactly(
				"Events of gateway at replica " + this.one.bus.replica() + " were missed: 3 before its number 5");
	}

	@Test
	void gapsAreOfEachSourceAndTheLogIsNotFlooded() {
		for (int i = 0; i < 20; i++) {
			for (String source : List.of("alpha", "beta")) {
				this.one.bus.publish("plugin." + source + ".x", source, true, Map.of(), () -> "{}");
				if (i % 2 == 0 && source.equals("alpha")) {
					TestReplica.pass(this.one, this.two);
				}
				this.one.sent.removeIf((message) -> source.equals("alpha"));
			}
			TestReplica.pass(this.one, this.two);
		}
		assertThat(this.two.counted("missed")).isEqualTo(9);
		assertThat(this.two.seen).filteredOn((event) -> event.type().equals("cluster.gap"))
			.hasSize(9)
			.allMatch((event) -> event.metadata().get("source").equals("alpha"));
		assertThat(warnings()).hasSize(1);
	}

	@Test
	void whatComesTwiceOrTooLateIsDropped() {
		publish(0, 3);
		List<byte[]> sent = List.copyOf(this.one.sent);
		for (int number : new int[] { 0, 0, 2, 1, 2 }) {
			this.two.cluster.received(sent.get(number));
		}
		assertThat(this.two.seen()).hasSize(3).first().isEqualTo("key.changed {\"n\":\"0\"}");
		assertThat(this.two.seen()).last().isEqualTo("key.changed {\"n\":\"2\"}");
		assertThat(this.two.counts).isEqualTo(Map.of("received", 2L, "missed", 1L, "repeated", 3L));
	}

	@Test
	void aReplicaThatWasStartedAgainBeginsAnew() {
		publish(0, 3);
		TestReplica.pass(this.one, this.two);
		try (TestReplica again = new TestReplica()) {
			again.publish("key.changed", "again");
			TestReplica.pass(again, this.two);
		}
		assertThat(this.two.seen()).hasSize(4).last().isEqualTo("key.changed {\"n\":\"again\"}");
		assertThat(this.two.counts).isEqualTo(Map.of("received", 4L));
	}

	@Test
	void untilThereIsAWayEventsWaitAndThenTheOldestAreLost() {
		this.one.ready = false;
		publish(0, ClusterEvents.MOST_WAITING + 100);
		assertThat(this.one.sent).isEmpty();
		assertThat(this.one.counted("unsent")).isPositive();
		this.one.ready = true;
		long all = ClusterEvents.MOST_WAITING + 100;
		Awaitility.await()
			.atMost(Duration.ofSeconds(20))
			.until(() -> this.one.counted("sent") + this.one.counted("unsent") == all);
		TestReplica.pass(this.one, this.two);
		assertThat(this.two.counted("received")).isEqualTo(this.one.counted("sent"));
		// The first ones were under way already.
		assertThat(this.two.counted("missed")).isEqualTo(this.one.counted("unsent"));
		assertThat(this.two.seen).last().extracting(Event::sequence).isEqualTo(all);
	}

	@Test
	void bytesThatWaitAreBoundedToo() {
		this.one.ready = false;
		String text = "x".repeat(60_000);
		for (int i = 0; i < 100; i++) {
			this.one.publish("key.changed", text.substring(0, 2000));
			this.one.bus.publish("plugin.alpha.x", "alpha", true, Map.of(), () -> "{\"a\":\"" + text + "\"}");
		}
		assertThat(this.one.counted("unsent")).isPositive();
	}

	@Test
	void whatCannotBeSentIsLostAndTheNextOneIsTried() {
		publish(0, 1);
		this.one.fails = true;
		publish(1, 3);
		this.one.fails = false;
		publish(3, 4);
		TestReplica.pass(this.one, this.two);
		assertThat(this.one.counts).isEqualTo(Map.of("sent", 2L, "unsent", 2L));
		assertThat(this.two.counts).isEqualTo(Map.of("received", 2L, "missed", 2L));
		assertThat(warnings()).contains("An event key.changed of gateway for the other replicas is lost: away");
	}

	@Test
	void whileOneIsOnItsWayOthersWait() {
		this.one.hold = Sinks.empty();
		publish(0, 3);
		assertThat(this.one.sent).hasSize(1);
		Sinks.Empty<Void> held = this.one.hold;
		this.one.hold = null;
		held.tryEmitEmpty();
		assertThat(this.one.sent).hasSize(3);
	}

	@Test
	void rubbishIsCountedAndNothingElseSuffers() {
		publish(0, 1);
		for (int i = 0; i < 50; i++) {
			this.two.cluster.received("rubbish".getBytes(StandardCharsets.UTF_8));
			this.two.cluster.received(new byte[ClusterMessage.MAX_BYTES + 1]);
		}
		TestReplica.pass(this.one, this.two);
		assertThat(this.two.counts).isEqualTo(Map.of("malformed", 100L, "received", 1L));
		assertThat(warnings()).hasSize(1)
			.first()
			.asString()
			.startsWith("A message of another replica is left out: message: expected: ");
	}

	@Test
	void whatNobodyHasTimeToReadIsLostAndTheNextOneShowsIt() {
		int all = ClusterEvents.MOST_WAITING + 1000;
		publish(0, all);
		List<byte[]> sent = List.copyOf(this.one.sent);
		Queue<Runnable> tasks = new ArrayDeque<>();
		try (ClusterEvents reader = busy(tasks)) {
			sent.forEach(reader::received);
			long unread = this.two.counted("unread");
			assertThat(unread).isBetween(1L, 1000L);
			run(tasks);
			assertThat(this.two.counts).isEqualTo(Map.of("unread", unread, "received", all - unread));
			publish(all, all + 1);
			reader.received(this.one.sent.get(all));
			run(tasks);
			assertThat(this.two.counted("missed")).isEqualTo(unread);
			assertThat(this.two.counted("received")).isEqualTo(all - unread + 1);
		}
	}

	@Test
	void messagesThatWaitToBeReadAreBoundedInBytesToo() {
		Queue<Runnable> tasks = new ArrayDeque<>();
		try (ClusterEvents reader = busy(tasks)) {
			for (int i = 0; i < 100; i++) {
				reader.received(new byte[100_000]);
			}
			assertThat(this.two.counts).isEqualTo(Map.of("unread", 100L - ClusterEvents.MOST_BYTES / 100_000));
		}
	}

	@Test
	void thatItHasJoinedIsToldHere() {
		this.two.cluster.joined();
		assertThat(this.two.seen()).isEqualTo(Collections.singletonList("cluster.joined {}"));
		assertThat(this.two.sent).isEmpty();
	}

	/** One that reads when it is told to. */
	private ClusterEvents busy(Queue<Runnable> tasks) {
		Scheduler scheduler = Schedulers.fromExecutor(tasks::add);
		return new ClusterEvents(new EventBus(Clock.systemUTC(), scheduler, EventListener.NONE), this.two, scheduler);
	}

	private static void run(Queue<Runnable> tasks) {
		for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
			task.run();
		}
	}

	private void publish(int from, int to) {
		for (int i = from; i < to; i++) {
			this.one.publish("key.changed", Integer.toString(i));
		}
	}

}
