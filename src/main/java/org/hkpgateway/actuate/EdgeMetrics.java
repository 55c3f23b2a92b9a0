package org.hkpgateway.actuate;

import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import org.hkpgateway.hkp.Unread;
import org.hkpgateway.proxy.EdgeLimit;
import org.hkpgateway.proxy.EdgeListener;
import org.jspecify.annotations.Nullable;

/**
 * Counts what the public port does before and in place of serving requests:
 * {@code hkp.edge.connections}, which are open; {@code hkp.edge.connections.accepted};
 * {@code hkp.edge.connections.refused} by reason; {@code hkp.edge.limited} by limit;
 * {@code hkp.edge.refused} by status; {@code hkp.upload.answers.unread} by reason. All
 * limits and reasons are there from the start, as 0. Thread-safe.
 */
public class EdgeMetrics implements EdgeListener {

	private final MeterRegistry registry;

	private final AtomicInteger open = new AtomicInteger();

	private final Counter accepted;

	private final Map<EdgeLimit, Counter> limited = new EnumMap<>(EdgeLimit.class);

	private final Map<Reason, Counter> refused = new EnumMap<>(Reason.class);

	private final Map<Unread, Counter> unread = new EnumMap<>(Unread.class);

	/**
	 * Makes the metrics.
	 * @param registry where they go
	 */
	public EdgeMetrics(MeterRegistry registry) {
		this.registry = registry;
		Gauge.builder("hkp.edge.connections", this.open, AtomicInteger::get).register(registry);
		this.accepted = registry.counter("hkp.edge.connections.accepted");
		for (EdgeLimit limit : EdgeLimit.values()) {
			this.limited.put(limit, registry.counter("hkp.edge.limited", "limit", limit.label()));
		}
		for (Reason reason : Reason.values()) {
			this.refused.put(reason, registry.counter("hkp.edge.connections.refused", "reason", reason.label()));
		}
		for (Unread why : Unread.values()) {
			this.unread.put(why, registry.counter("hkp.upload.answers.unread", "reason", why.label()));
		}
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
		this.registry.counter("hkp.edge.refused", "status", Integer.toString(status)).increment();
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
