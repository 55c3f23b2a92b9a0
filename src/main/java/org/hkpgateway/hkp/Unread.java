package org.hkpgateway.hkp;

import java.util.Locale;

/**
 * Why it is not known what became of the keys of an upload, or not of all.
 */
public enum Unread {

	/** The answer is longer than what is read of it. */
	TOO_LONG,
	/** It is compressed in a way that is unknown, or damaged. */
	CODING,
	/** It is none that is known. */
	NOT_UNDERSTOOD,
	/** It says how many keys were taken, and not which. */
	NOT_NAMED,
	/** It did not come to its end, or the client left before. */
	CUT_SHORT,
	/** There were too many at a time. */
	BUSY;

	/**
	 * A word for metrics and the log.
	 * @return lower case with hyphens
	 */
	public String label() {
		return name().toLowerCase(Locale.ROOT).replace('_', '-');
	}

}
