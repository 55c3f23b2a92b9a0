package org.hkpgateway.events;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import reactor.core.Disposable;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link EventBus} and {@link EventFilter}.
 */
class EventBusTests {

	private static final EventFilter ALL = EventFilter.ofTypes();

	private static final Instant NOW = Instant.parse("2026-01-02T03:04:05Z");

	private final EventBus bus = new EventBus(Clock.fixed(NOW, ZoneOffset.UTC), Schedulers.immediate(),
			EventListener.NONE);

	@Test
	void everySubscriberGetsWhatItWantsInOrder() {
		List<Event> all = new ArrayList<>();
		List<Event> some = new ArrayList<>();
		var unused = this.bus.events(ALL, 8).subscribe((delivery) -> all.add(delivery.event()));
		var other = this.bus.events(EventFilter.ofTypes("key.*"), 8)
			.subscribe((delivery) -> some.add(delivery.event()));
		publish("key.changed", "1");
		publish("plugin.state", "2");
		publish("key.submitted", "3");
		assertThat(all).extracting(Event::data).containsExactly("1", "2", "3");
		assertThat(all).extracting(Event::id).doesNotHaveDuplicates();
		assertThat(all.get(0).at()).isEqualTo(NOW);
		assertThat(all.get(0).source()).isEqualTo("test");
		assertThat(some).containsExactly(all.get(0), all.get(2));
	}

	@ParameterizedTest
	@CsvSource({ "'',plugin.state,true", "plugin.state,plugin.state,true", "plugin.state,plugin.states,false",
			"plugin.*,plugin.state,true", "plugin.*,plugins.state,false", "*,anything,true",
			"key.changed|plugin.*,plugin.x.y,true" })
	void typesMatch(String patterns, String type, boolean matches) {
		EventFilter filter = EventFilter.ofTypes(patterns.isEmpty() ? new String[0] : patterns.split("\\|"));
		assertThat(filter.matches(type, Map.of())).isEqualTo(matches);
	}

	@Test
	void metadataMatches() {
		EventFilter filter = new EventFilter(List.of(), Map.of("plugin", "a"));
		assertThat(filter.matches("x", Map.of("plugin", "a", "to", "READY"))).isTrue();
		assertThat(filter.matches("x", Map.of("plugin", "b"))).isFalse();
		assertThat(filter.matches("x", Map.of())).isFalse();
	}

	@Test
	void nothingIsMadeOfAnEventThatNobodyWants() {
		Supplier<String> never = () -> {
			throw new AssertionError("expected: no event, got: one");
		};
		this.bus.publish("x", "test", Map.of(), never);
		Disposable gone = this.bus.events(ALL, 1).subscribe();
		var other = this.bus.events(EventFilter.ofTypes("y"), 1).subscribe();
		gone.dispose();
		assertThat(this.bus.subscribers()).isEqualTo(1);
		this.bus.publish("x", "test", Map.of(), never);
		other.dispose();
		assertThat(this.bus.subscribers()).isZero();
	}

	@Test
	void aSlowSubscriberLosesTheOldestAndIsToldHowMany() {
		StepVerifier.create(this.bus.events(ALL, 3), 0)
			.then(() -> publish(0, 11))
			.thenRequest(1)
			.assertNext((delivery) -> {
				assertThat(delivery.event().data()).isEqualTo("8");
				assertThat(delivery.lost()).isEqualTo(8);
			})
			.thenRequest(3)
			.assertNext((delivery) -> {
				assertThat(delivery.event().data()).isEqualTo("9");
				assertThat(delivery.lost()).isZero();
			})
			.expectNextCount(1)
			.then(() -> publish(11, 12))
			.expectNextCount(1)
			.thenCancel()
			.verify(Duration.ofSeconds(5));
		assertThat(this.bus.subscribers()).isZero();
	}

