package org.hkpgateway.actuate;

import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.state.LocalStateStore;
import org.hkpgateway.state.StateKey;
import org.hkpgateway.state.StateQuota;
import org.hkpgateway.state.StateStore;
import org.hkpgateway.state.StateStore.Size;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link StateGauges}.
 */
class StateGaugesTests {

	private static final PluginId A = new PluginId("a");

	private final SimpleMeterRegistry registry = new SimpleMeterRegistry();

	/** What the store elsewhere was asked and has not answered. */
	private final List<Sinks.One<Size>> asked = new ArrayList<>();

	private long now = -5;

	@Test
	void ofAStoreInThisProcessTheyShowWhatIsKeptNow() {
		StateQuota quota = new StateQuota(10, 1000);
		StateStore store = new LocalStateStore(quota);
		StateGauges.bindQuota(this.registry, quota);
		new StateGauges(this.registry, store, () -> this.now).onAdded(A);
		assertThat(gauge(StateGauges.KEYS)).isZero();
		store.put(new StateKey(A, "key"), new byte[7], Duration.ZERO).block();
		store.put(new StateKey(new PluginId("other"), "key"), new byte[7], Duration.ZERO).block();
		later();
		assertThat(gauge(StateGauges.KEYS)).isEqualTo(1);
		assertThat(gauge(StateGauges.BYTES)).isEqualTo(10);
		assertThat(this.registry.get("hkp.state.max.keys").gauge().value()).isEqualTo(10);
		assertThat(this.registry.get("hkp.state.max.bytes").gauge().value()).isEqualTo(1000);
	}

	@Test
	void ofAStoreElsewhereTheyShowItsLastAnswerAndNobodyWaits() {
		new StateGauges(this.registry, elsewhere(), () -> this.now).onAdded(A);
		assertThat(gauge(StateGauges.KEYS)).isNaN();
		assertThat(gauge(StateGauges.BYTES)).isNaN();
		assertThat(this.asked).as("once a second at most").hasSize(1);
		this.asked.get(0).tryEmitValue(new Size(3, 70));
		assertThat(gauge(StateGauges.KEYS)).isEqualTo(3);
		assertThat(gauge(StateGauges.BYTES)).isEqualTo(70);
		later();
		assertThat(gauge(StateGauges.KEYS)).isEqualTo(3);
		assertThat(this.asked).hasSize(2);
		this.asked.get(1).tryEmitError(new IllegalStateException("away"));
		assertThat(gauge(StateGauges.KEYS)).as("what is not known").isNaN();
	}

	@Test
	void theyGoWithThePlugin() {
		StateGauges gauges = new StateGauges(this.registry, elsewhere(), () -> this.now);
		gauges.onAdded(A);
		gauges.onAdded(A);
		gauges.onAdded(new PluginId("b"));
		assertThat(this.registry.getMeters()).hasSize(4);
		new GatewayMetrics(this.registry).onRemoved(A);
		assertThat(this.registry.getMeters()).hasSize(2)
			.allMatch((meter) -> "b".equals(meter.getId().getTag("plugin")));
	}

	private StateStore elsewhere() {
		return (StateStore) Proxy.newProxyInstance(StateStore.class.getClassLoader(),
				new Class<?>[] { StateStore.class }, (proxy, method, arguments) -> {
					assertThat(method.getName()).isEqualTo("size");
					return Mono.defer(() -> {
						Sinks.One<Size> answer = Sinks.one();
						this.asked.add(answer);
						return answer.asMono();
					});
				});
	}

	private void later() {
		this.now += TimeUnit.SECONDS.toNanos(1);
	}

	private double gauge(String name) {
		return this.registry.get(name).tag("plugin", "a").gauge().value();
	}

}
