package org.hkpgateway.grpc;

import io.grpc.Status;

/**
 * A call ended without an answer. Carries no stack trace: it may occur thousands of times
 * a second and is translated at once, see {@link StatusTranslation}.
 */
final class CallFailed extends RuntimeException {

	private static final long serialVersionUID = 1L;

	private final transient Status status;

	CallFailed(Status status) {
		super(status.toString(), status.getCause(), false, false);
		this.status = status;
	}

	Status status() {
		return this.status;
	}

	boolean isUnimplemented() {
		return this.status.getCode() == Status.Code.UNIMPLEMENTED;
	}

}
