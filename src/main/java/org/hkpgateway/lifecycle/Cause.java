package org.hkpgateway.lifecycle;

import java.util.List;

import org.hkpgateway.process.ExitStatus;

/**
 * Why a process is no more, for the operator.
 *
 * @param what one line
 * @param lastErrorLines the last lines it wrote to stderr, oldest first
 */
record Cause(String what, List<String> lastErrorLines) {

	Cause {
		lastErrorLines = List.copyOf(lastErrorLines);
	}

	static Cause of(String what) {
		return new Cause(what, List.of());
	}

	static Cause of(ExitStatus status) {
		return new Cause("process ended: " + status.describe(), status.lastErrorLines());
	}

	/** The same cause, in which something else shows itself. */
	Cause seenAs(String what) {
		return new Cause(this.what + " (" + what + ")", this.lastErrorLines);
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
		if (!this.lastErrorLines.isEmpty()) {
			text.append("; last lines of stderr:");
			this.lastErrorLines.forEach((line) -> text.append("\n    | ").append(line));
		}
		return text.toString();
	}

}
