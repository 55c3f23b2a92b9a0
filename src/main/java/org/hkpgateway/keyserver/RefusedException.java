package org.hkpgateway.keyserver;

/**
 * A request that gets an answer other than the one it asked for.
 */
final class RefusedException extends Exception {

	private static final long serialVersionUID = 1L;

	private final int status;

	/**
	 * Makes an exception without a stack trace: it carries an answer, not a defect.
	 * @param status HTTP status
	 * @param sentence for the client: what was expected, what came
	 */
	RefusedException(int status, String sentence) {
		super(sentence, null, false, false);
		this.status = status;
	}

	int status() {
		return this.status;
	}

	String sentence() {
		return String.valueOf(getMessage());
	}

}
