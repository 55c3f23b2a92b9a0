package org.hkpgateway.actuate;

import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import org.hkpgateway.state.RedisStatus;

/**
 * Metrics of the shared state:
 * <ul>
 * <li>{@code hkp.cluster.redis.up}: 1 if Redis is taken to be there, else 0</li>
 * <li>{@code hkp.cluster.redis.replicas}: gateways that share it, as far as was known
 * last</li>
 * <li>{@code hkp.cluster.redis.failures} by kind: commands that failed by a
 * {@code timeout}, were {@code rejected} (not sent, or the connection was closed), or
 * were answered with an {@code error}</li>
 * </ul>
 */
public class RedisMetrics implements MeterBinder {

	private final Supplier<RedisStatus> redis;

	/**
	 * Makes the metrics.
	 * @param redis tells how it stands
	 */
	public RedisMetrics(Supplier<RedisStatus> redis) {
		this.redis = redis;
	}

	@Override
	public void bindTo(MeterRegistry registry) {
		Gauge.builder("hkp.cluster.redis.up", () -> this.redis.get().up() ? 1 : 0)
			.description("Whether Redis is taken to be there")
			.register(registry);
		Gauge.builder("hkp.cluster.redis.replicas", () -> this.redis.get().replicas())
			.description("Gateways that share the state of plugins")
			.register(registry);
		failures(registry, "timeout", RedisStatus.Failures::timeouts);
		failures(registry, "rejected", RedisStatus.Failures::rejected);
		failures(registry, "error", RedisStatus.Failures::errors);
	}

	private void failures(MeterRegistry registry, String kind, ToDoubleFunction<RedisStatus.Failures> count) {
		FunctionCounter
			.builder("hkp.cluster.redis.failures", this.redis, (redis) -> count.applyAsDouble(redis.get().failures()))
			.tag("kind", kind)
			.description("Commands to Redis that failed")
			.register(registry);
	}

}
