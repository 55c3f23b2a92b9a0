package org.hkpgateway.plugin;

/**
 * Where a launched plugin is told to listen.
 */
public enum Network {

	/** A unix domain socket in a private directory. */
	UNIX,
	/**
	 * A port on the loopback interface, which every user of the machine can connect to.
	 */
	TCP

}
