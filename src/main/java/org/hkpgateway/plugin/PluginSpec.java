package org.hkpgateway.plugin;

import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Everything the gateway knows of a plugin before it starts it: its manifest with the
 * operator's settings merged over it.
 *
 * @param id its name
 * @param enabled whether it runs without the operator asking for it
 * @param version as the manifest says
 * @param description one line, may be empty
 * @param protocolVersion what it speaks
 * @param source where its process comes from
 * @param transport how gateway and plugin know each other; without meaning for a remote
 * plugin
 * @param environment the operator's additions to the process environment
 * @param configJson one JSON object
 * @param order place in the chain, lowest first; ties by name
 * @param mode what its decisions are for
 * @param speculative whether it may be asked before the plugins before it have decided:
 * its decisions have no side effect and do not depend on annotations
 * @param match which requests it is shown
 * @param required whether readiness waits for it
 * @param fail what its failure means
 * @param timeout limit of one call
 * @param maxConcurrent most calls in flight, at least 1
 * @param body how much of a body it gets; {@link BodyMode#NONE} without the grant
 * @param bodyPrefixBytes how many bytes {@link BodyMode#PREFIX} means
 * @param requested what the manifest asked for
 * @param granted what is in force: requested and granted
 * @param dependencies plugins that must be READY before it starts
 * @param maxMessageBytes largest gRPC message it accepts
 */
public record PluginSpec(PluginId id, boolean enabled, String version, String description,
		ProtocolVersion protocolVersion, PluginSource source, Transport transport, Map<String, String> environment,
		String configJson, int order, PluginMode mode, boolean speculative, MatchRules match, boolean required,
		FailPolicy fail, Duration timeout, int maxConcurrent, BodyMode body, int bodyPrefixBytes,
		Set<Capability> requested, Set<Capability> granted, List<PluginId> dependencies, int maxMessageBytes) {

	/** The order of the chain. */
	public static final Comparator<PluginSpec> CHAIN_ORDER = Comparator.comparingInt(PluginSpec::order)
		.thenComparing(PluginSpec::id);

	/** Default and lowest {@link #maxMessageBytes}: gRPC's own limit. */
	public static final int DEFAULT_MAX_MESSAGE_BYTES = 4 * 1024 * 1024;

	public PluginSpec {
		environment = Map.copyOf(environment);
		requested = Set.copyOf(requested);
		granted = Set.copyOf(granted);
		dependencies = List.copyOf(dependencies);
	}

	/**
	 * Whether the operator granted less than the manifest asked for.
	 * @return true if the plugin starts reduced
	 */
	public boolean reduced() {
		return !this.granted.containsAll(this.requested);
	}

	/**
	 * The same with another mode.
	 * @param other what its decisions are to be for
	 * @return a changed copy
	 */
	public PluginSpec withMode(PluginMode other) {
		return new PluginSpec(this.id, this.enabled, this.version, this.description, this.protocolVersion, this.source,
				this.transport, this.environment, this.configJson, this.order, other, this.speculative, this.match,
				this.required, this.fail, this.timeout, this.maxConcurrent, this.body, this.bodyPrefixBytes,
				this.requested, this.granted, this.dependencies, this.maxMessageBytes);
	}

	@Override
	public String toString() {
		// Neither the environment nor the configuration, which may hold passwords.
		return "PluginSpec[" + this.id + " " + this.version + ", " + this.source + "]";
	}

}
