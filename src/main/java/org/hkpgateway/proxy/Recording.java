package org.hkpgateway.proxy;

import org.hkpgateway.events.EventBus;
import org.jspecify.annotations.Nullable;

/**
 * Where it is recorded what becomes of requests, beside the log and the metrics.
 *
 * @param events gets an event for each
 * @param tracing gets spans of each; null if traces are off
 * @param decisions is told of those that plugins end
 */
public record Recording(EventBus events, @Nullable RequestTracing tracing, DecisionListener decisions) {

	/** Nowhere. */
	static Recording nowhere() {
		return new Recording(new EventBus(), null, (decision) -> {
		});
	}

}
