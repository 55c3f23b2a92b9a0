package org.hkpgateway.conformance;

import java.time.Duration;

/**
 * What came of one check.
 *
 * @param check which
 * @param outcome how it ended
 * @param expected what was expected; empty unless something is wrong
 * @param got what came instead; why, for a check that was not made; a figure or a remark,
 * possibly empty, for one that passed
 * @param took since the check before it
 */
public record Result(Check check, Outcome outcome, String expected, String got, Duration took) {

	/**
	 * What is wrong, in one sentence.
	 * @return for people
	 */
	public String summary() {
		return switch (this.outcome) {
			case PASS, SKIPPED, MISSED -> this.got;
			case FAIL, WARN -> "expected: " + this.expected + ", got: " + this.got;
		};
	}

}
