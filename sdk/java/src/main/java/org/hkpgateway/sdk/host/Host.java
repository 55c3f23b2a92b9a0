package org.hkpgateway.sdk.host;

import java.util.concurrent.CompletionStage;

/**
 * The gateway, as far as a plugin may ask it. Nothing blocks: results come on the network
 * thread, and what depends on them must not block either. Every call ends in time, with
 * its result or a {@link HostException}; a call for which a grant is missing fails at
 * once and names it. Thread-safe.
 */
public interface Host {

	/**
	 * Asks who the gateway is. No grant needed.
	 * @return within five seconds
	 */
	CompletionStage<HostInfo> info();

	/**
	 * What the gateway keeps for the plugin; needs the grant {@code state}.
	 * @return always the same
	 */
	SharedState state();

	/**
	 * The keys of the keyserver; needs the grant {@code storage.query}.
	 * @return always the same
	 */
	KeyStorage keys();

	/**
	 * The events of the gateway and its plugins; needs the grants {@code events.publish}
	 * and {@code events.subscribe}.
	 * @return always the same
	 */
	Events events();

}
