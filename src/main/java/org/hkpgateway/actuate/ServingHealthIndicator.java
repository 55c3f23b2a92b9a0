package org.hkpgateway.actuate;

import java.util.List;

import org.hkpgateway.lifecycle.PluginHost;
import org.hkpgateway.lifecycle.PluginState;
import org.hkpgateway.lifecycle.PluginStatus;

import reactor.core.publisher.Mono;

import org.springframework.boot.health.contributor.AbstractReactiveHealthIndicator;
import org.springframework.boot.health.contributor.Health;

/**
 * Whether traffic should come: the part of readiness that is about required plugins and,
 * if so configured, the keyserver.
 */
public class ServingHealthIndicator extends AbstractReactiveHealthIndicator {

	private static final String OUT_OF_SERVICE = "OUT_OF_SERVICE";

	private final PluginHost host;

	private final boolean always;

	private final Mono<Void> upstream;

	/**
	 * Makes the indicator.
	 * @param host the plugins
	 * @param always whether a required plugin that fails later counts too
	 * @param upstream asks the keyserver, an error if it does not answer; empty if it
	 * does not count
	 */
	public ServingHealthIndicator(PluginHost host, boolean always, Mono<Void> upstream) {
		super("The required plugins could not be looked at");
		this.host = host;
		this.always = always;
		this.upstream = upstream;
	}

	@Override
	protected Mono<Health> doHealthCheck(Health.Builder builder) {
		List<PluginStatus> required = this.host.statuses()
			.stream()
			.filter((status) -> status.required() && status.enabled())
			.toList();
		boolean ready = this.host.requiredReady()
				&& (!this.always || required.stream().allMatch((status) -> status.state() == PluginState.READY));
		builder.status(ready ? "UP" : OUT_OF_SERVICE)
			.withDetail("required", required.stream().map((status) -> status.id() + ": " + status.state()).toList());
		return this.upstream.thenReturn(builder)
			.onErrorResume((error) -> Mono
				.just(builder.status(OUT_OF_SERVICE).withDetail("upstream", String.valueOf(error.getMessage()))))
			.map(Health.Builder::build);
	}

}
