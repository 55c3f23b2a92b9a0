package org.hkpgateway.events;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

import io.github.bucket4j.TimeMeter;
import org.hkpgateway.plugin.EmittedEvent;
import org.hkpgateway.plugin.PluginId;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.reactivestreams.Subscription;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.scheduler.Schedulers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests for {@link PluginEvents}.
 */
class PluginEventsTests {

	private static final PluginId ALPHA = new PluginId("alpha");

	private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

	private final Counts counts = new Counts();

	private final EventBus bus = new EventBus(Clock.systemUTC(), Schedulers.immediate(), this.counts);

	private final Meter time = new Meter();

	private final PluginEvents events = new PluginEvents(this.bus, this.counts, this.time);

	private static ByteBuffer bytes(String text) {
		return StandardCharsets.UTF_8.encode(text);
	}

	@Test
	void whatAPluginEmitsGetsSourceAndNumberHere() {
		List<Event> received = new ArrayList<>();
		var unused = this.events.subscribe(new PluginId("beta"), EventFilter.ofTypes("plugin.alpha.*"))
			.subscribe((batch) -> received.addAll(batch.events()));
		this.events.publish(ALPHA,
				new EmittedEvent("plugin.alpha.a", bytes("{\"name\":\"Ä\"}"), Map.of("k", "v"), false));
		this.events.publish(ALPHA, new EmittedEvent("plugin.alpha.b.c", NOTHING, Map.of(), false));
		assertThat(received).extracting(Event::source).containsExactly("alpha", "alpha");
		assertThat(received).extracting(Event::sequence).containsExactly(1L, 2L);
		assertThat(received).extracting(Event::data).containsExactly("{\"name\":\"Ä\"}", "{}");
		assertThat(received.get(0).metadata()).isEqualTo(Map.of("k", "v"));
		assertThat(this.counts.all).isEqualTo(Map.of("published plugin.alpha.a", 1L, "published plugin.alpha.b.c", 1L));
	}

	@Test
	void aPluginSaysWhatIsForAllReplicas() {
		List<Event> received = new ArrayList<>();
		var unused = this.events.subscribe(ALPHA, EventFilter.ofTypes())
			.subscribe((batch) -> received.addAll(batch.events()));
		for (boolean cluster : new boolean[] { false, true, false, true }) {
			this.events.publish(ALPHA, new EmittedEvent("plugin.alpha.a", NOTHING, Map.of(), cluster));
		}
		assertThat(received).extracting(Event::cluster).containsExactly(false, true, false, true);
		assertThat(received).extracting(Event::clusterSequence).containsExactly(0L, 1L, 0L, 2L);
		assertThat(received).extracting(Event::sequence).containsExactly(1L, 2L, 3L, 4L);
		assertThat(received).extracting(Event::replica).containsOnly(this.events.replica());
	}

	@ParameterizedTest
	@CsvSource({ "key.changed", "plugin.state", "plugin.alpha", "plugin.alpha.", "plugin.beta.x", "plugin.alphabet.x",
			"plugin.alpha.a b", "plugin.alpha..a", "plugin.alpha.a.", "''" })
	void otherTypesThanItsOwnAreRefused(String type) {
		assertThatIllegalArgumentException()
			.isThrownBy(() -> this.events.publish(ALPHA, new EmittedEvent(type, NOTHING, Map.of(), false)))
			.withMessage("type: expected: plugin.alpha.<words>, at most 128 letters, digits, '-', '_' and dots, got: '"
					+ type + "'");
		assertThat(this.counts.all).isEqualTo(Map.of("refused alpha", 1L));
	}

