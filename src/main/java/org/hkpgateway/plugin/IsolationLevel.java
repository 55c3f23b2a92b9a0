package org.hkpgateway.plugin;

/**
 * How much a plugin's process is kept from.
 */
public enum IsolationLevel {

	/** Nothing beyond a clean environment and private directories. */
	NONE,
	/**
	 * No new privileges, dies with the gateway, resource limits, an own user if that can
	 * be had.
	 */
	BASIC,
	/** As {@link #BASIC}, and no network, a private {@code /tmp} and a read-only root. */
	STRICT,
	/** {@link #BASIC} where it can be had, else {@link #NONE}; never {@link #STRICT}. */
	AUTO

}
