package org.hkpgateway.host;

import java.util.function.Supplier;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import org.hkpgateway.state.StateException;
import org.hkpgateway.storage.StorageException;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Mono;

/**
 * The answer to a call that has one.
 */
final class Reply {

	private Reply() {
	}

	/**
	 * Answers with what comes, or with the status that its failure stands for. A call
	 * that its plugin gives up is given up here.
	 * @param result made on this thread; an {@link IllegalArgumentException}, there too,
	 * is an INVALID_ARGUMENT
	 * @param answer where it goes
	 */
	static <T> void with(Supplier<Mono<T>> result, StreamObserver<T> answer) {
		Disposable.Swap running = Disposables.swap();
		((ServerCallStreamObserver<T>) answer).setOnCancelHandler(running::dispose);
		running.update(Mono.defer(result).subscribe((one) -> {
			answer.onNext(one);
			answer.onCompleted();
		}, (failure) -> answer.onError(status(failure).asRuntimeException())));
	}

	/**
	 * The status that a failure stands for.
	 * @param failure why there is no answer
	 * @return with its message
	 */
	static Status status(Throwable failure) {
		if (failure instanceof IllegalArgumentException) {
			return Status.INVALID_ARGUMENT.withDescription(failure.getMessage());
		}
		if (failure instanceof StateException refused) {
			return of(refused.reason()).withDescription(failure.getMessage());
		}
		if (failure instanceof StorageException refused) {
			return of(refused.reason()).withDescription(failure.getMessage());
		}
		if (failure instanceof StatusRuntimeException known) {
			return known.getStatus();
		}
		return Status.INTERNAL.withDescription("the gateway failed: " + failure).withCause(failure);
	}

	private static Status of(StateException.Reason reason) {
		return switch (reason) {
			case QUOTA -> Status.RESOURCE_EXHAUSTED;
			case OUT_OF_RANGE -> Status.OUT_OF_RANGE;
			case UNAVAILABLE -> Status.UNAVAILABLE;
		};
	}

	private static Status of(StorageException.Reason reason) {
		return switch (reason) {
			case UNAVAILABLE -> Status.UNAVAILABLE;
			case TOO_MUCH -> Status.RESOURCE_EXHAUSTED;
		};
	}

}
