package org.hkpgateway.plugin;

/**
 * The state of a circuit breaker.
 */
public enum BreakerState {

	/** Calls pass and are counted. */
	CLOSED,
	/** No call passes for a while. */
	OPEN,
	/** A few calls pass, on trial. */
	HALF_OPEN

}
