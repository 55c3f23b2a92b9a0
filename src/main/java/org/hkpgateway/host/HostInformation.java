package org.hkpgateway.host;

import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;

import org.hkpgateway.plugin.PluginId;

/**
 * What plugins may know of the gateway.
 *
 * @param version the gateway's version, for example {@code 1.2.0}
 * @param chainBudget how long all plugins together may take for one request
 * @param plugins those that are loaded now; must not block
 */
public record HostInformation(String version, Duration chainBudget, Supplier<List<LoadedPlugin>> plugins) {

	/**
	 * A plugin, as other plugins may know it.
	 *
	 * @param id its name
	 * @param version as its manifest says
	 */
	public record LoadedPlugin(PluginId id, String version) {
	}

}
