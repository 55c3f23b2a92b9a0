package org.hkpgateway.plugin;

/**
 * What a plugin's failure means for the request at hand.
 */
public enum FailPolicy {

	/** The client gets 500; the keyserver is not called. */
	CLOSED,
	/** The chain goes on as if the plugin had continued; logged, counted, annotated. */
	OPEN

}
