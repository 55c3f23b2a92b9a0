package org.hkpgateway.sdk;

import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import org.hkpgateway.sdk.host.HostException;
import org.hkpgateway.sdk.log.RequestScope;

import org.jspecify.annotations.Nullable;

/**
 * The one answer of the gateway to a call. What depends on it works for the request for
 * which the call was made.
 *
 * @param <A> what comes
 * @param <R> what the plugin gets
 */
final class HostAnswer<A, R> implements StreamObserver<A> {

	private final CompletableFuture<R> future;

	private final Function<A, R> result;

	private final RequestScope scope = RequestScope.current();

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
		this.scope.run(() -> {
			A came = this.answer;
			if (came == null) {
				this.future.completeExceptionally(new HostException(HostException.Reason.FAILED,
						"expected: one answer of the gateway, got: none"));
				return;
			}
			try {
				this.future.complete(this.result.apply(came));
			}
			catch (RuntimeException ex) {
				this.future.completeExceptionally(new HostException(HostException.Reason.FAILED,
						"expected: an answer of the gateway that makes sense, got: " + ex.getMessage()));
			}
		});
	}

	@Override
	public void onError(Throwable failure) {
		this.scope.run(() -> this.future.completeExceptionally(failure(Status.fromThrowable(failure))));
	}

	/**
	 * What to make of a status.
	 * @param status any but OK
	 * @return with the gateway's own words
	 */
	static HostException failure(Status status) {
		HostException.Reason reason = switch (status.getCode()) {
			// A gateway that has begun again takes the token when it has called the
			// plugin.
			case UNAVAILABLE, DEADLINE_EXCEEDED, CANCELLED, UNAUTHENTICATED -> HostException.Reason.UNAVAILABLE;
			case PERMISSION_DENIED -> HostException.Reason.NOT_GRANTED;
			case RESOURCE_EXHAUSTED -> HostException.Reason.QUOTA;
			case INVALID_ARGUMENT, OUT_OF_RANGE -> HostException.Reason.INVALID;
			default -> HostException.Reason.FAILED;
		};
		return new HostException(reason, "the gateway's answer is " + status.getCode()
				+ ((status.getDescription() != null) ? ": " + status.getDescription() : ""));
	}

}
