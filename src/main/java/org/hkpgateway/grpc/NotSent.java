package org.hkpgateway.grpc;

import org.hkpgateway.plugin.PluginFailure;

/**
 * A connection was missing, and nothing of the call has reached the plugin: another
 * endpoint of it may be asked without asking twice.
 */
final class NotSent extends RuntimeException {

	private static final long serialVersionUID = 1L;

	private final PluginFailure failure;

	private NotSent(PluginFailure failure) {
		super(failure.getMessage(), null, false, false);
		this.failure = failure;
	}

	/**
	 * Says whether somebody else may be asked.
	 * @param failure what a call has come to
	 * @param call how it failed
	 * @return the failure itself if the plugin may have seen the call
	 */
	static RuntimeException unlessSent(PluginFailure failure, CallFailed call) {
		return (failure instanceof PluginFailure.Unavailable && !call.isSent()) ? new NotSent(failure) : failure;
	}

	PluginFailure failure() {
		return this.failure;
	}

}
