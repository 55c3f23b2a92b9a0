package org.hkpgateway.sdk;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Set;

import org.hkpgateway.sdk.config.PluginConfig;
import org.hkpgateway.sdk.host.Host;
import org.hkpgateway.sdk.host.SharedState;

import org.jspecify.annotations.Nullable;

/**
 * What a plugin is told when it is initialized.
 *
 * @param name its name as the gateway knows it
 * @param version its version as in the manifest
 * @param config its configuration
 * @param grants the capabilities in force; anything beyond them is withheld from requests
 * and refused in decisions
 * @param gatewayVersion version of the gateway
 * @param protocolVersion version of the protocol that the gateway speaks, such as
 * {@code 1.0}
 * @param environment what the operator configured as environment of this plugin
 * @param dataDirectory where the plugin may keep files; null when there is no such place
 * @param state what the gateway keeps for the plugin; null without the grant
 * {@code state}, and when the plugin runs where it cannot ask the gateway
 * @param host the gateway, to be asked; where that is not possible, calls fail with
 * {@code UNAVAILABLE}
 */
public record PluginContext(String name, String version, PluginConfig config, Set<String> grants, String gatewayVersion,
		String protocolVersion, Map<String, String> environment, @Nullable Path dataDirectory,
		@Nullable SharedState state, Host host) {

	public PluginContext {
		grants = Set.copyOf(grants);
		environment = Map.copyOf(environment);
	}

	/**
	 * Whether a capability is in force.
	 * @param capability for example {@code http.request.body}
	 * @return true if it was requested and granted
	 */
	public boolean isGranted(String capability) {
		return this.grants.contains(capability);
	}

	/**
	 * A context for tests of a plugin: name {@code test}, version 0, the default grants.
	 * @param configJson the configuration as one JSON object
	 * @return the context
	 */
	public static PluginContext forTest(String configJson) {
		Set<String> granted = Set.of("http.request", "http.respond");
		return new PluginContext("test", "0", PluginConfig.parse(configJson), granted, "test", "1.0", Map.of(), null,
				null, new GrpcHost(new HostLink(null, granted, Runnable::run), Duration.ZERO));
	}

}
