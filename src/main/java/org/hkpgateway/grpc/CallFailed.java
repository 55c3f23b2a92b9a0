package org.hkpgateway.grpc;

import io.grpc.Status;

/**
 * A call ended without an answer. Carries no stack trace: it may occur thousands of times
 * a second and is translated at once, see {@link StatusTranslation}.
 */
final class CallFailed extends RuntimeException {

	private static final long serialVersionUID = 1L;

	private final transient Status status;

	private final boolean sent;

	/**
	 * A call has failed.
	 * @param status not OK
	 * @param sent false only if no part of it can have reached the plugin
	 */
	CallFailed(Status status, boolean sent) {
		super(status.toString(), status.getCause(), false, false);
		this.status = status;
		this.sent = sent;
	}

	Status status() {
		return this.status;
	}

	boolean isSent() {
		return this.sent;
	}

	boolean isUnimplemented() {
		return this.status.getCode() == Status.Code.UNIMPLEMENTED;
	}

}
