package org.hkpgateway.plugin;

/**
 * Is told when a circuit breaker changes its state, for metrics and events.
 */
@FunctionalInterface
public interface BreakerListener {

	/** Listens to nothing. */
	BreakerListener NONE = (plugin, phase, from, to) -> {
	};

	/**
	 * Called after the change, on the thread whose call caused it: must not block or
	 * throw.
	 * @param plugin whose breaker it is
	 * @param phase which of its breakers
	 * @param from the state before
	 * @param to the state now
	 */
	void stateChanged(PluginId plugin, Phase phase, BreakerState from, BreakerState to);

}
