package org.hkpgateway.lifecycle;

import java.util.Map;

import org.hkpgateway.plugin.HealthReport;

/**
 * Counts the health checks of one incarnation that went unanswered. For one thread.
 */
final class HealthWatch {

	private final int limit;

	private int missed;

	/**
	 * None missed.
	 * @param limit so many in a row are too many
	 */
	HealthWatch(int limit) {
		this.limit = limit;
	}

	/**
	 * It answered, whatever it said.
	 */
	void answered() {
		this.missed = 0;
	}

	/**
	 * It did not answer.
	 * @param cause why, in words
	 * @return the report to show in place of an answer
	 */
	HealthReport missed(String cause) {
		this.missed++;
		return new HealthReport(HealthReport.Status.UNKNOWN,
				this.missed + " of " + this.limit + " health checks in a row without an answer: " + cause, Map.of());
	}

	boolean tooMany() {
		return this.missed >= this.limit;
	}

}
