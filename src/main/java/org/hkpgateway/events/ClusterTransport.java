package org.hkpgateway.events;

import reactor.core.publisher.Mono;

/**
 * Carries messages to all replicas, to this one too. Thread-safe, never blocks.
 */
public interface ClusterTransport {

	/**
	 * Whether a message can be sent now, as far as is known.
	 * @return false: it would most likely be lost
	 */
	boolean isReady();

	/**
	 * Sends a message once, behind those that were sent before. It is never sent again.
	 * @param message not to be changed any more
	 * @return ends when it is on its way, within seconds; or fails, and then it may be on
	 * its way all the same
	 */
	Mono<Void> send(byte[] message);

}
