package org.hkpgateway.config;

import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/**
 * Tells the operator what to change, without a stack trace.
 */
class ManagementExposedFailureAnalyzer extends AbstractFailureAnalyzer<ManagementExposedException> {

	@Override
	protected FailureAnalysis analyze(Throwable rootFailure, ManagementExposedException cause) {
		return new FailureAnalysis(cause.getMessage(),
				"Set management.server.address to a loopback address, for example 127.0.0.1, and "
						+ "management.server.port to a port of its own.",
				cause);
	}

}
