package org.hkpgateway.log;

/**
 * Names of members that lines of several loggers have in a log with structure.
 */
public final class LogFields {

	/** The id of the request that the line is about. */
	public static final String REQUEST = "hkp.request";

	/** The plugin that the line is about, or whose line it is. */
	public static final String PLUGIN = "hkp.plugin";

	private LogFields() {
	}

}
