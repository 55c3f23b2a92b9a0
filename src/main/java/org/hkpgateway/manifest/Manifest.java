package org.hkpgateway.manifest;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;

import org.hkpgateway.plugin.BodyMode;
import org.hkpgateway.plugin.Capability;
import org.hkpgateway.plugin.HandshakeMode;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.ProtocolVersion;

import org.jspecify.annotations.Nullable;

/**
 * A valid {@code plugin.toml}.
 *
 * @param id its name
 * @param version its version
 * @param description one line, may be empty
 * @param protocolVersion what it speaks
 * @param directory real path of its directory
 * @param executable real path, inside {@code directory}
 * @param arguments command-line arguments
 * @param order its place in the chain, null if it names none
 * @param requested the capabilities it names, possibly none
 * @param capabilitiesLine where it does, 0 if it does not
 * @param dependencies the plugins it depends on
 * @param body how much of a body it wants, null if it does not say
 * @param bodyLine where it does, 0 if it does not
 * @param handshake how it tells where it listens
 * @param maxMessageBytes largest message it accepts
 * @param config its {@code [plugin.config]} in plain Java types
 */
record Manifest(PluginId id, String version, String description, ProtocolVersion protocolVersion, Path directory,
		Path executable, List<String> arguments, @Nullable Integer order, Set<Capability> requested,
		int capabilitiesLine, List<Dependency> dependencies, @Nullable BodyMode body, int bodyLine,
		HandshakeMode handshake, int maxMessageBytes, Map<String, Object> config) {

	/**
	 * One entry of {@code dependencies}.
	 *
	 * @param id the other plugin
	 * @param line where it is named
	 */
	record Dependency(PluginId id, int line) {

	}

}
