package org.hkpgateway.actuate;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.hkpgateway.events.ClusterListener;
import org.hkpgateway.plugin.PluginId;
import org.junit.jupiter.api.Test;

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
