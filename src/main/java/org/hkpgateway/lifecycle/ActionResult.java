package org.hkpgateway.lifecycle;

/**
 * What came of something the operator asked for.
 *
 * @param outcome how it went
 * @param reason why, in words for the operator
 */
public record ActionResult(Outcome outcome, String reason) {

	static ActionResult done(String reason) {
		return new ActionResult(Outcome.DONE, reason);
	}

	static ActionResult unchanged(String reason) {
		return new ActionResult(Outcome.UNCHANGED, reason);
	}

	static ActionResult waiting(String reason) {
		return new ActionResult(Outcome.WAITING, reason);
	}

	static ActionResult failed(String reason) {
		return new ActionResult(Outcome.FAILED, reason);
	}

	static ActionResult refused(String reason) {
		return new ActionResult(Outcome.REFUSED, reason);
	}

	/** How it went. */
	public enum Outcome {

		/** As asked. After a swap the trial of the new generation goes on. */
		DONE,
		/** It was so already. */
		UNCHANGED,
		/** Will happen once the dependencies are READY. */
		WAITING,
		/** Was tried and did not work, or something else was asked for meanwhile. */
		FAILED,
		/** Was not tried. */
		REFUSED

	}

}
