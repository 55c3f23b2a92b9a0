package org.hkpgateway.chain;

import java.time.Duration;
import java.util.function.LongSupplier;

import org.hkpgateway.plugin.PluginRegistry;
import org.hkpgateway.plugin.RequestChanges;
import org.hkpgateway.plugin.RequestEvent;

import org.jspecify.annotations.Nullable;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/**
 * Runs a request through the plugins whose match rules hold for it, in order. The first
 * to answer ends it; what the others change is seen by those behind them. Neighbours that
 * are speculative are asked together; what comes of it is as if they had been asked one
 * after another. A plugin whose rules do not hold has no part in it: it is not asked, no
 * body is read for it, and it cannot fail. Thread-safe; never blocks.
 */
public final class PluginChain {

	private final PluginRegistry registry;

	private final ChainParts parts;

	private final ResponsePhase responses;

	/**
	 * Makes a chain that asks running plugins.
	 * @param registry the plugins as of now
	 * @param settings bounds
	 * @param listener told of every outcome
	 */
	public PluginChain(PluginRegistry registry, ChainSettings settings, ChainListener listener) {
		this(registry, settings, listener, System::nanoTime, Schedulers.parallel(), Schedulers.single());
	}

	/**
	 * Makes a chain with default bounds.
	 * @param registry the plugins as of now
	 * @param budget the longest that all plugins together may take for one request
	 * @param responseBudget the longest that they may hold up the answer to it
	 * @param listener told of every outcome
	 * @param nanoTime a monotonic clock in nanoseconds
	 */
	public PluginChain(PluginRegistry registry, Duration budget, Duration responseBudget, ChainListener listener,
			LongSupplier nanoTime) {
		this(registry, ChainSettings.withBudgets(budget, responseBudget), listener, nanoTime, Schedulers.parallel(),
				Schedulers.single());
	}

	/**
	 * Makes a chain with schedulers of its own.
	 * @param registry the plugins as of now
	 * @param settings bounds
	 * @param listener told of every outcome
	 * @param nanoTime a monotonic clock in nanoseconds
	 * @param timers for delays
	 * @param shadows for plugins in shadow mode: a thread that does nothing else, so that
	 * no timer or decision comes later because of them
	 */
	PluginChain(PluginRegistry registry, ChainSettings settings, ChainListener listener, LongSupplier nanoTime,
			Scheduler timers, Scheduler shadows) {
		this(registry, parts(settings, listener, nanoTime, timers, shadows));
	}

	private PluginChain(PluginRegistry registry, ChainParts parts) {
		this.registry = registry;
		this.parts = parts;
		this.responses = new ResponsePhase(parts.settings().responseBudget(), parts.listener(), parts.nanoTime());
	}

	private static ChainParts parts(ChainSettings settings, ChainListener listener, LongSupplier nanoTime,
			Scheduler timers, Scheduler shadows) {
		Asker asker = new LiveAsker();
		Shadows beside = new Shadows(asker, settings.budget(), listener, nanoTime, shadows,
				ShadowMemory.of(Runtime.getRuntime().maxMemory()), new Occasionally(nanoTime), settings.quotes());
		Tarpit tarpit = new Tarpit(settings.maxDelay(), settings.maxDelayed(), settings.maxDelayedBytes(), timers,
				listener, new Occasionally(nanoTime));
		return new ChainParts(settings, new RequestChanges(settings.maxBody()), asker, beside, tarpit,
				new Occasionally(nanoTime), listener, nanoTime);
	}

	/**
	 * The same chain for requests that are not real: nobody is told, nothing is held
	 * back, and plugins in shadow mode are asked in turn, so that their decisions are
	 * among the outcomes. Everything else is as for a real request.
	 * @param asker how plugins are asked, without changing anything
	 * @return a chain of the same plugins
	 */
	public PluginChain rehearsal(Asker asker) {
		ChainListener nobody = (request, outcome) -> {
		};
		return new PluginChain(this.registry, new ChainParts(this.parts.settings(), this.parts.changes(), asker, null,
				null, null, nobody, this.parts.nanoTime()));
	}

	/**
	 * Whether there is any plugin at the moment. If not, {@link #start} can be left out,
	 * and so can all that plugins are shown.
	 * @return false if every request would be forwarded as it is
	 */
	public boolean hasPlugins() {
		return !this.registry.chain().isEmpty();
	}

	/**
	 * To be called for a request for which {@link #start} is left out.
	 */
	public void passedBy() {
		this.parts.listener().requestCame();
	}

	/**
	 * Fixes the plugins for one request, so that what is read of its body fits those who
	 * will see it. Match rules are about the request as it came: what plugins change
	 * later makes no difference to them.
	 * @param request the whole request, with its credentials, but without its body
	 * @return the run to subscribe to once
	 */
	public ChainRun start(RequestEvent request) {
		return start(request, CallSpans.NONE);
	}

	/**
	 * The same for a request that may be traced.
	 * @param request the whole request, with its credentials, but without its body
	 * @param spans sees the calls
	 * @return the run to subscribe to once
	 */
	public ChainRun start(RequestEvent request, CallSpans spans) {
		return new ChainRun(this.parts, request, this.registry.chain(), spans);
	}

	/**
	 * Fixes the plugins that will see the keyserver's answer, see {@link ResponsePhase}.
	 * @param forward what was decided about the request, which is about to be sent
	 * @param spans sees the calls
	 * @return the answer's way back; null if no plugin takes part
	 */
	public ResponsePhase.@Nullable Review review(ChainResult.Forward forward, CallSpans spans) {
		return this.responses.start(forward, spans);
	}

	/**
	 * How many requests are held back at the moment because plugins asked for it.
	 * @return 0 or more
	 */
	public int delayed() {
		return (this.parts.tarpit() != null) ? this.parts.tarpit().held() : 0;
	}

}
