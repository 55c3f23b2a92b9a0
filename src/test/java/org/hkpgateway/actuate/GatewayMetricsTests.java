package org.hkpgateway.actuate;

import java.time.Instant;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.hkpgateway.lifecycle.PluginState;
import org.hkpgateway.lifecycle.Transition;
import org.hkpgateway.plugin.BreakerState;
import org.hkpgateway.plugin.Phase;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.StreamListener.Incident;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link GatewayMetrics}.
 */
class GatewayMetricsTests {

	private static final PluginId PLUGIN = new PluginId("a");

	private final SimpleMeterRegistry registry = new SimpleMeterRegistry();

	private final GatewayMetrics metrics = new GatewayMetrics(this.registry);

	@Test
	void whatHappensToAPluginIsCounted() {
		this.metrics.onTransition(new Transition(PLUGIN, PluginState.STARTING, PluginState.READY, "", Instant.EPOCH));
		this.metrics.stateChanged(PLUGIN, Phase.RESPONSE, BreakerState.CLOSED, BreakerState.OPEN);
		this.metrics.onIncident(PLUGIN, Incident.ANSWER_IGNORED);
		this.metrics.onIncident(PLUGIN, Incident.ANSWER_IGNORED);
		assertThat(count("hkp.plugin.transitions", "to", "READY")).isEqualTo(1);
		assertThat(count("hkp.plugin.breaker.changes", "to", "OPEN")).isEqualTo(1);
		assertThat(count("hkp.plugin.stream.incidents", "incident", "answer-ignored")).isEqualTo(2);
	}

	private double count(String name, String key, String value) {
		return this.registry.get(name).tags("plugin", "a", key, value).counter().count();
	}

}
