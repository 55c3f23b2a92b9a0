package org.hkpgateway.proxy;

/**
 * What lines of the log are made of, which the access log follows.
 */
public enum LogForm {

	/** Plain text. */
	LINES,
	/** Records with members (Spring Boot's structured logging). */
	RECORDS,
	/** Both: one of console and file is plain, the other structured. */
	BOTH;

	/**
	 * Tells the form.
	 * @param lines whether there is a log of plain lines
	 * @param records whether there is a structured one
	 * @return plain lines if there is no log at all
	 */
	public static LogForm of(boolean lines, boolean records) {
		return !records ? LINES : (lines ? BOTH : RECORDS);
	}

}
