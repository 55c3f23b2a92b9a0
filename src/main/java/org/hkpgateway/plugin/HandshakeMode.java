package org.hkpgateway.plugin;

/**
 * How the gateway learns where a launched plugin listens.
 */
public enum HandshakeMode {

	/** The plugin prints a line on stdout. */
	GO_PLUGIN,
	/**
	 * The plugin prints nothing and listens where {@code PLUGIN_GRPC_ADDRESS} says, as
	 * plugins of the earlier Go generation do.
	 */
	NONE

}
