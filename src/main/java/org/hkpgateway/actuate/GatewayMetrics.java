package org.hkpgateway.actuate;

import java.util.Locale;
import java.util.concurrent.TimeUnit;

import io.micrometer.core.instrument.MeterRegistry;
import org.hkpgateway.chain.ChainListener;
import org.hkpgateway.chain.PluginOutcome;
import org.hkpgateway.lifecycle.StateListener;
import org.hkpgateway.lifecycle.Transition;
import org.hkpgateway.plugin.BreakerListener;
import org.hkpgateway.plugin.BreakerState;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.StreamListener;
import org.hkpgateway.proxy.EdgeListener;

/**
 * Counts what plugins do: {@code hkp.plugin.calls} by plugin and outcome,
 * {@code hkp.plugin.transitions} by plugin and state, {@code hkp.plugin.breaker.changes}
 * by plugin and state, {@code hkp.plugin.stream.incidents} by plugin and incident,
 * {@code hkp.edge.connections.refused} by reason. Labels come from fixed sets and the
 * configured plugins only.
 */
public class GatewayMetrics implements ChainListener, StateListener, BreakerListener, StreamListener, EdgeListener {

	private final MeterRegistry registry;

	/**
	 * Makes the metrics.
	 * @param registry where they go
	 */
	public GatewayMetrics(MeterRegistry registry) {
		this.registry = registry;
	}

	@Override
	public void pluginAsked(String requestId, PluginOutcome outcome) {
		this.registry.timer("hkp.plugin.calls", "plugin", outcome.plugin().name(), "outcome", outcome.kind().label())
			.record(outcome.nanos(), TimeUnit.NANOSECONDS);
	}

	@Override
	public void onTransition(Transition transition) {
		this.registry
			.counter("hkp.plugin.transitions", "plugin", transition.plugin().name(), "to", transition.to().name())
			.increment();
	}

	@Override
	public void onIncident(PluginId plugin, Incident incident) {
		this.registry
			.counter("hkp.plugin.stream.incidents", "plugin", plugin.name(), "incident",
					incident.name().toLowerCase(Locale.ROOT).replace('_', '-'))
			.increment();
	}

	@Override
	public void stateChanged(PluginId plugin, BreakerState from, BreakerState to) {
		this.registry.counter("hkp.plugin.breaker.changes", "plugin", plugin.name(), "to", to.name()).increment();
	}

	@Override
	public void connectionRefused(EdgeListener.Reason reason) {
		this.registry.counter("hkp.edge.connections.refused", "reason", reason.label()).increment();
	}

}
