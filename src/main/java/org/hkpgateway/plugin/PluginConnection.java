package org.hkpgateway.plugin;

import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

import org.jspecify.annotations.Nullable;

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

	/**
	 * Brings events to the process. Does not block.
	 * @return usable after {@link #initialize} until {@link #close()}
	 */
	EventClient events();

	/** Ends the connection. Calls in flight fail. Does not block. */
	@Override
	void close();

	/**
	 * Completes once, when the connection broke and nothing reaches the plugin any more;
	 * not when it is closed by this side. On a thread that must not be blocked.
	 * @return why, in words
	 */
	CompletableFuture<String> onLost();

	/**
	 * How the two sides know each other, for the operator.
	 * @return for example {@code mtls}, {@code secret}, {@code plaintext}, {@code tls}
	 */
	String security();

	/** Makes connections. */
	@FunctionalInterface
	interface Connector {

		/**
		 * Prepares one connection: makes one-off keys or a one-time secret. May take some
		 * milliseconds.
		 * @param spec the plugin
		 * @return used for one process only
		 * @throws PluginStartException if it cannot be prepared
		 */
		Offer offer(PluginSpec spec);

	}

	/** What the gateway offers one process before it is launched. */
	interface Offer {

		/**
		 * What the process must be told in its environment; it may be secret.
		 * @return names and values, possibly none
		 */
		Map<String, String> environment();

		/**
		 * Whether the process must show a certificate in its handshake. If not, it must
		 * not.
		 * @return true for mutual TLS
		 */
		boolean certificateExpected();

		/**
		 * Connects and waits until the connection stands, so that the first request is
		 * not the first to use it.
		 * @param endpoint where the plugin listens
		 * @param certificate the one it showed; null if none was expected
		 * @param timeout the longest to wait
		 * @return the connection
		 * @throws PluginStartException if it cannot be made in time
		 */
		PluginConnection connect(PluginEndpoint endpoint, @Nullable X509Certificate certificate, Duration timeout);

	}

}
