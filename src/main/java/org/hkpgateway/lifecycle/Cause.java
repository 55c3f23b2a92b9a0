package org.hkpgateway.lifecycle;

import org.hkpgateway.process.ExitStatus;

import org.jspecify.annotations.Nullable;

/**
 * Why a process is no more, for the operator.
 *
 * @param what one line
 * @param exit how it ended; null if that is not known, or it was not the gateway's
 */
record Cause(String what, @Nullable ExitStatus exit) {

	static Cause of(String what) {
		return new Cause(what, null);
	}

	static Cause of(ExitStatus status) {
		return new Cause("process ended: " + status.describe(), status);
	}

	/** The same cause, in which something else shows itself. */
	Cause seenAs(String what) {
		return new Cause(this.what + " (" + what + ")", this.exit);
	}

	/**
	 * The same cause, for which the gateway has ended the process.
	 * @param status how it ended then
	 * @return this object if the process had ended by itself before
	 */
	Cause endedFor(ExitStatus status) {
		return (this.exit != null) ? this
				: new Cause(this.what + "; its process then ended: " + status.describe(), status);
	}

	String text() {
		return text("");
	}

	/**
	 * All of it.
	 * @param more follows the first line
	 * @return several lines if there are lines of stderr
	 */
	String text(String more) {
		StringBuilder text = new StringBuilder(this.what).append(more);
		if (this.exit != null && !this.exit.lastErrorLines().isEmpty()) {
			text.append("; last lines of stderr:");
			this.exit.lastErrorLines().forEach((line) -> text.append("\n    | ").append(line));
		}
		return text.toString();
	}

}
