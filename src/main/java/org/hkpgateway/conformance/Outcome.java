package org.hkpgateway.conformance;

/**
 * How a check ended.
 */
public enum Outcome {

	/** As the protocol says. */
	PASS,
	/** The gateway would refuse, drop or not get what it needs. */
	FAIL,
	/** It works, but an operator or a client will not be glad of it. */
	WARN,
	/** Not checked: it does not apply. */
	SKIPPED,
	/** Not checked, because something before it failed. */
	MISSED

}
