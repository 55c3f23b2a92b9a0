package org.hkpgateway.config;

import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/**
 * Tells the operator what to change, without a stack trace.
 */
class UnusableSettingFailureAnalyzer extends AbstractFailureAnalyzer<UnusableSettingException> {

	@Override
	protected FailureAnalysis analyze(Throwable rootFailure, UnusableSettingException cause) {
		return new FailureAnalysis(cause.getMessage(), cause.action(), cause);
	}

}
