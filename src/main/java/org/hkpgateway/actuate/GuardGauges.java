package org.hkpgateway.actuate;

import java.util.List;
import java.util.function.Function;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import org.hkpgateway.lifecycle.PluginState;
import org.hkpgateway.lifecycle.PluginStatus;
import org.hkpgateway.lifecycle.StateListener;
import org.hkpgateway.lifecycle.Transition;
import org.hkpgateway.plugin.BreakerState;
import org.hkpgateway.plugin.GuardStatus;
import org.hkpgateway.plugin.Phase;
import org.hkpgateway.plugin.PluginId;
import org.jspecify.annotations.Nullable;

/**
 * Shows how the guards of plugins are at the moment, by plugin and phase:
 * {@code hkp.plugin.breaker.state} is 1 for the state that the breaker is in and 0 for
 * the others, {@code hkp.plugin.calls.active} is the number of calls in flight, of which
 * there may be {@code hkp.plugin.calls.max}.
 * <p>
 * Each process has guards of its own, and two processes of a plugin may run at the same
 * time; so a gauge belongs to the plugin and asks whoever decides at the moment. While
 * nobody does, it has no value. {@link GatewayMetrics} removes the gauges with the
 * plugin.
 */
public final class GuardGauges implements StateListener {

	static final String BREAKER = "hkp.plugin.breaker.state";

	static final String ACTIVE = "hkp.plugin.calls.active";

	static final String MAX = "hkp.plugin.calls.max";

	private final MeterRegistry registry;

	private final Function<PluginId, PluginStatus> plugins;

	/**
	 * Makes the gauges.
	 * @param registry where they go
	 * @param plugins knows the plugins; throws {@link IllegalArgumentException} for one
	 * that it does not know
	 */
	public GuardGauges(MeterRegistry registry, Function<PluginId, PluginStatus> plugins) {
		this.registry = registry;
		this.plugins = plugins;
	}

	@Override
	public void onTransition(Transition transition) {
		// When one process stands by, another one decides, which may be of another kind.
		if (transition.to() == PluginState.READY || transition.to() == PluginState.STANDBY) {
			for (Phase phase : Phase.values()) {
				if (status(transition.plugin(), phase) != null) {
					register(transition.plugin(), phase);
				}
				else {
					remove(transition.plugin(), phase);
				}
			}
		}
	}

	private void register(PluginId plugin, Phase phase) {
		if (this.registry.find(ACTIVE).tags(tags(plugin, phase)).gauge() != null) {
			// Of an earlier process. It asks about this one, too, and Micrometer warns
			// of a second.
			return;
		}
		for (BreakerState state : BreakerState.values()) {
			Gauge.builder(BREAKER, () -> {
				GuardStatus status = status(plugin, phase);
				return (status == null) ? Double.NaN : (status.breaker().state() == state) ? 1 : 0;
			})
				.description("1 for the state that the circuit breaker is in")
				.tags(tags(plugin, phase).and("state", state.name()))
				.register(this.registry);
		}
		Gauge.builder(ACTIVE, () -> {
			GuardStatus status = status(plugin, phase);
			return (status == null) ? Double.NaN : status.callsInFlight();
		}).description("Calls in flight").tags(tags(plugin, phase)).register(this.registry);
		Gauge.builder(MAX, () -> {
			GuardStatus status = status(plugin, phase);
			return (status == null) ? Double.NaN : status.maxCalls();
		}).description("How many calls may be in flight").tags(tags(plugin, phase)).register(this.registry);
	}

	private void remove(PluginId plugin, Phase phase) {
		for (String name : List.of(BREAKER, ACTIVE, MAX)) {
			for (Meter meter : this.registry.find(name).tags(tags(plugin, phase)).meters()) {
				this.registry.remove(meter);
			}
		}
	}

	private static Tags tags(PluginId plugin, Phase phase) {
		return Tags.of(GatewayMetrics.PLUGIN, plugin.name(), "phase", phase.label());
	}

	private @Nullable GuardStatus status(PluginId plugin, Phase phase) {
		try {
			PluginStatus status = this.plugins.apply(plugin);
			return switch (phase) {
				case REQUEST -> status.requests();
				case RESPONSE -> status.responses();
				// Its breaker's changes are counted.
				case STORAGE -> null;
			};
		}
		catch (IllegalArgumentException ex) {
			return null;
		}
	}

}
