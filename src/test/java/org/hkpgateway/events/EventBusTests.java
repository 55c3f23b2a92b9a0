package org.hkpgateway.events;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
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

	private final EventBus bus = new EventBus(Clock.fixed(NOW, ZoneOffset.UTC), Schedulers.immediate());

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
			// One more than the buffer is on its way already.
			.then(() -> publish("x", "0"))
			.then(() -> {
				for (int i = 1; i <= 10; i++) {
					publish("x", Integer.toString(i));
				}
			})
			.thenRequest(1)
			.assertNext((delivery) -> {
				assertThat(delivery.event().data()).isEqualTo("0");
				assertThat(delivery.lost()).isEqualTo(7);
			})
			.thenRequest(3)
			.assertNext((delivery) -> {
				assertThat(delivery.event().data()).isEqualTo("8");
				assertThat(delivery.lost()).isZero();
			})
			.expectNextCount(2)
			.thenCancel()
			.verify(Duration.ofSeconds(5));
		assertThat(this.bus.subscribers()).isZero();
	}

	@Test
	void aBlockedSubscriberHoldsUpNeitherThePublisherNorOthers() throws InterruptedException {
		EventBus threaded = new EventBus(Clock.systemUTC(), Schedulers.boundedElastic());
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

	private void publish(String type, String data) {
		this.bus.publish(type, "test", Map.of(), () -> data);
	}

}
