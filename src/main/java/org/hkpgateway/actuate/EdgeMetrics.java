package org.hkpgateway.actuate;

import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter.MeterProvider;
import io.micrometer.core.instrument.MeterRegistry;
import org.hkpgateway.hkp.Unread;
import org.hkpgateway.proxy.EdgeLimit;
import org.hkpgateway.proxy.EdgeListener;
import org.hkpgateway.proxy.EndedRequest;
import org.jspecify.annotations.Nullable;

/**
 * Counts what the public port does before and in place of serving requests:
 * {@code hkp.edge.connections}, which are open; {@code hkp.edge.connections.accepted};
 * {@code hkp.edge.connections.refused} by reason; {@code hkp.edge.limited} by limit;
 * {@code hkp.edge.refused} by status; {@code hkp.upload.answers.unread} by reason. All
 * limits and reasons are there from the start, as 0. What became of requests is counted
 * by {@code RequestMetrics}. Thread-safe.
 */
public class EdgeMetrics implements EdgeListener {

	private final RequestMetrics requests;

	private final MeterProvider<Counter> requestsRefused;

	private final AtomicInteger open = new AtomicInteger();

	private final Counter accepted;

	private final Map<EdgeLimit, Counter> limited = new EnumMap<>(EdgeLimit.class);

	private final Map<Reason, Counter> refused = new EnumMap<>(Reason.class);

	private final Map<Unread, Counter> unread = new EnumMap<>(Unread.class);

	/**
	 * Makes the metrics.
	 * @param registry where they go
	 * @param chainBudget the longest that all plugins together may take for a request
	 */
	public EdgeMetrics(MeterRegistry registry, Duration chainBudget) {
		this.requests = new RequestMetrics(registry, chainBudget);
		Gauge.builder("hkp.edge.connections", this.open, AtomicInteger::get)
			.description("Open connections of the public port")
			.register(registry);
		this.accepted = Counter.builder("hkp.edge.connections.accepted")
			.description("Connections that were let in")
			.register(registry);
		MeterProvider<Counter> limits = Counter.builder("hkp.edge.limited")
			.description("How often a limit was reached: a connection or request ended")
			.withRegistry(registry);
		for (EdgeLimit limit : EdgeLimit.values()) {
			this.limited.put(limit, limits.withTag("limit", limit.label()));
		}
		MeterProvider<Counter> connections = Counter.builder("hkp.edge.connections.refused")
			.description("Connections that were refused before their first request")
			.withRegistry(registry);
		for (Reason reason : Reason.values()) {
			this.refused.put(reason, connections.withTag("reason", reason.label()));
		}
		MeterProvider<Counter> uploads = Counter.builder("hkp.upload.answers.unread")
			.description("Uploads of which it is not known what became of all their keys")
			.withRegistry(registry);
		for (Unread why : Unread.values()) {
			this.unread.put(why, uploads.withTag("reason", why.label()));
		}
		this.requestsRefused = Counter.builder("hkp.edge.refused")
			.description("Requests that the gateway itself refused")
			.withRegistry(registry);
	}

	/**
	 * Shows how much of request bodies is in memory.
	 * @param registry where it goes
	 * @param used how many bytes there are
	 * @param limit how many there may be
	 */
	public static void bindBuffers(MeterRegistry registry, Supplier<Number> used, Supplier<Number> limit) {
		Gauge.builder("hkp.edge.buffered", used)
			.description("Request bodies that are held in memory")
			.baseUnit("bytes")
			.register(registry);
		Gauge.builder("hkp.edge.buffered.limit", limit)
			.description("How much of them may be held")
			.baseUnit("bytes")
			.register(registry);
	}

	@Override
	public void connectionRefused(Reason reason) {
		increment(this.refused.get(reason));
	}

	@Override
	public void connectionOpened() {
		this.open.incrementAndGet();
		this.accepted.increment();
	}

	@Override
	public void connectionClosed() {
		this.open.decrementAndGet();
	}

	@Override
	public void limited(EdgeLimit limit) {
		increment(this.limited.get(limit));
	}

	/** Of the few statuses that the gateway itself answers with. */
	@Override
	public void requestRefused(int status) {
		this.requestsRefused.withTag("status", Integer.toString(status)).increment();
	}

	@Override
	public void requestEnded(EndedRequest request) {
		this.requests.ended(request);
	}

	@Override
	public void uploadUnread(Unread why) {
		increment(this.unread.get(why));
	}

	private static void increment(@Nullable Counter counter) {
		if (counter != null) {
			counter.increment();
		}
	}

}
