package org.hkpgateway.chain;

import java.util.Set;

import org.hkpgateway.plugin.Decision;
import org.hkpgateway.plugin.FailPolicy;
import org.hkpgateway.plugin.Phase;
import org.hkpgateway.plugin.PluginFailure;
import org.hkpgateway.plugin.PluginId;

import org.jspecify.annotations.Nullable;

/**
 * What one plugin did to one request, or that it was not shown it: for log, metrics and
 * console.
 *
 * @param plugin who
 * @param kind what
 * @param detail the reason given, the failure's message, or which of its match rules does
 * not hold; may be empty; never for the client
 * @param failure the kind of failure, one of a fixed set; empty if there was none
 * @param nanos how long its answer took; 0 if it was skipped
 * @param share how much longer the request took because of it, in nanoseconds: of a
 * plugin that was asked together with others only what it took longer than those before
 * it. The shares of a request add up to what its plugins have used of the phase's budget
 * @param decision what it decided about the request; null if it did not
 */
public record PluginOutcome(PluginId plugin, Kind kind, String detail, String failure, long nanos, long share,
		@Nullable Decision decision) {

	/** Failures before anything was sent. */
	private static final Set<String> NOT_SENT = Set.of("breaker-open", "bulkhead-full", "unavailable");

	static PluginOutcome skipped(PluginId plugin, String why) {
		return new PluginOutcome(plugin, Kind.SKIPPED, why, "", 0, 0, null);
	}

	/**
	 * Whether it was the plugin's turn and no call got to it: for want of time, of room,
	 * of a closed breaker or of a running process. Then {@code nanos} says nothing of the
	 * plugin.
	 * @return true for such a failure
	 */
	public boolean neverSent() {
		return neverSent(this.failure, this.nanos);
	}

	static boolean neverSent(String failure, long nanos) {
		return NOT_SENT.contains(failure) || (failure.equals("timeout") && nanos == 0);
	}

	/** What can come of a plugin and a request. */
	public enum Kind {

		/** It was not asked, because its match rules do not hold for the request. */
		SKIPPED("skipped"),
		/** It let the request go on. */
		CONTINUED("continue"),
		/** It answered the request. */
		RESPONDED("respond"),
		/** It failed and its policy let the request go on. */
		FAILED_OPEN("failed-open"),
		/** It failed and its policy ended the request with 500. */
		FAILED_CLOSED("failed-closed"),
		/** The client left while it was waited for. No listener is told of this. */
		CANCELLED("cancelled"),
		/** Asked in shadow mode, by a chain that waits for that; without effect. */
		SHADOW("shadow"),
		/** It was shown the keyserver's answer. */
		REVIEWED("reviewed"),
		/**
		 * It failed when it was shown the keyserver's answer, which passed without it.
		 */
		REVIEW_FAILED("review-failed"),
		/** The client left while it was shown the keyserver's answer. */
		REVIEW_CANCELLED("review-cancelled");

		private final String label;

		Kind(String label) {
			this.label = label;
		}

		/**
		 * What comes of a failure in the request phase.
		 * @param failure how the plugin failed
		 * @param policy what its operator wants done then
		 * @return open or closed
		 */
		public static Kind of(PluginFailure failure, FailPolicy policy) {
			// Else an upload could evade a plugin by being larger than it can take.
			boolean open = policy == FailPolicy.OPEN && !(failure instanceof PluginFailure.TooLarge);
			return open ? FAILED_OPEN : FAILED_CLOSED;
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
			return switch (this) {
				case REVIEWED, REVIEW_FAILED, REVIEW_CANCELLED -> Phase.RESPONSE;
				case SKIPPED, CONTINUED, RESPONDED, FAILED_OPEN, FAILED_CLOSED, CANCELLED, SHADOW -> Phase.REQUEST;
			};
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
