package org.hkpgateway.grpc;

/**
 * A request was certainly not handled on the stream and may be sent by a call of its own.
 * A signal between classes of this package, hence without a stack trace.
 */
final class NotStreamed extends RuntimeException {

	private static final long serialVersionUID = 1L;

	NotStreamed() {
		super("not handled on the stream", null, false, false);
	}

}
