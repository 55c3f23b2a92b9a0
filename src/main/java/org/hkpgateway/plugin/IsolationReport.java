package org.hkpgateway.plugin;

import java.util.List;

/**
 * What keeps one plugin process apart from the rest of the machine.
 *
 * @param level what was applied, never {@link IsolationLevel#AUTO}
 * @param measures the single measures in force, for example {@code no_new_privs}
 * @param boundary whether a plugin that turns hostile is kept from the gateway and from
 * other plugins; false where they share a user
 * @param remark what an operator should know of it, one sentence, may be empty
 */
public record IsolationReport(IsolationLevel level, List<String> measures, boolean boundary, String remark) {

	/** Of a process that is not the gateway's. */
	public static final IsolationReport NOT_OURS = new IsolationReport(IsolationLevel.NONE, List.of(), false,
			"the process is not the gateway's");

	public IsolationReport {
		measures = List.copyOf(measures);
	}

}
