package org.hkpgateway.plugin;

/**
 * How the gateway and a plugin that runs on this machine know each other.
 */
public enum Transport {

	/** Both sides make a one-off certificate for each launch and trust no other. */
	MTLS,
	/** A one-time secret goes with every call, and the plugin proves that it knows it. */
	SECRET,
	/** Only the permissions of the socket's directory. */
	PLAINTEXT

}
