package org.hkpgateway.actuate;

import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

import org.hkpgateway.lifecycle.PluginHost;
import org.hkpgateway.lifecycle.PluginState;
import org.hkpgateway.lifecycle.PluginStatus;

import reactor.core.publisher.Mono;

import org.springframework.boot.health.contributor.AbstractReactiveHealthIndicator;
import org.springframework.boot.health.contributor.Health;

/**
 * Whether the required plugins allow traffic and, if that is to count, the keyserver can
 * be reached: the gateway's own part of readiness. Does not block.
 */
public class ServingHealthIndicator extends AbstractReactiveHealthIndicator {

	private final PluginHost host;

	private final Supplier<List<String>> missing;

	private final boolean always;

	private final Mono<Void> upstream;

	/**
	 * Makes the indicator.
	 * @param host the plugins
	 * @param missing names of required plugins that do not exist or were kept out
	 * @param always whether a required plugin that fails later counts too
	 * @param upstream an error while traffic cannot be served for want of the keyserver;
	 * empty if the keyserver does not count
	 */
	public ServingHealthIndicator(PluginHost host, Supplier<List<String>> missing, boolean always,
			Mono<Void> upstream) {
		super("The required plugins could not be looked at");
		this.host = host;
		this.missing = missing;
		this.always = always;
		this.upstream = upstream;
	}

	@Override
	protected Mono<Health> doHealthCheck(Health.Builder builder) {
		return this.upstream.thenReturn(true).onErrorReturn(false).map((reachable) -> health(builder, reachable));
	}

	private Health health(Health.Builder builder, boolean reachable) {
		List<String> missing = this.missing.get();
		BooleanSupplier allReady = () -> this.host.statuses()
			.stream()
			.filter(PluginStatus::required)
			.allMatch((status) -> status.state() == PluginState.READY);
		boolean ready = reachable && missing.isEmpty() && this.host.requiredReady()
				&& (!this.always || allReady.getAsBoolean());
		builder.status(ready ? "UP" : "OUT_OF_SERVICE");
		if (!reachable) {
			builder.withDetail("upstream", "not reachable");
		}
		if (!missing.isEmpty()) {
			builder.withDetail("missing", missing);
		}
		return builder
			.withDetail("required",
					this.host.statuses()
						.stream()
						.filter(PluginStatus::required)
						.map((status) -> status.id() + ": " + status.state())
						.toList())
			.build();
	}

}
