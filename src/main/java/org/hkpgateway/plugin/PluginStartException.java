package org.hkpgateway.plugin;

/**
 * A plugin could not be started. The message is for the operator: it names the plugin,
 * what was expected, what came and what to do.
 */
public class PluginStartException extends RuntimeException {

	private static final long serialVersionUID = 1L;

	private final PluginId plugin;

	public PluginStartException(PluginId plugin, String message) {
		super("plugin " + plugin + ": " + message);
		this.plugin = plugin;
	}

	public PluginStartException(PluginId plugin, String message, Throwable cause) {
		super("plugin " + plugin + ": " + message, cause);
		this.plugin = plugin;
	}

	public PluginId plugin() {
		return this.plugin;
	}

}
