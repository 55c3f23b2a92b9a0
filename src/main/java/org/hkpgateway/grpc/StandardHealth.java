package org.hkpgateway.grpc;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Deadline;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import org.hkpgateway.proto.health.HealthCheckRequest;
import org.hkpgateway.proto.health.HealthCheckResponse;
import org.hkpgateway.proto.health.HealthCheckResponse.ServingStatus;
import org.hkpgateway.proto.health.HealthGrpc;

/**
 * gRPC's own health check, as programs built with go-plugin serve it. It may be asked
 * before Initialize, so it also serves to find out how a channel is.
 */
final class StandardHealth {

	private static final HealthCheckRequest REQUEST = HealthCheckRequest.newBuilder().setService("plugin").build();

	private StandardHealth() {
	}

	/**
	 * Asks. Blocks.
	 * @param channel the plugin
	 * @param deadline the longest to wait
	 * @return its answer; empty if it does not offer this check
	 * @throws StatusRuntimeException if the answer is another error, or does not come
	 */
	static Optional<ServingStatus> ask(Channel channel, Deadline deadline) {
		try {
			HealthCheckResponse answer = ClientCalls.blockingUnaryCall(channel, HealthGrpc.getCheckMethod(),
					CallOptions.DEFAULT.withDeadline(deadline), REQUEST);
			return Optional.of(answer.getStatus());
		}
		catch (StatusRuntimeException ex) {
			Status.Code code = ex.getStatus().getCode();
			if (code == Status.Code.UNIMPLEMENTED || code == Status.Code.NOT_FOUND) {
				return Optional.empty();
			}
			throw ex;
		}
	}

	/**
	 * Asks for the sake of the status only, which says why a channel is not connected.
	 * Blocks.
	 * @param channel fails the call at once while it is in failure
	 * @param timeout the longest to wait
	 * @return OK for any answer
	 */
	static Status status(Channel channel, Duration timeout) {
		try {
			Optional<ServingStatus> unused = ask(channel, Deadline.after(timeout.toNanos(), TimeUnit.NANOSECONDS));
			return Status.OK;
		}
		catch (StatusRuntimeException ex) {
			return ex.getStatus();
		}
	}

	/**
	 * Asks without blocking, which makes an idle channel connect.
	 * @param channel the plugin
	 * @param timeout the longest to wait
	 * @param ended gets the status, whatever it is, on a thread that must not be blocked
	 */
	static void ask(Channel channel, Duration timeout, Consumer<Status> ended) {
		ClientCall<HealthCheckRequest, HealthCheckResponse> call = channel.newCall(HealthGrpc.getCheckMethod(),
				CallOptions.DEFAULT.withDeadlineAfter(timeout.toNanos(), TimeUnit.NANOSECONDS));
		call.start(new ClientCall.Listener<>() {

			@Override
			public void onClose(Status status, Metadata trailers) {
				ended.accept(status);
			}

		}, new Metadata());
		call.request(2);
		call.sendMessage(REQUEST);
		call.halfClose();
	}

}
