package org.hkpgateway.antiabuse.rule;

/**
 * What becomes of a rule's verdicts.
 */
public enum Mode {

	/** The rule is not asked. */
	OFF,

	/** It is asked as if it were enforced, and what it says is only noted. */
	OBSERVE,

	/** What it refuses is refused. */
	ENFORCE

}
