package org.hkpgateway.actuate;

import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

import org.hkpgateway.lifecycle.PluginHost;
import org.hkpgateway.lifecycle.PluginState;
import org.hkpgateway.lifecycle.PluginStatus;

import org.springframework.boot.health.contributor.AbstractHealthIndicator;
import org.springframework.boot.health.contributor.Health;

/**
 * Whether the required plugins allow traffic: the part of readiness that is about
 * plugins. Does not block.
 */
public class ServingHealthIndicator extends AbstractHealthIndicator {

	private final PluginHost host;

	private final Supplier<List<String>> missing;

	private final boolean always;

	/**
	 * Makes the indicator.
	 * @param host the plugins
	 * @param missing names of required plugins that do not exist or were kept out
	 * @param always whether a required plugin that fails later counts too
	 */
	public ServingHealthIndicator(PluginHost host, Supplier<List<String>> missing, boolean always) {
		super("The required plugins could not be looked at");
		this.host = host;
		this.missing = missing;
		this.always = always;
	}

	@Override
	protected void doHealthCheck(Health.Builder builder) {
		List<String> missing = this.missing.get();
		BooleanSupplier allReady = () -> this.host.statuses()
			.stream()
			.filter(PluginStatus::required)
			.allMatch((status) -> status.state() == PluginState.READY);
		boolean ready = missing.isEmpty() && this.host.requiredReady() && (!this.always || allReady.getAsBoolean());
		builder.status(ready ? "UP" : "OUT_OF_SERVICE");
		if (!missing.isEmpty()) {
			builder.withDetail("missing", missing);
		}
		builder.withDetail("required",
				this.host.statuses()
					.stream()
					.filter(PluginStatus::required)
					.map((status) -> status.id() + ": " + status.state())
					.toList());
	}

}
