package org.hkpgateway.resilience;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.DoubleSupplier;
import java.util.function.LongSupplier;

import org.hkpgateway.plugin.PluginClient;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginSpec;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/**
 * Puts the guards around plugin clients, from outside to inside:
 * <ol>
 * <li>bulkhead: at most {@code max-concurrent} calls, no waiting;</li>
 * <li>circuit breaker: see {@code Breaker};</li>
 * <li>deadline: the smaller of the plugin's timeout and what is left of the chain's
 * budget;</li>
 * <li>grants: see {@code Grants};</li>
 * <li>the call.</li>
 * </ol>
 * Whatever goes wrong comes out as a {@link org.hkpgateway.plugin.PluginFailure}. A
 * policy denial is a decision like any other, and a call that the client gave up says
 * nothing about the plugin: neither counts as a failure.
 * <p>
 * What counts as slow is 0.8 × the time a plugin can have at most, which is its timeout
 * or the whole chain budget if that is shorter. A timeout after less than that, because
 * other plugins had used up the budget, is not counted against this plugin; any other is.
 * A plugin that never answers is therefore found out, but not blamed for its neighbours.
 * <p>
 * Safe for any thread.
 */
public final class GuardedPlugins implements PluginClient.Decorator {

	private static final Logger logger = LoggerFactory.getLogger(GuardedPlugins.class);

	private final Duration chainBudget;

	private final BreakerListener listener;

	private final LongSupplier nanos;

	private final Scheduler scheduler;

	private final DoubleSupplier random;

	/** One entry for each plugin there ever was: bounded by the plugin directories. */
	private final Map<PluginId, GuardedClient> latest = new ConcurrentHashMap<>();

	/**
	 * Makes the decorator.
	 * @param chainBudget what all plugins together may take for a request
	 * @param listener is told of breakers that change their state
	 */
	public GuardedPlugins(Duration chainBudget, BreakerListener listener) {
		this(chainBudget, listener, System::nanoTime, Schedulers.parallel(),
				() -> ThreadLocalRandom.current().nextDouble());
	}

	GuardedPlugins(Duration chainBudget, BreakerListener listener, LongSupplier nanos, Scheduler scheduler,
			DoubleSupplier random) {
		this.chainBudget = chainBudget;
		this.listener = listener;
		this.nanos = nanos;
		this.scheduler = scheduler;
		this.random = random;
	}

	@Override
	public PluginClient decorate(PluginSpec spec, PluginClient client) {
		Duration timeout = (spec.timeout().compareTo(this.chainBudget) < 0) ? spec.timeout() : this.chainBudget;
		Duration slow = timeout.multipliedBy(8).dividedBy(10);
		PluginId id = spec.id();
		Breaker breaker = new Breaker(id.name(), slow, this.nanos, this.scheduler, this.random,
				(source, from, to) -> onStateChange(id, source, from, to));
		GuardedClient guarded = new GuardedClient(spec, client, timeout, slow, breaker, this.scheduler);
		this.latest.put(id, guarded);
		return guarded;
	}

	/**
	 * Tells how the breaker of a plugin's newest process is.
	 * @param plugin the plugin
	 * @return empty if it has never been connected
	 */
	public Optional<BreakerStatus> status(PluginId plugin) {
		return Optional.ofNullable(this.latest.get(plugin)).map((guarded) -> guarded.breaker().status());
	}

	private void onStateChange(PluginId plugin, Breaker source, BreakerState from, BreakerState to) {
		GuardedClient current = this.latest.get(plugin);
		if (current == null || current.breaker() != source) {
			// Calls in flight to a process that has been replaced: nobody's state now.
			return;
		}
		if (to == BreakerState.OPEN) {
			logger.warn("Circuit breaker of plugin {}: {} -> {}; its fail policy applies until it recovers", plugin,
					from, to);
		}
		else {
			logger.info("Circuit breaker of plugin {}: {} -> {}", plugin, from, to);
		}
		this.listener.stateChanged(plugin, from, to);
	}

}
