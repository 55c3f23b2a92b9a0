package org.hkpgateway.resilience;

import org.hkpgateway.plugin.PluginFailure;

/**
 * Carries a timeout past the circuit breaker without being counted, see
 * {@link GuardedPlugins}.
 */
final class CutShort extends RuntimeException {

	private static final long serialVersionUID = 1L;

	private final transient PluginFailure failure;

	CutShort(PluginFailure failure) {
		super(failure.getMessage(), null, false, false);
		this.failure = failure;
	}

	PluginFailure failure() {
		return this.failure;
	}

}
