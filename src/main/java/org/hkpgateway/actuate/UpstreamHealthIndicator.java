package org.hkpgateway.actuate;

import org.hkpgateway.proxy.PublicServer;

import reactor.core.publisher.Mono;

import org.springframework.boot.health.contributor.AbstractReactiveHealthIndicator;
import org.springframework.boot.health.contributor.Health;

/**
 * Whether the keyserver answers. Asks it each time, at most 4 s.
 */
public class UpstreamHealthIndicator extends AbstractReactiveHealthIndicator {

	private final PublicServer server;

	private final String url;

	/**
	 * Makes the indicator.
	 * @param server knows how to reach the keyserver
	 * @param url where it is, for the reader
	 */
	public UpstreamHealthIndicator(PublicServer server, String url) {
		super("The keyserver cannot be reached");
		this.server = server;
		this.url = url;
	}

	@Override
	protected Mono<Health> doHealthCheck(Health.Builder builder) {
		builder.withDetail("url", this.url);
		return this.server.probeUpstream()
			.thenReturn(builder)
			.map((up) -> up.up().build())
			.onErrorResume((error) -> Mono
				.just(builder.down().withDetail("error", String.valueOf(error.getMessage())).build()));
	}

}