	@Test
	void aBatchHasWhatIsThere() {
		List<Integer> dropped = new ArrayList<>();
		StepVerifier.create(this.bus.batches(ALL, new BufferLimits(5, 100_000, 4, 100_000), dropped::add), 0)
			.thenRequest(1)
			// Somebody waits, so nothing else is waited for.
			.then(() -> publish(0, 1))
			.assertNext((batch) -> assertThat(batch.events()).extracting(Event::data).containsExactly("0"))
			.then(() -> publish(1, 3))
			.thenRequest(1)
			.assertNext((batch) -> assertThat(batch.events()).extracting(Event::data).containsExactly("1", "2"))
			.then(() -> publish(3, 10))
			.thenRequest(2)
			.assertNext((batch) -> {
				assertThat(batch.events()).extracting(Event::data).containsExactly("5", "6", "7", "8");
				assertThat(batch.lost()).isEqualTo(2);
			})
			.assertNext((batch) -> {
				assertThat(batch.events()).extracting(Event::data).containsExactly("9");
				assertThat(batch.lost()).isZero();
			})
			.thenCancel()
			.verify(Duration.ofSeconds(5));
		assertThat(dropped).containsExactly(1, 1);
	}

	@Test
	void bytesAreBoundedToo() {
		int weight = new Event("", "x", "here", "test", 1, 0, NOW, "a".repeat(1000), Map.of()).weight();
		BufferLimits limits = new BufferLimits(100, 3 * weight, 100, 2 * weight);
		StepVerifier.create(this.bus.batches(ALL, limits, (lost) -> {
		}), 0)
			.then(() -> List.of("a", "b", "c", "d", "e").forEach((letter) -> publish("x", letter.repeat(1000))))
			.thenRequest(2)
			.assertNext((batch) -> {
				assertThat(batch.events()).extracting((event) -> event.data().charAt(0)).containsExactly('c', 'd');
				assertThat(batch.lost()).isEqualTo(2);
			})
			.assertNext((batch) -> assertThat(batch.events()).hasSize(1))
			// Larger than all limits, and alone.
			.then(() -> publish("x", "f".repeat(10_000)))
			.thenRequest(1)
			.assertNext((batch) -> {
				assertThat(batch.events()).hasSize(1);
				assertThat(batch.lost()).isZero();
			})
			.thenCancel()
			.verify(Duration.ofSeconds(5));
	}

	@Test
	void theEventsOfASourceKeepTheirOrderWhoeverPublishesThem() throws InterruptedException {
		int threads = 4;
		int each = 20_000;
		Map<String, Long> last = new HashMap<>();
		List<String> disorder = new ArrayList<>();
		CountDownLatch received = new CountDownLatch(threads * each);
		try (EventBus threaded = new EventBus()) {
			Disposable subscriber = threaded
				.batches(ALL, new BufferLimits(threads * each, Integer.MAX_VALUE, 100, Integer.MAX_VALUE), (lost) -> {
				})
				.subscribe((batch) -> batch.events().forEach((event) -> {
					long before = last.getOrDefault(event.source(), 0L);
					if (event.sequence() != before + 1) {
						disorder.add(event.source() + " " + before + " " + event.sequence());
					}
					last.put(event.source(), event.sequence());
					received.countDown();
				}));
			for (int i = 0; i < threads; i++) {
				String source = "source-" + i % 2;
				new Thread(() -> {
					for (int n = 0; n < each; n++) {
						threaded.publish("x", source, Map.of(), () -> "{}");
					}
				}).start();
			}
			assertThat(received.await(20, TimeUnit.SECONDS)).isTrue();
			subscriber.dispose();
		}
		assertThat(disorder).isEmpty();
		assertThat(last).isEqualTo(Map.of("source-0", 2L * each, "source-1", 2L * each));
	}

	@Test
	void aBlockedSubscriberHoldsUpNeitherThePublisherNorOthers() throws InterruptedException {
		EventBus threaded = new EventBus(Clock.systemUTC(), Schedulers.boundedElastic(), EventListener.NONE);
		CountDownLatch release = new CountDownLatch(1);
		CountDownLatch received = new CountDownLatch(100);
		Disposable blocked = threaded.events(ALL, 4).subscribe((delivery) -> {
			try {
				release.await(20, TimeUnit.SECONDS);
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
			}
		});
		Disposable quick = threaded.events(ALL, 200).subscribe((delivery) -> received.countDown());
		for (int i = 0; i < 100; i++) {
			threaded.publish("x", "test", Map.of(), () -> "{}");
		}
		assertThat(received.await(10, TimeUnit.SECONDS)).isTrue();
		release.countDown();
		blocked.dispose();
		quick.dispose();
	}

	private void publish(int from, int to) {
		for (int i = from; i < to; i++) {
			publish("x", Integer.toString(i));
		}
	}

	private void publish(String type, String data) {
		this.bus.publish(type, "test", Map.of(), () -> data);
	}

}
