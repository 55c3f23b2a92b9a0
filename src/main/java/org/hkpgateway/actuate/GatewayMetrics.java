package org.hkpgateway.actuate;

import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.Meter.MeterProvider;
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

	private final MeterProvider<Timer> timers;

	private final MeterProvider<Counter> failures;

	private final MeterProvider<Counter> delays;

	private final MeterProvider<Counter> replaced;

	private final MeterProvider<Timer> shadow;

	private final MeterProvider<Counter> transitions;

	private final MeterProvider<Counter> incidents;

	private final MeterProvider<Counter> breakerChanges;

	/** To look it up by its labels is slower than all the rest of a call's books. */
	private final Map<Call, Timer> calls = new ConcurrentHashMap<>();

	/**
	 * Makes the metrics.
	 * @param registry where they go
	 */
	public GatewayMetrics(MeterRegistry registry) {
		this.registry = registry;
		this.timers = Timer.builder("hkp.plugin.calls")
			.description("What came of asking the plugin, and how long its answer took")
			.withRegistry(registry);
		this.failures = counter("hkp.plugin.failures", "How the plugin has failed to decide");
		this.delays = counter("hkp.plugin.delays", "Requests that the plugin wanted to be held back");
		this.replaced = counter("hkp.plugin.answers.replaced",
				"Answers of the plugin with a status that no client may get, in whose place it got 500");
		this.shadow = Timer.builder("hkp.plugin.shadow")
			.description("Decisions in shadow mode, compared with what was done")
			.withRegistry(registry);
		this.transitions = counter("hkp.plugin.transitions", "Moves of the plugin from state to state");
		this.incidents = counter("hkp.plugin.stream.incidents", "What went wrong with the stream to the plugin");
		this.breakerChanges = counter("hkp.plugin.breaker.changes", "Changes of the state of its circuit breaker");
	}

	private MeterProvider<Counter> counter(String name, String description) {
		return Counter.builder(name).description(description).withRegistry(this.registry);
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
			this.failures
				.withTags(PLUGIN, outcome.plugin().name(), "phase", outcome.kind().phase().label(), "kind",
						outcome.failure())
				.increment();
		}
	}

	private Timer timer(Call call) {
		return this.timers.withTags(PLUGIN, call.plugin(), "phase", call.kind().phase().label(), "outcome",
				call.kind().label());
	}

	@Override
	public void delayed(PluginId plugin, boolean held) {
		this.delays.withTags(PLUGIN, plugin.name(), "outcome", held ? "held" : "refused").increment();
	}

	@Override
	public void replaced(PluginId plugin, int status) {
		this.replaced.withTags(PLUGIN, plugin.name(), "status", String.valueOf(status)).increment();
	}

	@Override
	public void compared(String requestId, ShadowOutcome outcome) {
		this.shadow.withTags(PLUGIN, outcome.plugin().name(), "agreement", outcome.agreement().label())
			.record(outcome.nanos(), TimeUnit.NANOSECONDS);
	}

	@Override
	public void onTransition(Transition transition) {
		this.transitions.withTags(PLUGIN, transition.plugin().name(), "to", transition.to().name()).increment();
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
		this.incidents
			.withTags(PLUGIN, plugin.name(), "incident", incident.name().toLowerCase(Locale.ROOT).replace('_', '-'))
			.increment();
	}

	@Override
	public void stateChanged(PluginId plugin, Phase phase, BreakerState from, BreakerState to) {
		this.breakerChanges.withTags(PLUGIN, plugin.name(), "phase", phase.label(), "to", to.name()).increment();
	}

	private record Call(String plugin, PluginOutcome.Kind kind) {
	}

}
