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
 * @param mode what its decisions are for
 * @param match which requests it is shown
 * @param required whether readiness waits for it
 * @param fail what its failure means
 * @param timeout limit of one call
 * @param maxConcurrent most calls in flight
 * @param body how much of a body it gets
 * @param bodyPrefixBytes how many bytes {@link BodyMode#PREFIX} means
 * @param grants granted capabilities; empty for the gateway's default
 * @param handshake how the gateway learns where it listens; the manifest's if null
 * @param transport how gateway and plugin know each other; the common one if null
 * @param isolation what its process is kept from; the common one if null
 * @param network where it is told to listen
 * @param sha256 the only checksum its executable may have, lower-case hexadecimal; null
 * if any
 * @param attach the handshake line of a process to connect to instead of launching one;
 * null to launch
 * @param environment variables to add to its process
 * @param config merged over {@code [plugin.config]}: strings, numbers, booleans, lists
 * and nested maps
 */
public record PluginSettings(boolean enabled, @Nullable Integer order, PluginMode mode, MatchRules match,
		boolean required, FailPolicy fail, Duration timeout, int maxConcurrent, @Nullable BodyMode body,
		int bodyPrefixBytes, List<Capability> grants, @Nullable HandshakeMode handshake, @Nullable Transport transport,
		@Nullable IsolationLevel isolation, Network network, @Nullable String sha256, @Nullable String attach,
		Map<String, String> environment, Map<String, Object> config) {

	/** What holds for a plugin that the configuration does not mention. */
	public static final PluginSettings DEFAULTS = new PluginSettings(true, null, PluginMode.ENFORCE,
			MatchRules.EVERYTHING, false, FailPolicy.CLOSED, Duration.ofMillis(200), 256, null, 64 * 1024, List.of(),
			null, null, null, Network.UNIX, null, null, Map.of(), Map.of());

	public PluginSettings {
		grants = List.copyOf(grants);
		environment = Map.copyOf(environment);
		config = Map.copyOf(config);
	}

}
