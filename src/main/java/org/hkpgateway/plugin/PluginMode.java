package org.hkpgateway.plugin;

/** What a plugin's decisions are for. */
public enum PluginMode {

	/** They are done. */
	ENFORCE,
	/**
	 * They are compared with what the others decided, and have no effect: to try a plugin
	 * out on real requests.
	 */
	SHADOW

}
