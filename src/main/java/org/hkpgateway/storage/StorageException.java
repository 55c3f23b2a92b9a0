package org.hkpgateway.storage;

/**
 * Why there is no answer to a query. Carries no stack trace: it is an outcome, not a bug
 * of ours.
 */
public final class StorageException extends RuntimeException {

	private static final long serialVersionUID = 1L;

	private final Reason reason;

	StorageException(Reason reason, String message) {
		super(message, null, false, false);
		this.reason = reason;
	}

	/**
	 * The kind.
	 * @return for status and metric
	 */
	public Reason reason() {
		return this.reason;
	}

	/** Kinds of failures. */
	public enum Reason {

		/** The keyserver does not answer, or not as it should. */
		UNAVAILABLE("unavailable"),

		/** More is asked, or found, than there is room for. */
		TOO_MUCH("too_much");

		private final String label;

		Reason(String label) {
			this.label = label;
		}

		/**
		 * The name in metrics.
		 * @return one of a fixed set
		 */
		public String label() {
			return this.label;
		}

	}

}
