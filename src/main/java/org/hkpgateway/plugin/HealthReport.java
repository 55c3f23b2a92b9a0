package org.hkpgateway.plugin;

import java.util.Map;

/**
 * A plugin's answer to a health check. Shown to the operator; never a reason to restart.
 *
 * @param status how it is
 * @param message one sentence, may be empty
 * @param details free
 */
public record HealthReport(Status status, String message, Map<String, String> details) {

	public HealthReport {
		details = Map.copyOf(details);
	}

	/** How a plugin is. */
	public enum Status {

		/** It does not say. */
		UNKNOWN,
		/** Fine. */
		HEALTHY,
		/** Works, but not fully. */
		DEGRADED,
		/** Does not work. */
		UNHEALTHY

	}

}
