package org.hkpgateway.grpc;

import java.util.concurrent.atomic.AtomicReference;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;

/**
 * One request and one answer as a {@link Mono}: the call starts when it is subscribed to
 * and asked for, is cancelled with the subscription, and ends in exactly one signal: the
 * answer or {@link CallFailed}. Signals come on the channel's event loop.
 *
 * @param <Q> the request
 * @param <A> the answer
 */
final class UnaryCall<Q, A> extends Mono<A> {

	private static final String NOBODY_WAITS = "nobody waits for the answer any longer";

	private final Channel channel;

	private final MethodDescriptor<Q, A> method;

	private final CallOptions options;

	private final Q message;

	UnaryCall(Channel channel, MethodDescriptor<Q, A> method, CallOptions options, Q message) {
		this.channel = channel;
		this.method = method;
		this.options = options;
		this.message = message;
	}

	@Override
	public void subscribe(CoreSubscriber<? super A> actual) {
		actual.onSubscribe(new Exchange(actual));
	}

	private enum State {

		NEW, STARTING, OPEN, DONE

	}

	private final class Exchange extends ClientCall.Listener<A> implements Subscription {

		private final CoreSubscriber<? super A> actual;

		private final ClientCall<Q, A> call;

		/** Whoever moves it to DONE speaks: the end of the call or the cancellation. */
		private final AtomicReference<State> state = new AtomicReference<>(State.NEW);

		private @Nullable A answer;

		private boolean tooMany;

		Exchange(CoreSubscriber<? super A> actual) {
			this.actual = actual;
			this.call = UnaryCall.this.channel.newCall(UnaryCall.this.method, UnaryCall.this.options);
		}

		@Override
		public void request(long n) {
			if (!Operators.validate(n) || !this.state.compareAndSet(State.NEW, State.STARTING)) {
				return;
			}
			try {
				this.call.start(this, new Metadata());
				// Two, to notice a second message, which a unary call must not have.
				this.call.request(2);
				this.call.sendMessage(UnaryCall.this.message);
				this.call.halfClose();
			}
			catch (RuntimeException ex) {
				this.call.cancel("could not be sent", ex);
				end(Status.fromThrowable(ex));
				return;
			}
			if (!this.state.compareAndSet(State.STARTING, State.OPEN)) {
				// Cancelled from another thread meanwhile (or closed: then it is too
				// late).
				this.call.cancel(NOBODY_WAITS, null);
			}
		}

		@Override
		public void cancel() {
			// A call that is being started must not be cancelled from here: gRPC may miss
			// it. The starting thread does it as soon as it can.
			if (this.state.getAndSet(State.DONE) == State.OPEN) {
				this.call.cancel(NOBODY_WAITS, null);
			}
		}

		@Override
		public void onMessage(A message) {
			this.tooMany = (this.answer != null);
			this.answer = message;
		}

		@Override
		public void onClose(Status status, Metadata trailers) {
			if (!status.isOk()) {
				end(status);
			}
			else if (this.answer == null || this.tooMany) {
				end(Status.INTERNAL.withDescription("expected: one message, got: " + (this.tooMany ? "more" : "none")));
			}
			else if (this.state.getAndSet(State.DONE) != State.DONE) {
				this.actual.onNext(this.answer);
				this.actual.onComplete();
			}
		}

		private void end(Status status) {
			if (this.state.getAndSet(State.DONE) != State.DONE) {
				this.actual.onError(new CallFailed(status, wasGivenToAConnection()));
			}
		}

		/** A call knows the address of the connection that took it, if one did. */
		private boolean wasGivenToAConnection() {
			return this.call.getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR) != null;
		}

	}

}
