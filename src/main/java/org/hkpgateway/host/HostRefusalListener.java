package org.hkpgateway.host;

import org.hkpgateway.plugin.PluginId;

/**
 * Is told of each refusal, on an event loop: must be quick and must not block.
 */
@FunctionalInterface
public interface HostRefusalListener {

	/**
	 * A call or a connection was refused.
	 * @param plugin whose socket it came in on, whoever came
	 * @param refusal why
	 */
	void refused(PluginId plugin, HostRefusal refusal);

}
