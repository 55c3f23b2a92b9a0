package org.hkpgateway.manifest;

/**
 * A place that findings blame.
 *
 * @param findings where they go
 * @param line 0 if no line is to blame
 * @param prefix begins each message, may be empty
 */
record Spot(Findings findings, int line, String prefix) {

	void error(String message) {
		this.findings.error(this.line, this.prefix + message);
	}

	void notice(String message) {
		this.findings.notice(this.line, this.prefix + message);
	}

}
