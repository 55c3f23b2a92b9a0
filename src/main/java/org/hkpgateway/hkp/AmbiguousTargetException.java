package org.hkpgateway.hkp;

/**
 * Thrown inside this package when two programs could read a target differently. Never
 * leaves {@link HkpTargets}.
 */
final class AmbiguousTargetException extends Exception {

	private static final long serialVersionUID = 1L;

	/**
	 * Makes an exception without a stack trace: it carries a reason, not a defect.
	 * @param reason one sentence for the client
	 */
	AmbiguousTargetException(String reason) {
		super(reason, null, false, false);
	}

	String reason() {
		return String.valueOf(getMessage());
	}

}
