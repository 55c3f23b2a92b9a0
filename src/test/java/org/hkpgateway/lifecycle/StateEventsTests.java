package org.hkpgateway.lifecycle;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

import org.hkpgateway.events.EventBus;
import org.hkpgateway.events.EventFilter;
import org.hkpgateway.plugin.BreakerListener;
import org.hkpgateway.plugin.PluginId;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.test.StepVerifier;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link StateEvents}, with real threads.
 */
@Timeout(20)
class StateEventsTests {

	private static final Duration LIMIT = Duration.ofSeconds(10);

	private final FakePlugins fakes = new FakePlugins();

	private final EventBus bus = new EventBus();

	private final PluginHost host = new PluginHost(this.fakes, this.fakes, this.fakes, LifecycleSettings.DEFAULTS,
			List.of(new StateEvents(this.bus)), BreakerListener.NONE, EventLinks.NONE);

	@AfterEach
	void close() {
		this.host.close();
	}

	@Test
	void everyMoveIsPublishedInOrder() {
		StepVerifier.create(this.bus.events(EventFilter.ofTypes(StateEvents.TYPE), 16).map(EventBus.Delivery::event))
			.then(() -> {
				this.host.start(List.of(FakePlugins.spec("a", 10, true)));
				this.host.settled().orTimeout(LIMIT.toSeconds(), TimeUnit.SECONDS).join();
			})
			.assertNext((event) -> assertThat(moves(event.data())).isEqualTo("a STOPPED STARTING"))
			.assertNext((event) -> {
				assertThat(moves(event.data())).isEqualTo("a STARTING READY");
				assertThat(event.metadata()).containsEntry("plugin", "a").containsEntry("to", "READY");
				assertThat(read(event.data()).path("reason").asString("")).startsWith("started in");
			})
			.then(() -> this.host.disable(new PluginId("a")).orTimeout(LIMIT.toSeconds(), TimeUnit.SECONDS).join())
			.assertNext((event) -> assertThat(moves(event.data())).isEqualTo("a READY DRAINING"))
			.assertNext((event) -> assertThat(moves(event.data())).isEqualTo("a DRAINING STOPPED"))
			.thenCancel()
			.verify(LIMIT);
	}

	private static String moves(String data) {
		JsonNode move = read(data);
		return move.path("plugin").asString("") + ' ' + move.path("from").asString("") + ' '
				+ move.path("to").asString("");
	}

	private static JsonNode read(String data) {
		return new JsonMapper().readTree(data);
	}

}
