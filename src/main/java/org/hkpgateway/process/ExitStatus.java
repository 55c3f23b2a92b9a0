package org.hkpgateway.process;

import java.util.List;

/**
 * How a process ended.
 *
 * @param code exit code, 0 to 255; above 128 by signal {@code code - 128}
 * @param lastErrorLines the last lines of stderr, oldest first, at most 20
 */
public record ExitStatus(int code, List<String> lastErrorLines) {

	public ExitStatus {
		lastErrorLines = List.copyOf(lastErrorLines);
	}

	/**
	 * The code in words.
	 * @return for example {@code exit code 1} or {@code killed by signal 9}
	 */
	public String describe() {
		return (this.code > 128) ? "killed by signal " + (this.code - 128) : "exit code " + this.code;
	}

}
