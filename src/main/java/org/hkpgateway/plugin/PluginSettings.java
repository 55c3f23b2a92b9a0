package org.hkpgateway.plugin;

import java.time.Duration;
import java.util.List;
import java.util.Map;

import org.jspecify.annotations.Nullable;

/**
 * What the operator configures for one plugin under {@code hkp.plugins.settings.<name>}.
 * Null means: not set, the manifest or the default decides.
 *
 * @param enabled whether it runs at all
 * @param order place in the chain, lowest first
 * @param required whether readiness waits for it
 * @param fail what its failure means
 * @param timeout limit of one call
 * @param maxConcurrent most calls in flight
 * @param body how much of a body it gets
 * @param bodyPrefixBytes how many bytes {@link BodyMode#PREFIX} means
 * @param grants granted capabilities; empty for the gateway's default
 * @param environment variables to add to its process
 * @param config merged over {@code [plugin.config]}: strings, numbers, booleans, lists
 * and nested maps
 */
public record PluginSettings(boolean enabled, @Nullable Integer order, boolean required, FailPolicy fail,
		Duration timeout, int maxConcurrent, @Nullable BodyMode body, int bodyPrefixBytes, List<Capability> grants,
		Map<String, String> environment, Map<String, Object> config) {

	/** What holds for a plugin that the configuration does not mention. */
	public static final PluginSettings DEFAULTS = new PluginSettings(true, null, false, FailPolicy.CLOSED,
			Duration.ofMillis(200), 256, null, 64 * 1024, List.of(), Map.of(), Map.of());

	public PluginSettings {
		grants = List.copyOf(grants);
		environment = Map.copyOf(environment);
		config = Map.copyOf(config);
	}

}
