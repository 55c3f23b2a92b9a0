package org.hkpgateway.actuate;

import java.util.Map;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.hkpgateway.events.ClusterListener;
import org.hkpgateway.events.EventBus;
import org.hkpgateway.events.EventFilter;
import org.hkpgateway.plugin.PluginId;
import org.junit.jupiter.api.Test;
import org.reactivestreams.Subscription;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.BaseSubscriber;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link EventMetrics}.
 */
class EventMetricsTests {

	private static final PluginId A = new PluginId("a");

	private final SimpleMeterRegistry registry = new SimpleMeterRegistry();

	private final EventMetrics metrics = new EventMetrics(this.registry);

	private double count(String name, String tag, String value) {
		return this.registry.get(name).tag(tag, value).counter().count();
	}

	@Test
	void whatPluginsMakeUpIsOneType() {
		this.metrics.published("key.changed");
		this.metrics.published("plugin.state");
		this.metrics.published("plugin.a.one");
		this.metrics.published("plugin.b.two.three");
		assertThat(count("hkp.events.published", "type", "key.changed")).isEqualTo(1);
		assertThat(count("hkp.events.published", "type", "plugin.state")).isEqualTo(1);
		assertThat(count("hkp.events.published", "type", "plugin.<name>")).isEqualTo(2);
		assertThat(this.registry.getMeters()).hasSize(3);
	}

	@Test
	void whatReplicasTellEachOtherIsCounted() {
		this.metrics.sent(2);
		this.metrics.sent(3);
		this.metrics.received();
		this.metrics.missed(4);
		this.metrics.dropped(ClusterListener.Dropped.UNSENT, 5);
		this.metrics.dropped(ClusterListener.Dropped.MALFORMED, 1);
		assertThat(this.registry.get("hkp.cluster.events.sent").counter().count()).isEqualTo(5);
		assertThat(this.registry.get("hkp.cluster.events.received").counter().count()).isEqualTo(1);
		assertThat(this.registry.get("hkp.cluster.events.missed").counter().count()).isEqualTo(4);
		assertThat(count("hkp.cluster.events.dropped", "reason", "unsent")).isEqualTo(5);
		assertThat(count("hkp.cluster.events.dropped", "reason", "malformed")).isEqualTo(1);
	}

	@Test
	void whatWaitsForSubscribersIsShown() {
		try (EventBus bus = new EventBus()) {
			EventMetrics.bindSize(this.registry, bus);
			assertThat(gauge("hkp.events.subscribers")).isZero();
			// Nobody asks for what they have subscribed to.
			Disposable both = Disposables.composite(bus.events(EventFilter.ofTypes("x"), 10).subscribeWith(idle()),
					bus.events(EventFilter.ofTypes("*"), 2).subscribeWith(idle()));
			for (int i = 0; i < 5; i++) {
				bus.publish("x", "test", Map.of(), () -> "{}");
			}
			assertThat(gauge("hkp.events.subscribers")).isEqualTo(2);
			assertThat(gauge("hkp.events.waiting")).isEqualTo(5 + 2);
			assertThat(gauge("hkp.events.waiting.bytes")).isBetween(7 * 200.0, 7 * 300.0);
			both.dispose();
			assertThat(gauge("hkp.events.waiting")).isZero();
			assertThat(gauge("hkp.events.waiting.bytes")).isZero();
		}
	}

	private static BaseSubscriber<EventBus.Delivery> idle() {
		return new BaseSubscriber<>() {

			@Override
			protected void hookOnSubscribe(Subscription subscription) {
				// Asks for nothing.
			}

		};
	}

	private double gauge(String name) {
		return this.registry.get(name).gauge().value();
	}

	@Test
	void whatIsCountedOfAPluginGoesWithIt() {
		this.metrics.delivered(A, 3);
		this.metrics.delivered(A, 4);
		this.metrics.lost(A, 5);
		this.metrics.refused(A);
		assertThat(count("hkp.plugin.events.delivered", "plugin", "a")).isEqualTo(7);
		assertThat(count("hkp.plugin.events.lost", "plugin", "a")).isEqualTo(5);
		assertThat(count("hkp.plugin.events.refused", "plugin", "a")).isEqualTo(1);
		new GatewayMetrics(this.registry).onRemoved(A);
		this.metrics.onRemoved(A);
		assertThat(this.registry.getMeters()).isEmpty();
		this.metrics.lost(A, 1);
		assertThat(count("hkp.plugin.events.lost", "plugin", "a")).isEqualTo(1);
	}

}
