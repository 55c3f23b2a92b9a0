package org.hkpgateway.plugin;

/**
 * Is told when a circuit breaker changes its state, for metrics and events.
 */
@FunctionalInterface
public interface BreakerListener {

	/** Listens to nothing. */
	BreakerListener NONE = (plugin, from, to) -> {
	};

	/**
	 * Called after the change, on the thread whose call caused it: must not block or
	 * throw.
	 * @param plugin whose breaker it is
	 * @param from the state before
	 * @param to the state now
	 */
	void stateChanged(PluginId plugin, BreakerState from, BreakerState to);

}
