package org.hkpgateway.actuate;

import java.net.URI;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Meter.MeterProvider;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import org.hkpgateway.hkp.Operation;
import org.hkpgateway.proxy.EndedRequest;
import org.jspecify.annotations.Nullable;

/**
 * Counts what became of requests: {@code hkp.requests} by decision and class of status,
 * {@code hkp.operations} by operation and class of status, {@code hkp.upstream.answers}
 * by upstream, and {@code hkp.chain.budget.left}. No label is anything that a client or a
 * plugin can make up. Thread-safe.
 */
final class RequestMetrics {

	private static final String NONE = "none";

	private final MeterProvider<Timer> requests;

	private final MeterProvider<Counter> operations;

	private final MeterProvider<Timer> answers;

	private final DistributionSummary budgetLeft;

	private final double budgetNanos;

	/** To look them up by their labels takes longer than to count. */
	private final Map<Served, Timer> timers = new ConcurrentHashMap<>();

	private final Map<Asked, Counter> counters = new ConcurrentHashMap<>();

	private final Map<URI, Timer> upstreams = new ConcurrentHashMap<>();

	RequestMetrics(MeterRegistry registry, Duration chainBudget) {
		this.budgetNanos = (double) chainBudget.toNanos();
		this.requests = Timer.builder("hkp.requests")
			.description("Requests of the public port, from the head to the end of the answer")
			.withRegistry(registry);
		this.operations = Counter.builder("hkp.operations")
			.description("Requests of the public port by what they ask for")
			.withRegistry(registry);
		this.answers = Timer.builder("hkp.upstream.answers")
			.description("Answers of the keyserver, from asking it to the head of its answer")
			.withRegistry(registry);
		this.budgetLeft = DistributionSummary.builder("hkp.chain.budget.left")
			.description("How much of the chain's budget the plugins have left, of requests that they were asked about")
			.baseUnit("ratio")
			.register(registry);
	}

	void ended(EndedRequest request) {
		String status = statusClass(request.status());
		this.timers
			.computeIfAbsent(new Served(request.decision(), status),
					(made) -> this.requests.withTags("decision", made.decision(), "status", made.status()))
			.record(request.nanos(), TimeUnit.NANOSECONDS);
		this.counters
			.computeIfAbsent(new Asked(request.operation(), status),
					(made) -> this.operations.withTags("operation", word(made.operation()), "status", made.status()))
			.increment();
		if (request.upstream() != null && request.upstreamFirstNanos() >= 0) {
			this.upstreams
				.computeIfAbsent(request.upstream(), (url) -> this.answers.withTags("upstream", url.toString()))
				.record(request.upstreamFirstNanos(), TimeUnit.NANOSECONDS);
		}
		if (request.pluginNanos() >= 0) {
			this.budgetLeft.record(Math.max(0, 1 - request.pluginNanos() / this.budgetNanos));
		}
	}

	private static String word(@Nullable Operation operation) {
		return (operation != null) ? operation.name().toLowerCase(Locale.ROOT).replace('_', '-') : NONE;
	}

	/** A keyserver or a plugin may make up any status. */
	private static String statusClass(int status) {
		return (status >= 100 && status < 600) ? status / 100 + "xx" : NONE;
	}

	private record Served(String decision, String status) {
	}

	private record Asked(@Nullable Operation operation, String status) {
	}

}
