package org.hkpgateway.plugin;

import java.time.Duration;

/**
 * A connection to one plugin process. The calls below block and are made by the thread
 * that supervises the plugin, never by an event loop; {@link #client()} does not block.
 */
public interface PluginConnection extends AutoCloseable {

	/**
	 * Introduces the gateway to the plugin: the first call, once.
	 * @param instanceId names this incarnation
	 * @param timeout the longest to wait
	 * @return what the plugin says of itself
	 * @throws PluginStartException if it refuses, fails or is silent; its cause is a
	 * {@link PluginFailure.Unavailable} if the connection broke
	 */
	PluginIntroduction initialize(String instanceId, Duration timeout);

	/**
	 * Asks how it is.
	 * @param timeout the longest to wait
	 * @return its answer
	 * @throws PluginFailure if it does not answer
	 */
	HealthReport checkHealth(Duration timeout);

	/**
	 * Tells it to end. An answer UNAVAILABLE is a clean end too: some exit first.
	 * @param reason for its log
	 * @param grace how long it may take
	 * @throws PluginFailure if it does not answer in time
	 */
	void shutdown(String reason, Duration grace);

	/**
	 * The bare client for requests.
	 * @return usable until {@link #close()}
	 */
	PluginClient client();

	/** Ends the connection. Calls in flight fail. Does not block. */
	@Override
	void close();

	/** Opens connections. */
	@FunctionalInterface
	interface Connector {

		/**
		 * Connects and waits until the connection stands, so that the first request is
		 * not the first to use it.
		 * @param spec the plugin
		 * @param endpoint where it listens
		 * @param timeout the longest to wait
		 * @return the connection
		 * @throws PluginStartException if it cannot be made in time
		 */
		PluginConnection connect(PluginSpec spec, PluginEndpoint endpoint, Duration timeout);

	}

}
