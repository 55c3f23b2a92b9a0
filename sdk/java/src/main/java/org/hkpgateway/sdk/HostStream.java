package org.hkpgateway.sdk;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;
import org.hkpgateway.sdk.host.Reader;
import org.hkpgateway.sdk.log.RequestScope;

import org.jspecify.annotations.Nullable;

/**
 * One stream from the gateway. A message is asked for when the reader is done with the
 * one before, so a slow reader makes the gateway wait and not this process grow. Reader
 * and end work for the request for which the stream was opened.
 *
 * @param <Q> the question
 * @param <A> what comes
 */
final class HostStream<Q, A> extends ClientCall.Listener<A> {

	private final ClientCall<Q, A> call;

	private final Reader<A> reader;

	private final Executor executor;

	private final CompletableFuture<Long> end = new CompletableFuture<>();

	private final RequestScope scope = RequestScope.current();

	private final AtomicBoolean reading = new AtomicBoolean();

	private volatile @Nullable Status closed;

	private final AtomicLong read = new AtomicLong();

	private HostStream(ClientCall<Q, A> call, Reader<A> reader, Executor executor) {
		this.call = call;
		this.reader = reader;
		this.executor = executor;
	}

	/**
	 * Begins a stream. Does not block.
	 * @param call not started yet
	 * @param question the question
	 * @param reader gets what comes, one after the other
	 * @param executor runs the reader
	 * @return the stream
	 */
	static <Q, A> HostStream<Q, A> start(ClientCall<Q, A> call, Q question, Reader<A> reader, Executor executor) {
		HostStream<Q, A> stream = new HostStream<>(call, reader, executor);
		call.start(stream, new Metadata());
		call.request(1);
		call.sendMessage(question);
		call.halfClose();
		return stream;
	}

	/**
	 * When it has ended and the reader is done.
	 * @return how many messages were read; fails with what the reader has thrown, or a
	 * {@code HostException}
	 */
	CompletableFuture<Long> end() {
		return this.end;
	}

	/** Ends it. Does not block. */
	void cancel() {
		this.call.cancel("the reader wants no more", null);
	}

	@Override
	public void onMessage(A message) {
		this.reading.set(true);
		try {
			this.executor.execute(() -> read(message));
		}
		catch (RejectedExecutionException ex) {
			fail(ex);
		}
	}

	@Override
	public void onClose(Status status, Metadata trailers) {
		this.closed = status;
		// Whoever comes last says so: the end may overtake the last message's reader.
		if (!this.reading.get()) {
			ended(status);
		}
	}

	private void read(A message) {
		try {
			this.scope.call(() -> {
				this.reader.read(message);
				return this;
			});
		}
		catch (Throwable ex) {
			fail(ex);
			return;
		}
		this.read.incrementAndGet();
		this.reading.set(false);
		Status status = this.closed;
		if (status != null) {
			ended(status);
		}
		else {
			this.call.request(1);
		}
	}

	private void fail(Throwable failure) {
		cancel();
		this.scope.run(() -> this.end.completeExceptionally(failure));
	}

	private void ended(Status status) {
		this.scope.run(() -> {
			if (status.isOk()) {
				this.end.complete(this.read.get());
			}
			else {
				this.end.completeExceptionally(HostAnswer.failure(status));
			}
		});
	}

}
