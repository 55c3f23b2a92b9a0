package org.hkpgateway.host;

import org.hkpgateway.plugin.PluginId;

import org.jspecify.annotations.Nullable;

/**
 * Is told of each refusal, on an event loop: must be quick and must not block.
 */
@FunctionalInterface
public interface HostRefusalListener {

	/**
	 * A call or a connection was refused.
	 * @param plugin whose socket it came in on, whoever came; on the port of remote
	 * plugins whose token it was, and null without the token of one
	 * @param refusal why
	 */
	void refused(@Nullable PluginId plugin, HostRefusal refusal);

}
