package org.hkpgateway.host;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;

import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import org.reactivestreams.Subscription;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;

/**
 * The answers to a call that has many: asks for one when the connection has room for it.
 *
 * @param <T> an answer
 */
final class StreamReply<T> extends BaseSubscriber<T> {

	private final ServerCallStreamObserver<T> answer;

	/** Whether one was asked for and has not come. */
	private final AtomicBoolean asked = new AtomicBoolean();

	private StreamReply(ServerCallStreamObserver<T> answer) {
		this.answer = answer;
	}

	/**
	 * Answers with what comes, or with the status that its failure stands for. A call
	 * that its plugin gives up is given up here.
	 * @param results made on this thread; an {@link IllegalArgumentException}, there too,
	 * is an INVALID_ARGUMENT
	 * @param answer where they go
	 */
	static <T> void with(Supplier<Flux<T>> results, StreamObserver<T> answer) {
		ServerCallStreamObserver<T> call = (ServerCallStreamObserver<T>) answer;
		StreamReply<T> reply = new StreamReply<>(call);
		call.setOnReadyHandler(reply::askIfReady);
		call.setOnCancelHandler(reply::cancel);
		Flux.defer(results).subscribe(reply);
	}

	@Override
	protected void hookOnSubscribe(Subscription subscription) {
		askIfReady();
	}

	@Override
	protected void hookOnNext(T one) {
		this.answer.onNext(one);
		this.asked.set(false);
		askIfReady();
	}

	private void askIfReady() {
		// Before the subscription there is nobody to ask; it asks itself.
		if (upstream() != null && this.answer.isReady() && this.asked.compareAndSet(false, true)) {
			request(1);
		}
	}

	@Override
	protected void hookOnComplete() {
		this.answer.onCompleted();
	}

	@Override
	protected void hookOnError(Throwable failure) {
		this.answer.onError(Reply.status(failure).asRuntimeException());
	}

}