	static Stream<Arguments> refused() {
		Map<String, String> many = new HashMap<>();
		for (int i = 0; i < 17; i++) {
			many.put("k" + i, "v");
		}
		return Stream.of(
				Arguments.of("plugin.alpha." + "a".repeat(116), NOTHING, Map.of(),
						"type: expected: plugin.alpha.<words>"),
				Arguments.of("plugin.alpha.a", bytes("[]"), Map.of(),
						"data: expected: one JSON object, got: START_ARRAY"),
				Arguments.of("plugin.alpha.a", bytes("{} {}"), Map.of(), "data: expected: one JSON object, got: more"),
				Arguments.of("plugin.alpha.a", bytes("{\"a\":"), Map.of(), "data: expected: one JSON object, got: "),
				Arguments.of("plugin.alpha.a", bytes(" "), Map.of(), "data: expected: one JSON object, got: null"),
				Arguments.of("plugin.alpha.a", StandardCharsets.ISO_8859_1.encode("{\"\u00ff\":1}"), Map.of(),
						"data: expected: one JSON object in UTF-8"),
				Arguments.of("plugin.alpha.a", ByteBuffer.allocate(65_537), Map.of(),
						"data: expected: at most 65536 bytes, got: 65537"),
				Arguments.of("plugin.alpha.a", NOTHING, many, "metadata: expected: at most 16 entries"),
				Arguments.of("plugin.alpha.a", NOTHING, Map.of("k", "v".repeat(4096)),
						"metadata: expected: at most 16 entries with 4096 characters, got: 1 with 4097"));
	}

	@ParameterizedTest
	@MethodSource("refused")
	void whatIsMalformedOrTooLargeIsRefused(String type, ByteBuffer data, Map<String, String> metadata,
			String message) {
		assertThatIllegalArgumentException()
			.isThrownBy(() -> this.events.publish(ALPHA, new EmittedEvent(type, data, metadata, false)))
			.withMessageStartingWith(message);
		assertThat(this.counts.all).isEqualTo(Map.of("refused alpha", 1L));
	}

	@Test
	void whoPublishesMoreThanItsShareIsToWait() {
		EmittedEvent small = new EmittedEvent("plugin.alpha.a", NOTHING, Map.of(), false);
		for (int i = 0; i < PluginEvents.BURST; i++) {
			assertThat(this.events.publish(ALPHA, small)).isZero();
		}
		Duration pause = this.events.publish(ALPHA, small);
		assertThat(pause).isEqualTo(Duration.ofNanos(1_000_000_000 / PluginEvents.EVENTS_PER_SECOND));
		assertThat(
				this.events.publish(new PluginId("beta"), new EmittedEvent("plugin.beta.a", NOTHING, Map.of(), false)))
			.isZero();
		this.time.nanos += pause.multipliedBy(2).toNanos();
		assertThat(this.events.publish(ALPHA, small)).isZero();
		ByteBuffer large = bytes("{\"a\":\"" + "x".repeat(10 * 1024) + "\"}");
		assertThat(this.events.publish(ALPHA, new EmittedEvent("plugin.alpha.a", large, Map.of(), false)))
			.isEqualTo(pause.multipliedBy(11));
	}

	@Test
	void lossesAreCountedWhenTheyHappen() {
		this.events.subscribe(ALPHA, EventFilter.ofTypes("x")).subscribe(new BaseSubscriber<>() {

			@Override
			protected void hookOnSubscribe(Subscription subscription) {
				// Asks for nothing.
			}

		});
		for (int i = 0; i < 10_003; i++) {
			this.bus.publish("x", "gateway", Map.of(), () -> "{}");
		}
		assertThat(this.counts.all).isEqualTo(Map.of("published x", 10_003L, "lost alpha", 3L));
	}

	@Test
	void filtersAreBounded() {
		assertThatIllegalArgumentException()
			.isThrownBy(() -> this.events.subscribe(ALPHA, new EventFilter(Collections.nCopies(65, "x"), Map.of())))
			.withMessage("event_types: expected: at most 64 with 128 characters each, got: more");
		assertThatIllegalArgumentException()
			.isThrownBy(() -> this.events.subscribe(ALPHA, EventFilter.ofTypes("x".repeat(129))));
		assertThatIllegalArgumentException()
			.isThrownBy(() -> this.events.subscribe(ALPHA, new EventFilter(List.of(), Map.of("k", "v".repeat(4096)))));
	}

	private static final class Meter implements TimeMeter {

		private long nanos;

		@Override
		public long currentTimeNanos() {
			return this.nanos;
		}

		@Override
		public boolean isWallClockBased() {
			return false;
		}

	}

}
