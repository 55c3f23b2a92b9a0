package org.hkpgateway.grpc;

import io.grpc.Status;
import org.hkpgateway.plugin.PluginFailure;
import org.hkpgateway.plugin.PluginId;

/**
 * The one place where a gRPC status becomes a failure of the domain.
 */
final class StatusTranslation {

	private static final int MAX_DESCRIPTION_BYTES = 512;

	private StatusTranslation() {
	}

	/**
	 * Translates the status of a call that has no answer.
	 * @param plugin who was called
	 * @param method what was called, for example {@code HandleRequest}
	 * @param status not OK
	 * @return DEADLINE_EXCEEDED is a timeout; UNAVAILABLE and CANCELLED mean that the
	 * connection broke (a call that we cancel ourselves is not listened to any more); any
	 * other is an answer that the protocol does not know
	 */
	static PluginFailure toFailure(PluginId plugin, String method, Status status) {
		String got = method + ": expected: an answer, got: " + describe(status);
		return switch (status.getCode()) {
			case DEADLINE_EXCEEDED ->
				new PluginFailure.Timeout(plugin, method + ": expected: an answer in time, got: none");
			case UNAVAILABLE, CANCELLED -> new PluginFailure.Unavailable(plugin, got);
			case OK, UNKNOWN, INVALID_ARGUMENT, NOT_FOUND, ALREADY_EXISTS, PERMISSION_DENIED, RESOURCE_EXHAUSTED,
					FAILED_PRECONDITION, ABORTED, OUT_OF_RANGE, UNIMPLEMENTED, INTERNAL, DATA_LOSS, UNAUTHENTICATED ->
				new PluginFailure.ProtocolError(plugin, got);
		};
	}

	/**
	 * Describes a status for people.
	 * @param status any status
	 * @return one line of bounded length: code, description, cause
	 */
	static String describe(Status status) {
		StringBuilder text = new StringBuilder(status.getCode().name());
		if (status.getDescription() != null) {
			text.append(": ").append(status.getDescription());
		}
		Throwable cause = status.getCause();
		if (cause != null && cause.getMessage() != null) {
			text.append(" (").append(cause.getMessage()).append(')');
		}
		return BoundedText.oneLine(text.toString(), MAX_DESCRIPTION_BYTES);
	}

}
