package org.hkpgateway.sdk.host;

import java.util.Map;

/**
 * Who the gateway is.
 *
 * @param version of the gateway
 * @param protocolVersion that it speaks, such as {@code 1.0}
 * @param plugins names and versions of the plugins that are loaded
 * @param configuration for example {@code timeout_ms} and {@code chain_budget_ms}
 */
public record HostInfo(String version, String protocolVersion, Map<String, String> plugins,
		Map<String, String> configuration) {

	public HostInfo {
		plugins = Map.copyOf(plugins);
		configuration = Map.copyOf(configuration);
	}

	/**
	 * The name of this run of this gateway: {@link Event#replica()} of what happens here.
	 * @return empty if it does not say
	 */
	public String replica() {
		return this.configuration.getOrDefault("replica", "");
	}

}
