package org.hkpgateway.grpc;

import java.nio.channels.ClosedChannelException;

import io.grpc.Status;
import org.hkpgateway.log.BoundedText;
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
	 * @return DEADLINE_EXCEEDED is a timeout; one that says that the connection broke (a
	 * call that we cancel ourselves is not listened to any more) is just that; any other
	 * is an answer that the protocol does not know
	 */
	static PluginFailure toFailure(PluginId plugin, String method, Status status) {
		if (status.getCode() == Status.Code.DEADLINE_EXCEEDED) {
			return new PluginFailure.Timeout(plugin, method + ": expected: an answer in time, got: none");
		}
		String got = method + ": expected: an answer, got: " + describe(status);
		return isConnectionBroken(status) ? new PluginFailure.Unavailable(plugin, got)
				: new PluginFailure.ProtocolError(plugin, got);
	}

	/**
	 * Whether a status says that the connection broke. That is UNAVAILABLE or CANCELLED,
	 * and UNKNOWN if it was made on this side: so a call fails that is written to a
	 * connection in the moment of its end.
	 * @param status of a call
	 * @return false for what the other side has answered
	 */
	static boolean isConnectionBroken(Status status) {
		return switch (status.getCode()) {
			case UNAVAILABLE, CANCELLED -> true;
			// A status that was received has no cause.
			case UNKNOWN -> status.getCause() instanceof ClosedChannelException;
			case OK, DEADLINE_EXCEEDED, INVALID_ARGUMENT, NOT_FOUND, ALREADY_EXISTS, PERMISSION_DENIED,
					RESOURCE_EXHAUSTED, FAILED_PRECONDITION, ABORTED, OUT_OF_RANGE, UNIMPLEMENTED, INTERNAL, DATA_LOSS,
					UNAUTHENTICATED ->
				false;
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
