package org.hkpgateway.sdk;

import io.grpc.Status;

/**
 * A call that gets no answer but a status.
 */
final class RefusedCall extends Exception {

	private static final long serialVersionUID = 1L;

	private final transient Status status;

	RefusedCall(Status.Code code, String description) {
		super(description, null, false, false);
		this.status = code.toStatus().withDescription(description);
	}

	/**
	 * What the gateway is told.
	 * @return with the description
	 */
	Status status() {
		return this.status;
	}

	/**
	 * Why.
	 * @return one sentence
	 */
	String description() {
		return String.valueOf(getMessage());
	}

}
