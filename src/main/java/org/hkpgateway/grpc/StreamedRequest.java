package org.hkpgateway.grpc;

import java.util.concurrent.atomic.AtomicReference;

import org.hkpgateway.proto.HandleResponse;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;

/**
 * One request on a {@link RequestStream} and whoever waits for its answer. It ends once:
 * with an answer, with an error ({@link NotStreamed}, or what the stream says), or
 * silently because the subscriber cancelled. Safe for any thread.
 */
final class StreamedRequest implements Subscription, StreamSender.Outgoing {

	private final RequestStream stream;

	private final CoreSubscriber<? super HandleResponse> actual;

	private final String id;

	private final long deadlineNanos;

	private final int size;

	/** Whoever moves it to DONE speaks, and speaks alone. */
	private final AtomicReference<State> state = new AtomicReference<>(State.NEW);

	/** Let go as soon as it has been sent, or will not be. */
	private @Nullable EncodedEvent message;

	private StreamedRequest(RequestStream stream, CoreSubscriber<? super HandleResponse> actual, EncodedEvent message,
			long deadlineNanos) {
		this.stream = stream;
		this.actual = actual;
		this.id = message.requestId();
		this.deadlineNanos = deadlineNanos;
		this.size = message.size();
		this.message = message;
	}

	/**
	 * Sends a message when it is subscribed to; may be subscribed to once.
	 * @param stream where to
	 * @param message its {@code request_id} is that of no other request on the stream
	 * @param deadlineNanos by {@link System#nanoTime()}: when to give up
	 * @return the answer
	 */
	static Mono<HandleResponse> on(RequestStream stream, EncodedEvent message, long deadlineNanos) {
		return new Mono<>() {

			@Override
			public void subscribe(CoreSubscriber<? super HandleResponse> actual) {
				actual.onSubscribe(new StreamedRequest(stream, actual, message, deadlineNanos));
			}

		};
	}

	String id() {
		return this.id;
	}

	@Override
	public void request(long n) {
		if (Operators.validate(n) && this.state.compareAndSet(State.NEW, State.WAITING) && !this.stream.submit(this)) {
			divert();
		}
	}

	@Override
	public void cancel() {
		if (end() == State.SENT) {
			this.stream.tellCancelled(this.id);
		}
	}

	@Override
	public int size() {
		return this.size;
	}

	@Override
	public @Nullable EncodedEvent take() {
		if (!this.state.compareAndSet(State.WAITING, State.SENT)) {
			return null;
		}
		EncodedEvent taken = this.message;
		this.message = null;
		return taken;
	}

	boolean isSent() {
		return this.state.get() == State.SENT;
	}

	boolean isDone() {
		return this.state.get() == State.DONE;
	}

	boolean isOverdue(long nowNanos) {
		return nowNanos - this.deadlineNanos >= 0;
	}

	/**
	 * Passes its answer on.
	 * @param answer the answer
	 * @return false if it does not wait for one: then nothing happens
	 */
	boolean answer(HandleResponse answer) {
		if (!this.state.compareAndSet(State.SENT, State.DONE)) {
			return false;
		}
		this.stream.forget(this);
		this.actual.onNext(answer);
		this.actual.onComplete();
		return true;
	}

	/** Gives up because the time is over. */
	void expire(RuntimeException failure) {
		State before = end();
		if (before == State.SENT) {
			this.stream.tellCancelled(this.id);
		}
		if (before != State.DONE) {
			this.actual.onError(failure);
		}
	}

	/**
	 * The stream broke: fails, or lets it go by another way if it had not been sent.
	 * @param failure what to fail with
	 */
	void interrupt(RuntimeException failure) {
		State before = end();
		if (before != State.DONE) {
			this.actual.onError((before == State.SENT) ? failure : new NotStreamed());
		}
	}

	/** Lets it go by another way, even if it was sent: the plugin has not seen it. */
	void divert() {
		if (end() != State.DONE) {
			this.actual.onError(new NotStreamed());
		}
	}

	private State end() {
		State before = this.state.getAndSet(State.DONE);
		if (before == State.NEW || before == State.WAITING) {
			this.message = null;
		}
		if (before != State.DONE) {
			this.stream.forget(this);
		}
		return before;
	}

	private enum State {

		NEW, WAITING, SENT, DONE

	}

}
