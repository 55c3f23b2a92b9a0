package org.hkpgateway.resilience;

import java.time.Duration;
import java.util.Optional;

import io.github.resilience4j.bulkhead.Bulkhead;
import io.github.resilience4j.bulkhead.BulkheadConfig;
import io.github.resilience4j.bulkhead.BulkheadFullException;
import io.github.resilience4j.circuitbreaker.CallNotPermittedException;
import io.github.resilience4j.reactor.bulkhead.operator.BulkheadOperator;
import io.github.resilience4j.reactor.circuitbreaker.operator.CircuitBreakerOperator;
import org.hkpgateway.plugin.BreakerStatus;
import org.hkpgateway.plugin.Decision;
import org.hkpgateway.plugin.LatencyStatus;
import org.hkpgateway.plugin.PluginClient;
import org.hkpgateway.plugin.PluginFailure;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.RequestChanges;
import org.hkpgateway.plugin.RequestEvent;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/**
 * A client with its guards around it. Read {@link #decide} from the inside (the call) to
 * the outside (the bulkhead).
 */
final class GuardedClient implements PluginClient.Guarded {

	private final PluginSpec spec;

	private final PluginClient client;

	private final Duration timeout;

	private final Duration slow;

	private final Breaker breaker;

	private final Latency latency;

	private final BulkheadOperator<Decision> inBulkhead;

	private final CircuitBreakerOperator<Decision> inBreaker;

	private final RequestChanges changes;

	private final Scheduler scheduler;

	/**
	 * Makes a guarded client.
	 * @param spec the plugin
	 * @param client the bare client
	 * @param timeout what a call may take when nothing cuts it short
	 * @param slow from where on a call is slow
	 * @param breaker its circuit breaker
	 * @param latency its record of durations
	 * @param changes what can be made of a request
	 * @param scheduler for the deadline
	 */
	GuardedClient(PluginSpec spec, PluginClient client, Duration timeout, Duration slow, Breaker breaker,
			Latency latency, RequestChanges changes, Scheduler scheduler) {
		this.spec = spec;
		this.client = client;
		this.timeout = timeout;
		this.slow = slow;
		this.breaker = breaker;
		this.latency = latency;
		this.changes = changes;
		this.scheduler = scheduler;
		this.inBreaker = CircuitBreakerOperator.of(breaker.circuitBreaker());
		this.inBulkhead = BulkheadOperator.of(Bulkhead.of(spec.id().name(),
				BulkheadConfig.custom()
					.maxConcurrentCalls(spec.maxConcurrent())
					.maxWaitDuration(Duration.ZERO)
					.writableStackTraceEnabled(false)
					.build()));
	}

	@Override
	public Mono<Decision> decide(RequestEvent event, Duration budget) {
		Duration limit = (budget.compareTo(this.timeout) < 0) ? budget : this.timeout;
		return this.latency.measure(ask(event, limit)).<Decision>handle((outcome, sink) -> {
			if (outcome instanceof Outcome.Decided decided) {
				sink.next(decided.decision());
			}
			else if (outcome instanceof Outcome.Failed failed) {
				sink.error(counted(failed.failure(), limit));
			}
		}).transform(this.inBreaker).transform(this.inBulkhead).onErrorMap(this::toFailure);
	}

	private Mono<Outcome> ask(RequestEvent event, Duration limit) {
		return Mono.defer(() -> this.client.decide(event, limit))
			.<Outcome>map((decision) -> checked(event, decision))
			// As a value: an error that loses the race against the deadline, which the
			// client keeps too, would be logged as dropped.
			.onErrorResume((failure) -> Mono.just(new Outcome.Failed(toFailure(failure))))
			.timeout(limit, Mono.fromSupplier(() -> new Outcome.Failed(late(limit))), this.scheduler)
			.switchIfEmpty(Mono.fromSupplier(() -> new Outcome.Failed(empty())));
	}

	@Override
	public BreakerStatus breaker() {
		return this.breaker.status();
	}

	@Override
	public LatencyStatus latency() {
		return this.latency.status();
	}

	private Outcome checked(RequestEvent shown, Decision decision) {
		Optional<String> violation = Grants.violation(this.spec.granted(), decision);
		if (violation.isPresent()) {
			return refused("it " + violation.get());
		}
		if (decision instanceof Decision.Continue next && (next.rewrite() != null || next.body() != null)) {
			try {
				this.changes.apply(next, shown, shown);
			}
			catch (IllegalArgumentException ex) {
				return refused(ex.getMessage());
			}
		}
		return new Outcome.Decided(decision);
	}

	private Outcome refused(@Nullable String why) {
		return new Outcome.Failed(new PluginFailure.ProtocolError(this.spec.id(), "refused decision: " + why));
	}

	/**
	 * A timeout counts if the plugin had at least the time after which a call is slow. If
	 * others had used up the budget so that it had less, it says nothing about this one.
	 */
	private RuntimeException counted(PluginFailure failure, Duration limit) {
		boolean cutShort = failure instanceof PluginFailure.Timeout && limit.compareTo(this.slow) < 0;
		return cutShort ? new CutShort(failure) : failure;
	}

	private PluginFailure toFailure(Throwable failure) {
		if (failure instanceof PluginFailure known) {
			return known;
		}
		if (failure instanceof CutShort cutShort) {
			return cutShort.failure();
		}
		if (failure instanceof CallNotPermittedException) {
			return new PluginFailure.BreakerOpen(this.spec.id(), "not asked: its circuit breaker is open");
		}
		if (failure instanceof BulkheadFullException) {
			return new PluginFailure.BulkheadFull(this.spec.id(),
					"not asked: expected: at most " + this.spec.maxConcurrent() + " calls at once, got: one more");
		}
		return new PluginFailure.ProtocolError(this.spec.id(), "unexpected failure: " + failure);
	}

	private PluginFailure late(Duration limit) {
		return new PluginFailure.Timeout(this.spec.id(),
				"expected: a decision within " + limit.toMillis() + " ms, got: none");
	}

	private PluginFailure empty() {
		return new PluginFailure.ProtocolError(this.spec.id(), "expected: a decision, got: none");
	}

	/** How the inner part of a call ended. */
	private sealed interface Outcome {

		record Decided(Decision decision) implements Outcome {
		}

		record Failed(PluginFailure failure) implements Outcome {
		}

	}

}
