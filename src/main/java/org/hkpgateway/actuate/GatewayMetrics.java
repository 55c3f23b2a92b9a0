package org.hkpgateway.actuate;

import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import org.hkpgateway.chain.ChainListener;
import org.hkpgateway.chain.PluginOutcome;
import org.hkpgateway.chain.ShadowOutcome;
import org.hkpgateway.lifecycle.StateListener;
import org.hkpgateway.lifecycle.Transition;
import org.hkpgateway.plugin.BreakerListener;
import org.hkpgateway.plugin.BreakerState;
import org.hkpgateway.plugin.Phase;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.StreamListener;
import org.hkpgateway.proxy.EdgeListener;

/**
 * Counts what plugins do: {@code hkp.plugin.calls} by plugin, phase and outcome,
 * {@code hkp.plugin.failures} by plugin, phase and kind, {@code hkp.plugin.transitions}
 * by plugin and state, {@code hkp.plugin.breaker.changes} by plugin, phase and state,
 * {@code hkp.plugin.stream.incidents} by plugin and incident, {@code hkp.plugin.delays}
 * by plugin and whether the request was held, {@code hkp.plugin.shadow} by plugin and
 * agreement, {@code hkp.plugin.answers.replaced} by plugin and status. Labels come from
 * fixed sets and the configured plugins only, and what is said of a plugin goes with it.
 */
public class GatewayMetrics implements ChainListener, StateListener, BreakerListener, StreamListener {

	static final String PLUGIN = "plugin";

	private static final String PREFIX = "hkp.plugin.";

	private final MeterRegistry registry;

	/** To look it up by its labels is slower than all the rest of a call's books. */
	private final Map<Call, Timer> calls = new ConcurrentHashMap<>();

	/**
	 * Makes the metrics.
	 * @param registry where they go
	 */
	public GatewayMetrics(MeterRegistry registry) {
		this.registry = registry;
	}

	@Override
	public void pluginAsked(String requestId, PluginOutcome outcome) {
		Call call = new Call(outcome.plugin().name(), outcome.kind());
		Timer timer = this.calls.get(call);
		if (timer == null) {
			timer = this.calls.computeIfAbsent(call, this::timer);
		}
		timer.record(outcome.nanos(), TimeUnit.NANOSECONDS);
		if (!outcome.failure().isEmpty()) {
			this.registry
				.counter("hkp.plugin.failures", PLUGIN, outcome.plugin().name(), "phase",
						outcome.kind().phase().label(), "kind", outcome.failure())
				.increment();
		}
	}

	private Timer timer(Call call) {
		return this.registry.timer("hkp.plugin.calls", PLUGIN, call.plugin(), "phase", call.kind().phase().label(),
				"outcome", call.kind().label());
	}

	@Override
	public void delayed(PluginId plugin, boolean held) {
		this.registry.counter("hkp.plugin.delays", "plugin", plugin.name(), "outcome", held ? "held" : "refused")
			.increment();
	}

	@Override
	public void replaced(PluginId plugin, int status) {
		this.registry.counter("hkp.plugin.answers.replaced", PLUGIN, plugin.name(), "status", String.valueOf(status))
			.increment();
	}

	@Override
	public void compared(String requestId, ShadowOutcome outcome) {
		this.registry
			.timer("hkp.plugin.shadow", "plugin", outcome.plugin().name(), "agreement", outcome.agreement().label())
			.record(outcome.nanos(), TimeUnit.NANOSECONDS);
	}

	@Override
	public void onTransition(Transition transition) {
		this.registry
			.counter("hkp.plugin.transitions", PLUGIN, transition.plugin().name(), "to", transition.to().name())
			.increment();
	}

	/** Also what others have registered about it. */
	@Override
	public void onRemoved(PluginId plugin) {
		for (Meter meter : this.registry.getMeters()) {
			Meter.Id id = meter.getId();
			if (id.getName().startsWith(PREFIX) && plugin.name().equals(id.getTag(PLUGIN))) {
				this.registry.remove(id);
			}
		}
		// Last: what a late call has made meanwhile must not outlive its meter.
		for (PluginOutcome.Kind kind : PluginOutcome.Kind.values()) {
			this.calls.remove(new Call(plugin.name(), kind));
		}
	}

	@Override
	public void onIncident(PluginId plugin, Incident incident) {
		this.registry
			.counter("hkp.plugin.stream.incidents", PLUGIN, plugin.name(), "incident",
					incident.name().toLowerCase(Locale.ROOT).replace('_', '-'))
			.increment();
	}

	@Override
	public void stateChanged(PluginId plugin, Phase phase, BreakerState from, BreakerState to) {
		this.registry
			.counter("hkp.plugin.breaker.changes", PLUGIN, plugin.name(), "phase", phase.label(), "to", to.name())
			.increment();
	}

	private record Call(String plugin, PluginOutcome.Kind kind) {
	}

}
