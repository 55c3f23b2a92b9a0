package org.hkpgateway.chain;

import org.hkpgateway.plugin.PluginId;

/**
 * What one plugin did to one request: for log, metrics and console.
 *
 * @param plugin who
 * @param kind what
 * @param detail the reason given, or the failure's message; may be empty; never for the
 * client
 * @param nanos how long the gateway waited
 */
public record PluginOutcome(PluginId plugin, Kind kind, String detail, long nanos) {

	/** What can come of asking a plugin. */
	public enum Kind {

		/** It let the request go on. */
		CONTINUED("continue"),
		/** It answered the request. */
		RESPONDED("respond"),
		/** It failed and its policy let the request go on. */
		FAILED_OPEN("failed-open"),
		/** It failed and its policy ended the request with 500. */
		FAILED_CLOSED("failed-closed");

		private final String label;

		Kind(String label) {
			this.label = label;
		}

		/**
		 * A word for log and metrics.
		 * @return one of a fixed set
		 */
		public String label() {
			return this.label;
		}

	}

}
