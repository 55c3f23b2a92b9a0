package org.hkpgateway.manifest;

import java.util.List;
import java.util.Map;
import java.util.Set;

import org.hkpgateway.plugin.BodyMode;
import org.hkpgateway.plugin.Capability;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginSource;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.ProtocolVersion;

import org.jspecify.annotations.Nullable;

/**
 * A valid {@code plugin.toml}, or what stands in for it where there is none.
 *
 * @param id its name
 * @param version its version
 * @param description one line, may be empty
 * @param protocolVersion what it speaks
 * @param origin where its process comes from
 * @param order its place in the chain, null if it names none
 * @param speculative whether it may be asked ahead of its turn
 * @param requested the capabilities it names, possibly none
 * @param capabilitiesLine where it does, 0 if it does not
 * @param dependencies the plugins it depends on
 * @param body how much of a body it wants, null if it does not say
 * @param bodyLine where it does, 0 if it does not
 * @param earlierLine the line that tells that it is of the earlier Go generation, 0 if
 * none does
 * @param grantsRequest whether what the operator grants by name counts as requested,
 * because the manifest was written before there was a word for it
 * @param maxMessageBytes largest message it accepts
 * @param config its {@code [plugin.config]} in plain Java types
 */
record Manifest(PluginId id, String version, String description, ProtocolVersion protocolVersion, Origin origin,
		@Nullable Integer order, boolean speculative, Set<Capability> requested, int capabilitiesLine,
		List<Dependency> dependencies, @Nullable BodyMode body, int bodyLine, int earlierLine, boolean grantsRequest,
		int maxMessageBytes, Map<String, Object> config) {

	/**
	 * A plugin without manifest: only name, version, origin and capabilities are known.
	 */
	static Manifest without(PluginId id, String version, Origin origin, Set<Capability> requested) {
		return new Manifest(id, version, "", new ProtocolVersion(1, 0, 0), origin, null, false, requested, 0, List.of(),
				null, 0, 0, false, PluginSpec.DEFAULT_MAX_MESSAGE_BYTES, Map.of());
	}

	/** Where the operator's settings for it stand. */
	String settingsKey() {
		boolean remote = this.origin instanceof Origin.Elsewhere elsewhere
				&& elsewhere.source() instanceof PluginSource.Remote;
		return (remote ? "hkp.plugins.remote." : "hkp.plugins.settings.") + this.id;
	}

	/**
	 * One entry of {@code dependencies}.
	 *
	 * @param id the other plugin
	 * @param line where it is named
	 */
	record Dependency(PluginId id, int line) {

	}

}
