package org.hkpgateway.lifecycle;

import org.hkpgateway.plugin.PluginId;

/**
 * Is told of every move of every plugin, for log, metrics and events.
 */
@FunctionalInterface
public interface StateListener {

	/**
	 * Called after the move, on the thread of the plugin's supervisor: in order for one
	 * generation of a plugin, concurrently for several. Must not block. An exception is
	 * logged and changes nothing.
	 * @param transition the move
	 */
	void onTransition(Transition transition);

	/**
	 * Called when a plugin has become known, before its first move, if it ever moves.
	 * Must not block or throw.
	 * @param plugin which plugin
	 */
	default void onAdded(PluginId plugin) {
	}

	/**
	 * Called when a plugin is no longer known: it was removed, and none of its processes
	 * is left. Must not block or throw.
	 * @param plugin which plugin
	 */
	default void onRemoved(PluginId plugin) {
	}

}
