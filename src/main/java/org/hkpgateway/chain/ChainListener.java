package org.hkpgateway.chain;

import java.util.List;

import org.hkpgateway.plugin.PluginId;

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

	/**
	 * A request has come, whether or not any plugin will be asked about it.
	 */
	default void requestCame() {
	}

	/**
	 * The match rules of a plugin hold for a request that has come. If others end it
	 * before its turn, it will not be asked.
	 * @param plugin which
	 */
	default void matched(PluginId plugin) {
	}

	/**
	 * A plugin wanted a request to be held back.
	 * @param plugin which
	 * @param held whether it is; else too many were held already
	 */
	default void delayed(PluginId plugin, boolean held) {
	}

	/**
	 * A plugin answered with a status that no client may get; the client gets 500.
	 * @param plugin which
	 * @param status its answer
	 */
	default void replaced(PluginId plugin, int status) {
	}

	/**
	 * The decision of a plugin in shadow mode was compared with what was done. May come
	 * long after the request has ended.
	 * @param requestId the gateway's request id
	 * @param outcome what came of it
	 */
	default void compared(String requestId, ShadowOutcome outcome) {
	}

	/**
	 * Tells several.
	 * @param listeners whom, in order
	 * @return one that tells them all
	 */
	static ChainListener all(List<ChainListener> listeners) {
		List<ChainListener> all = List.copyOf(listeners);
		return new ChainListener() {

			@Override
			public void pluginAsked(String requestId, PluginOutcome outcome) {
				all.forEach((listener) -> listener.pluginAsked(requestId, outcome));
			}

			@Override
			public void requestCame() {
				all.forEach(ChainListener::requestCame);
			}

			@Override
			public void matched(PluginId plugin) {
				all.forEach((listener) -> listener.matched(plugin));
			}

			@Override
			public void delayed(PluginId plugin, boolean held) {
				all.forEach((listener) -> listener.delayed(plugin, held));
			}

			@Override
			public void replaced(PluginId plugin, int status) {
				all.forEach((listener) -> listener.replaced(plugin, status));
			}

			@Override
			public void compared(String requestId, ShadowOutcome outcome) {
				all.forEach((listener) -> listener.compared(requestId, outcome));
			}

		};
	}

}
