package org.hkpgateway.actuate;

import java.util.LinkedHashMap;
import java.util.Map;

import org.hkpgateway.proxy.PublicServer;
import org.hkpgateway.proxy.UpstreamStatus;

import reactor.core.publisher.Mono;

import org.springframework.boot.health.contributor.AbstractReactiveHealthIndicator;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.Status;

/**
 * Whether the keyservers answer. Asks them each time, at most 4 s.
 * {@link PluginsHealthContributor#DEGRADED} if only some do.
 */
public class UpstreamHealthIndicator extends AbstractReactiveHealthIndicator {

	private final PublicServer server;

	/**
	 * Makes the indicator.
	 * @param server knows how to reach the keyservers
	 */
	public UpstreamHealthIndicator(PublicServer server) {
		super("The keyservers could not be asked");
		this.server = server;
	}

	@Override
	protected Mono<Health> doHealthCheck(Health.Builder builder) {
		return this.server.probeUpstreams().map((upstreams) -> {
			long answered = upstreams.stream().filter((upstream) -> upstream.error().isEmpty()).count();
			upstreams.forEach((upstream) -> builder.withDetail(upstream.url().toString(), details(upstream)));
			return builder.status(status(answered, upstreams.size())).build();
		});
	}

	private static Status status(long answered, int all) {
		if (answered == 0) {
			return Status.DOWN;
		}
		return (answered == all) ? Status.UP : PluginsHealthContributor.DEGRADED;
	}

	private static Map<String, Object> details(UpstreamStatus upstream) {
		Map<String, Object> details = new LinkedHashMap<>();
		details.put("primary", upstream.primary());
		details.put("up", upstream.up());
		details.put("inUse", upstream.inUse());
		details.put("answers", upstream.error().isEmpty());
		if (!upstream.error().isEmpty()) {
			details.put("error", upstream.error());
		}
		return details;
	}

}
