package org.hkpgateway.sdk;

import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import org.hkpgateway.sdk.host.HostException;

import org.jspecify.annotations.Nullable;

/**
 * The one answer of the gateway to a call.
 *
 * @param <A> what comes
 * @param <R> what the plugin gets
 */
final class HostAnswer<A, R> implements StreamObserver<A> {

	private final CompletableFuture<R> future;

	private final Function<A, R> result;

	private @Nullable A answer;

	HostAnswer(CompletableFuture<R> future, Function<A, R> result) {
		this.future = future;
		this.result = result;
	}

	@Override
	public void onNext(A answer) {
		this.answer = answer;
	}

	/** Only now: a call that was answered may still fail. */
	@Override
	public void onCompleted() {
		A answer = this.answer;
		if (answer == null) {
			this.future.completeExceptionally(
					new HostException(HostException.Reason.FAILED, "expected: one answer of the gateway, got: none"));
			return;
		}
		this.future.complete(this.result.apply(answer));
	}

	@Override
	public void onError(Throwable failure) {
		Status status = Status.fromThrowable(failure);
		HostException.Reason reason = switch (status.getCode()) {
			case UNAVAILABLE, DEADLINE_EXCEEDED, CANCELLED -> HostException.Reason.UNAVAILABLE;
			case PERMISSION_DENIED, UNAUTHENTICATED -> HostException.Reason.NOT_GRANTED;
			case RESOURCE_EXHAUSTED -> HostException.Reason.QUOTA;
			case INVALID_ARGUMENT, OUT_OF_RANGE -> HostException.Reason.INVALID;
			default -> HostException.Reason.FAILED;
		};
		this.future.completeExceptionally(new HostException(reason, "the gateway's answer is " + status.getCode()
				+ ((status.getDescription() != null) ? ": " + status.getDescription() : "")));
	}

}
