package org.hkpgateway.chain;

import org.hkpgateway.plugin.PluginId;

/**
 * What a plugin in shadow mode would have done with a request, compared with what was
 * done.
 *
 * @param plugin who
 * @param agreement how both compare
 * @param detail in words, for the log; empty if they are the same
 * @param nanos how long its answer took; 0 if it was not asked
 */
public record ShadowOutcome(PluginId plugin, Agreement agreement, String detail, long nanos) {

	/** How a decision compares with what the chain did. */
	public enum Agreement {

		/** Both let the request go on unchanged, or both answer with the same status. */
		SAME("same"),
		/** It would have answered a request that was forwarded. */
		WOULD_DENY("would-deny"),
		/** It would have changed or delayed it, or answered with another status. */
		WOULD_CHANGE("would-change"),
		/** It would have let a request go on that was answered. */
		WOULD_ALLOW("would-allow"),
		/** It failed, in whatever way. */
		FAILED("failed"),
		/** It was not asked: it could not be shown what it wants of the body. */
		SKIPPED("skipped");

		private final String label;

		Agreement(String label) {
			this.label = label;
		}

		/**
		 * A word for metrics.
		 * @return one of a fixed set
		 */
		public String label() {
			return this.label;
		}

	}

}
