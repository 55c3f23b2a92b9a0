package org.hkpgateway.chain;

import org.hkpgateway.plugin.Phase;
import org.hkpgateway.plugin.PluginFailure;
import org.hkpgateway.plugin.PluginId;

/**
 * What one plugin did to one request, or that it was not shown it: for log, metrics and
 * console.
 *
 * @param plugin who
 * @param kind what
 * @param detail the reason given, the failure's message, or which of its match rules does
 * not hold; may be empty; never for the client
 * @param failure the kind of failure, one of a fixed set; empty if there was none
 * @param nanos how long the gateway waited; 0 if it was skipped
 */
public record PluginOutcome(PluginId plugin, Kind kind, String detail, String failure, long nanos) {

	/**
	 * What came of a plugin that did its part or was skipped.
	 * @param plugin who
	 * @param kind what
	 * @param detail why
	 * @param nanos how long the gateway waited
	 */
	public PluginOutcome(PluginId plugin, Kind kind, String detail, long nanos) {
		this(plugin, kind, detail, "", nanos);
	}

	/**
	 * What came of a plugin that failed.
	 * @param kind what that means for the request
	 * @param failure how it failed
	 * @param nanos how long the gateway waited
	 * @return the outcome
	 */
	static PluginOutcome failed(Kind kind, PluginFailure failure, long nanos) {
		return new PluginOutcome(failure.plugin(), kind, failure.kind() + ": " + failure.getMessage(), failure.kind(),
				nanos);
	}

	/** What can come of a plugin and a request. */
	public enum Kind {

		/** Its match rules do not hold for the request, so it was not asked. */
		SKIPPED("skipped"),
		/** It let the request go on. */
		CONTINUED("continue"),
		/** It answered the request. */
		RESPONDED("respond"),
		/** It failed and its policy let the request go on. */
		FAILED_OPEN("failed-open"),
		/** It failed and its policy ended the request with 500. */
		FAILED_CLOSED("failed-closed"),
		/** It was shown the keyserver's answer. */
		REVIEWED("reviewed"),
		/**
		 * It failed when it was shown the keyserver's answer, which passed without it.
		 */
		REVIEW_FAILED("review-failed");

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

		/**
		 * When it came about.
		 * @return the phase
		 */
		public Phase phase() {
			return (this == REVIEWED || this == REVIEW_FAILED) ? Phase.RESPONSE : Phase.REQUEST;
		}

		/**
		 * Whether the plugin did not do its part.
		 * @return true for each kind of failure
		 */
		public boolean isFailure() {
			return this == FAILED_OPEN || this == FAILED_CLOSED || this == REVIEW_FAILED;
		}

	}

}
