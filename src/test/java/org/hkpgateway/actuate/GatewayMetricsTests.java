package org.hkpgateway.actuate;

import java.time.Instant;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;

import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.hkpgateway.chain.PluginOutcome;
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

	@Test
	void callsAreTimedAndFailuresCountedByPhaseAndKind() {
		this.metrics.pluginAsked("r", new PluginOutcome(PLUGIN, PluginOutcome.Kind.CONTINUED, "", "", 5, 5, null));
		this.metrics.pluginAsked("r", new PluginOutcome(PLUGIN, PluginOutcome.Kind.REVIEW_FAILED, "bulkhead-full: x",
				"bulkhead-full", 0, 0, null));
		assertThat(
				this.registry.get("hkp.plugin.calls").tags("phase", "request", "outcome", "continue").timer().count())
			.isEqualTo(1);
		assertThat(this.registry.get("hkp.plugin.calls")
			.tags("phase", "response", "outcome", "review-failed")
			.timer()
			.count()).isEqualTo(1);
		assertThat(this.registry.find("hkp.plugin.failures").counters()).hasSize(1);
		assertThat(this.registry.get("hkp.plugin.failures")
			.tags("plugin", "a", "phase", "response", "kind", "bulkhead-full")
			.counter()
			.count()).isEqualTo(1);
	}

	@Test
	void whatIsSaidOfAPluginGoesWithIt() {
		this.metrics.pluginAsked("r", new PluginOutcome(PLUGIN, PluginOutcome.Kind.CONTINUED, "", "", 5, 5, null));
		this.metrics.stateChanged(PLUGIN, Phase.REQUEST, BreakerState.CLOSED, BreakerState.OPEN);
		this.metrics.stateChanged(new PluginId("b"), Phase.REQUEST, BreakerState.CLOSED, BreakerState.OPEN);
		this.registry.counter("other", "plugin", "a").increment();
		this.metrics.onRemoved(PLUGIN);
		assertThat(this.registry.getMeters()).extracting((meter) -> meter.getId().getName())
			.containsExactlyInAnyOrder("hkp.plugin.breaker.changes", "other");
	}

	@Test
	void aPluginThatComesBackIsCountedAnewWhateverEndsWhileItIsRemoved() {
		PluginOutcome outcome = new PluginOutcome(PLUGIN, PluginOutcome.Kind.CONTINUED, "", "", 5, 5, null);
		AtomicReference<Runnable> meanwhile = new AtomicReference<>(() -> {
		});
		SimpleMeterRegistry registry = new SimpleMeterRegistry() {

			@Override
			public List<Meter> getMeters() {
				meanwhile.get().run();
				return super.getMeters();
			}

		};
		GatewayMetrics metrics = new GatewayMetrics(registry);
		metrics.pluginAsked("r", outcome);
		meanwhile.set(() -> metrics.pluginAsked("late", outcome));
		metrics.onRemoved(PLUGIN);
		meanwhile.set(() -> {
		});
		metrics.pluginAsked("r", outcome);
		assertThat(registry.get("hkp.plugin.calls").timer().count()).isEqualTo(1);
	}

	private double count(String name, String key, String value) {
		return this.registry.get(name).tags("plugin", "a", key, value).counter().count();
	}

}
