package org.hkpgateway.resilience;

import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.BiFunction;
import java.util.function.DoubleSupplier;
import java.util.function.LongSupplier;

import org.hkpgateway.plugin.BreakerListener;
import org.hkpgateway.plugin.Capability;
import org.hkpgateway.plugin.Decision;
import org.hkpgateway.plugin.KeyPage;
import org.hkpgateway.plugin.KeyProvider;
import org.hkpgateway.plugin.Phase;
import org.hkpgateway.plugin.PluginClient;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.RequestChanges;
import org.hkpgateway.plugin.RequestEvent;
import org.hkpgateway.plugin.ResponseClient;
import org.hkpgateway.plugin.ResponseDecision;
import org.hkpgateway.plugin.ResponseEvent;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/**
 * Puts the guards around plugin clients, from outside to inside:
 * <ol>
 * <li>bulkhead: at most {@code max-concurrent} calls, no waiting;</li>
 * <li>circuit breaker: see {@code Breaker};</li>
 * <li>deadline: the smaller of the plugin's timeout and what is left of the phase's
 * budget;</li>
 * <li>the decision: only what is granted ({@code Grants}) and can be done
 * ({@link RequestChanges});</li>
 * <li>the call.</li>
 * </ol>
 * Whatever goes wrong comes out as a {@link org.hkpgateway.plugin.PluginFailure}. A
 * policy denial is a decision like any other, and a call that the client gave up says
 * nothing about the plugin: neither counts as a failure. A stream that breaks counts as
 * one, however many calls it takes along.
 * <p>
 * The request phase, the response phase and queries for keys have guards of their own:
 * who is late or wrong in one is still asked in the others. For keys there is no budget
 * that plugins share.
 * <p>
 * What counts as slow is 0.8 × the time a plugin can have at most, which is its timeout
 * or the whole budget of the phase if that is shorter. A timeout after less than that,
 * because other plugins had used up the budget, is not counted against this plugin; any
 * other is. A plugin that never answers is therefore found out, but not blamed for its
 * neighbours.
 * <p>
 * Safe for any thread.
 */
public final class GuardedPlugins implements PluginClient.Decorator {

	private final Duration chainBudget;

	private final RequestChanges changes;

	private final Duration responseBudget;

	private final LongSupplier nanos;

	private final Scheduler scheduler;

	private final DoubleSupplier random;

	/**
	 * Makes the decorator.
	 * @param chainBudget what all plugins together may take for a request
	 * @param responseBudget what all plugins together may take for an answer
	 */
	public GuardedPlugins(Duration chainBudget, Duration responseBudget) {
		this(chainBudget, responseBudget, RequestChanges.DEFAULTS);
	}

	/**
	 * Makes the decorator.
	 * @param chainBudget what all plugins together may take for a request
	 * @param responseBudget what all plugins together may take for an answer
	 * @param changes what can be made of a request
	 */
	public GuardedPlugins(Duration chainBudget, Duration responseBudget, RequestChanges changes) {
		this(chainBudget, responseBudget, changes, System::nanoTime, Schedulers.parallel(),
				() -> ThreadLocalRandom.current().nextDouble());
	}

	GuardedPlugins(Duration chainBudget, Duration responseBudget, LongSupplier nanos, Scheduler scheduler,
			DoubleSupplier random) {
		this(chainBudget, responseBudget, RequestChanges.DEFAULTS, nanos, scheduler, random);
	}

	private GuardedPlugins(Duration chainBudget, Duration responseBudget, RequestChanges changes, LongSupplier nanos,
			Scheduler scheduler, DoubleSupplier random) {
		this.chainBudget = chainBudget;
		this.responseBudget = responseBudget;
		this.changes = changes;
		this.nanos = nanos;
		this.scheduler = scheduler;
		this.random = random;
	}

	@Override
	public PluginClient.Guarded decorate(PluginSpec spec, PluginClient client, BreakerListener listener) {
		Guard<RequestEvent, Decision> requests = guard(spec, Phase.REQUEST, this.chainBudget, client::decide,
				(shown, decision) -> violation(spec, shown, decision), listener);
		// Only requests go by a stream.
		client.reportTo(requests::record);
		Set<Capability> granted = spec.granted();
		return new GuardedClient(client, requests,
				granted.contains(Capability.HTTP_RESPONSE) ? responses(spec, client, listener) : null,
				granted.contains(Capability.STORAGE_PROVIDE) ? keys(spec, client, listener) : null);
	}

	private Guard<KeyProvider.Question, Optional<KeyPage>> keys(PluginSpec spec, PluginClient client,
			BreakerListener listener) {
		return guard(spec, Phase.STORAGE, spec.timeout(), (question, budget) -> {
			KeyProvider keys = client.keys();
			return (keys != null) ? keys.provide(question, budget) : Mono.just(Optional.empty());
		}, (question, page) -> Optional.empty(), listener);
	}

	private Optional<String> violation(PluginSpec spec, RequestEvent shown, Decision decision) {
		Optional<String> notGranted = Grants.violation(spec.granted(), decision).map("it "::concat);
		if (notGranted.isEmpty() && decision instanceof Decision.Continue next
				&& (next.rewrite() != null || next.body() != null)) {
			try {
				this.changes.apply(next, shown, shown);
			}
			catch (IllegalArgumentException ex) {
				return Optional.of(String.valueOf(ex.getMessage()));
			}
		}
		return notGranted;
	}

	private Guard<ResponseEvent, ResponseDecision> responses(PluginSpec spec, PluginClient client,
			BreakerListener listener) {
		return guard(spec, Phase.RESPONSE, this.responseBudget, (event, budget) -> {
			ResponseClient responses = client.responses();
			return (responses != null) ? responses.review(event, budget) : Mono.just(ResponseDecision.UNCHANGED);
		}, (shown, decision) -> Grants.violation(spec.granted(), decision).map("it "::concat), listener);
	}

	private <E, D> Guard<E, D> guard(PluginSpec spec, Phase phase, Duration budget,
			BiFunction<E, Duration, Mono<D>> bare, BiFunction<E, D, Optional<String>> violation,
			BreakerListener listener) {
		Guard.Limits limits = Guard.Limits.of(spec.timeout(), budget);
		Breaker breaker = new Breaker(spec.id(), phase, limits.slow(), this.nanos, this.scheduler, this.random,
				listener);
		return new Guard<>(spec, bare, violation, limits, breaker, new Latency(this.nanos), this.scheduler);
	}

}
