package org.hkpgateway.plugin;

/**
 * A plugin did not decide. Its fail policy says what that means for the request. Carries
 * no stack trace: it is an outcome, not a bug of ours, and may occur thousands of times a
 * second.
 */
public abstract sealed class PluginFailure extends RuntimeException {

	private static final long serialVersionUID = 1L;

	private final PluginId plugin;

	private PluginFailure(PluginId plugin, String message) {
		super("plugin " + plugin + ": " + message, null, false, false);
		this.plugin = plugin;
	}

	public PluginId plugin() {
		return this.plugin;
	}

	/**
	 * A short word for metrics and annotations.
	 * @return one of a fixed set
	 */
	public abstract String kind();

	/**
	 * Whether it says something about the plugin and counts towards its circuit breaker.
	 * The fail policy applies in any case.
	 * @return true unless the kind of failure says otherwise
	 */
	public boolean isEvidence() {
		return true;
	}

	/**
	 * Another may be asked in its place, because this client was withdrawn: its process
	 * is being stopped or replaced and was certainly not asked, or it broke while it was
	 * on trial, and the process before it, which has not been asked, still runs.
	 */
	public static final class Withdrawn extends PluginFailure {

		private static final long serialVersionUID = 1L;

		public Withdrawn(PluginId plugin, String message) {
			super(plugin, message);
		}

		@Override
		public String kind() {
			return "unavailable";
		}

	}

	/** No answer within the plugin's timeout or what was left of the chain's budget. */
	public static final class Timeout extends PluginFailure {

		private static final long serialVersionUID = 1L;

		public Timeout(PluginId plugin, String message) {
			super(plugin, message);
		}

		@Override
		public String kind() {
			return "timeout";
		}

	}

	/**
	 * No process to ask, or its connection broke. A stream that many requests share
	 * breaks once: that is evidence, told by {@link PluginClient#reportTo}, and the
	 * failures of the requests are not. Else a single mishap under load would open the
	 * circuit breaker.
	 */
	public static final class Unavailable extends PluginFailure {

		private static final long serialVersionUID = 1L;

		private final boolean evidence;

		public Unavailable(PluginId plugin, String message) {
			this(plugin, message, true);
		}

		private Unavailable(PluginId plugin, String message, boolean evidence) {
			super(plugin, message);
			this.evidence = evidence;
		}

		/**
		 * A failure with the same cause as another one, which counts for both.
		 * @param plugin the plugin
		 * @param message what happened
		 * @return not evidence
		 */
		public static Unavailable sharingTheCauseOfAnother(PluginId plugin, String message) {
			return new Unavailable(plugin, message, false);
		}

		@Override
		public boolean isEvidence() {
			return this.evidence;
		}

		@Override
		public String kind() {
			return "unavailable";
		}

	}

	/** The circuit breaker is open. */
	public static final class BreakerOpen extends PluginFailure {

		private static final long serialVersionUID = 1L;

		public BreakerOpen(PluginId plugin, String message) {
			super(plugin, message);
		}

		@Override
		public String kind() {
			return "breaker-open";
		}

	}

	/** Too many calls in flight. */
	public static final class BulkheadFull extends PluginFailure {

		private static final long serialVersionUID = 1L;

		public BulkheadFull(PluginId plugin, String message) {
			super(plugin, message);
		}

		@Override
		public String kind() {
			return "bulkhead-full";
		}

	}

	/** It answered with an error, or with something that the protocol forbids. */
	public static final class ProtocolError extends PluginFailure {

		private static final long serialVersionUID = 1L;

		public ProtocolError(PluginId plugin, String message) {
			super(plugin, message);
		}

		@Override
		public String kind() {
			return "protocol-error";
		}

	}

	/**
	 * The request does not fit into a message that the plugin accepts: it was not asked.
	 * Says nothing about the plugin, so it does not count towards its circuit breaker.
	 */
	public static final class TooLarge extends PluginFailure {

		private static final long serialVersionUID = 1L;

		public TooLarge(PluginId plugin, String message) {
			super(plugin, message);
		}

		@Override
		public String kind() {
			return "too-large";
		}

		@Override
		public boolean isEvidence() {
			return false;
		}

	}

}
