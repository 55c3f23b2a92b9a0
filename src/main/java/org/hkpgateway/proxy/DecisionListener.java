package org.hkpgateway.proxy;

/**
 * Told of each request that a plugin has ended, by an answer of its own or by failing
 * closed. Called on event loops: must be quick, and must not block or throw.
 */
@FunctionalInterface
public interface DecisionListener {

	/**
	 * A plugin has ended a request.
	 * @param decision what it decided, and about what
	 */
	void decided(RequestDecision decision);

}
