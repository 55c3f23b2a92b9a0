package org.hkpgateway.actuate;

import java.util.function.Supplier;

import org.hkpgateway.state.RedisStatus;

import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.boot.health.contributor.Status;

/**
 * Whether Redis is there, as far as the gateway knows: nothing is asked.
 * {@link PluginsHealthContributor#DEGRADED} if not, because requests are served without
 * it. No part of readiness.
 */
public class RedisHealthIndicator implements HealthIndicator {

	private final Supplier<RedisStatus> redis;

	/**
	 * Makes the indicator.
	 * @param redis tells how it stands
	 */
	public RedisHealthIndicator(Supplier<RedisStatus> redis) {
		this.redis = redis;
	}

	@Override
	public Health health() {
		RedisStatus status = this.redis.get();
		Health.Builder health = Health.status(status.up() ? Status.UP : PluginsHealthContributor.DEGRADED)
			.withDetail("address", status.address())
			.withDetail("sinceSeconds", status.since().toSeconds())
			.withDetail("replicas", status.replicas());
		if (!status.up()) {
			health.withDetail("reason", status.reason());
		}
		return health.build();
	}

}
