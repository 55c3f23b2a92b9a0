package org.hkpgateway.lifecycle;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

import org.hkpgateway.events.Event;
import org.hkpgateway.events.EventFilter;
import org.hkpgateway.events.PluginEvents;
import org.hkpgateway.events.TestBus;
import org.hkpgateway.plugin.Capability;
import org.hkpgateway.plugin.EmittedEvent;
import org.hkpgateway.plugin.EventClient;
import org.hkpgateway.plugin.EventClient.Receipt;
import org.hkpgateway.plugin.PluginFailure;
import org.hkpgateway.plugin.PluginId;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.test.scheduler.VirtualTimeScheduler;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link EventLink}.
 */
class EventLinkTests {

	private static final PluginId A = new PluginId("a");

	private static final PluginFailure FAILURE = new PluginFailure.Timeout(A, "late");

	private final TestBus bus = new TestBus();

	private final FakeEventClient client = new FakeEventClient();

	private VirtualTimeScheduler time;

	@BeforeEach
	void stopTheClock() {
		this.time = VirtualTimeScheduler.getOrSet();
	}

	@AfterEach
	void startTheClock() {
		VirtualTimeScheduler.reset();
	}

	private Disposable open(Capability... granted) {
		return EventLinks.to(new PluginEvents(this.bus.bus, this.bus.counts))
			.open(FakePlugins.spec("a", 100, false, Set.of(granted)), this.client);
	}

	private void publish(String... numbers) {
		for (String number : numbers) {
			this.bus.bus.publish("x", "gateway", Map.of(), () -> number);
		}
	}

	@Test
	void eventsWaitForTheCallBefore() {
		Disposable link = open(Capability.EVENTS_SUBSCRIBE);
		Sinks.One<Receipt> answer = Sinks.one();
		this.client.answers.add(answer.asMono());
		publish("1", "2", "3");
		assertThat(this.client.deliveries).containsExactly("[1]");
		answer.tryEmitValue(Receipt.TAKEN);
		assertThat(this.client.deliveries).containsExactly("[1]", "[2, 3]");
		assertThat(this.bus.counts.all).containsEntry("delivered a", 3L).doesNotContainKey("lost a");
		link.dispose();
		publish("4");
		assertThat(this.client.deliveries).hasSize(2);
		assertThat(this.bus.bus.isQuiet()).isTrue();
	}

	@Test
	void withoutTheGrantNothingIsBrought() {
		open(Capability.EVENTS_PUBLISH);
		publish("1");
		assertThat(this.client.deliveries).isEmpty();
		assertThat(this.bus.bus.isQuiet()).isTrue();
	}

	@Test
	void whatACallDidNotBringIsLostAndToldAfterARest() {
		open(Capability.EVENTS_SUBSCRIBE);
		this.client.answers.add(Mono.just(Receipt.failed(1, FAILURE)));
		this.client.answers.add(Mono.just(Receipt.failed(2, FAILURE)));
		publish("1", "2", "3");
		assertThat(this.client.deliveries).containsExactly("[1]");
		this.time.advanceTimeBy(EventLink.REST);
		assertThat(this.client.deliveries).containsExactly("[1]", "[2, 3] lost 1");
		publish("4");
		this.time.advanceTimeBy(EventLink.REST);
		publish("5");
		assertThat(this.client.deliveries).containsExactly("[1]", "[2, 3] lost 1", "[4] lost 3", "[5]");
		assertThat(this.bus.counts.all).containsEntry("lost a", 3L).containsEntry("delivered a", 2L);
	}

	@Test
	void whoKnowsNoMethodIsLeftAlone() {
		open(Capability.EVENTS_SUBSCRIBE);
		this.client.answers.add(Mono.error(new EventClient.NotTaken("none")));
		publish("1", "2");
		assertThat(this.client.deliveries).containsExactly("[1]");
		assertThat(this.bus.bus.isQuiet()).isTrue();
	}

	@Test
	void aFilterThatIsTooLargeBringsNothing() {
		this.client.wish = new EventClient.Wish(List.of("x".repeat(1000)), Map.of());
		open(Capability.EVENTS_SUBSCRIBE);
		assertThat(this.bus.bus.isQuiet()).isTrue();
	}

	@Test
	void whatItEmitsInAnswerGoesOnTheBusIfItMay() {
		List<Event> emitted = new ArrayList<>();
		var unused = this.bus.bus.events(EventFilter.ofTypes("plugin.*"), 8)
			.subscribe((delivery) -> emitted.add(delivery.event()));
		Disposable silent = open(Capability.EVENTS_SUBSCRIBE);
		Receipt answer = new Receipt(0, null, List.of(emitted("plugin.a.seen"), emitted("key.changed")));
		this.client.answers.add(Mono.just(answer));
		publish("1");
		assertThat(emitted).isEmpty();
		silent.dispose();
		open(Capability.EVENTS_SUBSCRIBE, Capability.EVENTS_PUBLISH);
		this.client.answers.add(Mono.just(answer));
		publish("2");
		assertThat(emitted).extracting(Event::type).containsExactly("plugin.a.seen");
		assertThat(emitted).extracting(Event::source).containsExactly("a");
		assertThat(this.bus.counts.all).containsEntry("refused a", 1L);
	}

	@Test
	void whatItEmitsOnItsStreamGoesOnTheBusIfItMay() {
		List<Event> emitted = new ArrayList<>();
		var unused = this.bus.bus.events(EventFilter.ofTypes("plugin.*"), 8)
			.subscribe((delivery) -> emitted.add(delivery.event()));
		open(Capability.EVENTS_SUBSCRIBE);
		assertThat(this.client.emitted.currentSubscriberCount()).isZero();
		Disposable link = open(Capability.EVENTS_PUBLISH);
		this.client.emitted.tryEmitNext(emitted("plugin.a.one"));
		this.client.emitted.tryEmitNext(emitted("key.changed"));
		this.client.emitted.tryEmitNext(emitted("plugin.a.three"));
		assertThat(emitted).hasSize(1);
		// Something that it may not emit takes a moment.
		this.time.advanceTimeBy(Duration.ofSeconds(1));
		assertThat(emitted).extracting(Event::type).containsExactly("plugin.a.one", "plugin.a.three");
		assertThat(this.bus.counts.all).containsEntry("refused a", 1L);
		link.dispose();
		assertThat(this.client.emitted.currentSubscriberCount()).isZero();
	}

	private static EmittedEvent emitted(String type) {
		return new EmittedEvent(type, StandardCharsets.UTF_8.encode("{}"), Map.of(), false);
	}

	@Test
	void aProcessIsTiedFromReadyToDrain() {
		SupervisorHarness harness = new SupervisorHarness(
				FakePlugins.spec("a", 100, false, Set.of(Capability.EVENTS_SUBSCRIBE)));
		harness.fakes.links = EventLinks.to(new PluginEvents(this.bus.bus, this.bus.counts));
		FakeEventClient brought = harness.plugin.events;
		assertThat(this.bus.bus.isQuiet()).isTrue();
		harness.started();
		publish("1");
		harness.plugin.process().exit(1);
		assertThat(this.bus.bus.isQuiet()).isTrue();
		harness.time.run();
		assertThat(harness.status().state()).isEqualTo(PluginState.READY);
		publish("2");
		assertThat(brought.deliveries).containsExactly("[1]", "[2]");
		var unused = harness.supervisor.stop("test");
		harness.time.run();
		assertThat(harness.status().state()).isEqualTo(PluginState.STOPPED);
		assertThat(this.bus.bus.isQuiet()).isTrue();
	}

}
