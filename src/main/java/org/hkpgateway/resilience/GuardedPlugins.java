package org.hkpgateway.resilience;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.DoubleSupplier;
import java.util.function.LongSupplier;

import org.hkpgateway.plugin.BreakerListener;
import org.hkpgateway.plugin.PluginClient;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.RequestChanges;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/**
 * Puts the guards around plugin clients, from outside to inside:
 * <ol>
 * <li>bulkhead: at most {@code max-concurrent} calls, no waiting;</li>
 * <li>circuit breaker: see {@code Breaker};</li>
 * <li>deadline: the smaller of the plugin's timeout and what is left of the chain's
 * budget;</li>
 * <li>the decision: only what is granted ({@code Grants}) and can be done
 * ({@link RequestChanges});</li>
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

	private final Duration chainBudget;

	private final RequestChanges changes;

	private final LongSupplier nanos;

	private final Scheduler scheduler;

	private final DoubleSupplier random;

	/**
	 * Makes the decorator.
	 * @param chainBudget what all plugins together may take for a request
	 */
	public GuardedPlugins(Duration chainBudget) {
		this(chainBudget, RequestChanges.DEFAULTS);
	}

	/**
	 * Makes the decorator.
	 * @param chainBudget what all plugins together may take for a request
	 * @param changes what can be made of a request
	 */
	public GuardedPlugins(Duration chainBudget, RequestChanges changes) {
		this(chainBudget, changes, System::nanoTime, Schedulers.parallel(),
				() -> ThreadLocalRandom.current().nextDouble());
	}

	GuardedPlugins(Duration chainBudget, LongSupplier nanos, Scheduler scheduler, DoubleSupplier random) {
		this(chainBudget, RequestChanges.DEFAULTS, nanos, scheduler, random);
	}

	private GuardedPlugins(Duration chainBudget, RequestChanges changes, LongSupplier nanos, Scheduler scheduler,
			DoubleSupplier random) {
		this.chainBudget = chainBudget;
		this.changes = changes;
		this.nanos = nanos;
		this.scheduler = scheduler;
		this.random = random;
	}

	@Override
	public PluginClient.Guarded decorate(PluginSpec spec, PluginClient client, BreakerListener listener) {
		Duration timeout = (spec.timeout().compareTo(this.chainBudget) < 0) ? spec.timeout() : this.chainBudget;
		Duration slow = timeout.multipliedBy(8).dividedBy(10);
		Breaker breaker = new Breaker(spec.id(), slow, this.nanos, this.scheduler, this.random, listener);
		return new GuardedClient(spec, client, timeout, slow, breaker, new Latency(this.nanos), this.changes,
				this.scheduler);
	}

}
