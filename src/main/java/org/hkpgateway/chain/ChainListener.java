package org.hkpgateway.chain;

/**
 * Told of each outcome as it happens. Called on whatever thread the plugin's answer came:
 * must not block and must not throw.
 */
@FunctionalInterface
public interface ChainListener {

	/**
	 * A plugin was asked about a request, or shown the keyserver's answer to it.
	 * @param requestId the gateway's request id
	 * @param outcome what came of it
	 */
	void pluginAsked(String requestId, PluginOutcome outcome);

}
