package org.hkpgateway.state;

/**
 * Why a store has not done what it was asked. Nothing was changed, except perhaps where
 * the reason says so.
 */
public final class StateException extends RuntimeException {

	private static final long serialVersionUID = 1L;

	private final Reason reason;

	/**
	 * A refusal or a failure.
	 * @param reason the kind
	 * @param message what was expected, what came, what to do
	 */
	StateException(Reason reason, String message) {
		super(message);
		this.reason = reason;
	}

	StateException(Reason reason, String message, Throwable cause) {
		super(message, cause);
		this.reason = reason;
	}

	static StateException outOfRange(long sum, long delta) {
		return new StateException(Reason.OUT_OF_RANGE, "expected: a sum within 64 bits, got: " + sum + " and " + delta);
	}

	/** The kind. */
	public Reason reason() {
		return this.reason;
	}

	/** Kinds of refusals and failures. */
	public enum Reason {

		/** The plugin keeps as much as it may. */
		QUOTA,

		/** A counter would leave the range of 64 bits. */
		OUT_OF_RANGE,

		/**
		 * The shared store is away. What was asked may have been done all the same.
		 */
		UNAVAILABLE

	}

}
