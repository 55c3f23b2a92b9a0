package org.hkpgateway.plugin;

import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoOperator;
import reactor.core.publisher.Operators;
import reactor.core.publisher.Signal;

/**
 * How a call ends, as a value: with a decision, a failure, or nothing. As
 * {@link Mono#materialize()}, but the signals are without the subscriber's context, and
 * nobody walks through all operators for it.
 *
 * @param <T> what the call gives
 */
public final class CallEnd<T> extends MonoOperator<T, Signal<T>> {

	private CallEnd(Mono<T> call) {
		super(call);
	}

	/**
	 * Waits for the end of a call. Cancelling cancels the call.
	 * @param <T> what the call gives
	 * @param call the call, begun by subscribing
	 * @return its end; neither empty nor an error
	 */
	public static <T> Mono<Signal<T>> of(Mono<T> call) {
		return new CallEnd<>(call);
	}

	@Override
	public void subscribe(CoreSubscriber<? super Signal<T>> actual) {
		this.source.subscribe(new Waiting<>(actual));
	}

	/** Hands the end on when somebody has asked for it. */
	private static final class Waiting<T> extends Operators.MonoSubscriber<T, Signal<T>> {

		private @Nullable Subscription call;

		private boolean ended;

		Waiting(CoreSubscriber<? super Signal<T>> actual) {
			super(actual);
		}

		@Override
		public void onSubscribe(Subscription call) {
			if (Operators.validate(this.call, call)) {
				this.call = call;
				this.actual.onSubscribe(this);
				call.request(Long.MAX_VALUE);
			}
		}

		@Override
		public void onNext(T value) {
			end(Signal.next(value));
		}

		@Override
		public void onError(Throwable failure) {
			end(Signal.error(failure));
		}

		@Override
		public void onComplete() {
			end(Signal.complete());
		}

		private void end(Signal<T> how) {
			if (!this.ended) {
				this.ended = true;
				complete(how);
			}
		}

		@Override
		public void cancel() {
			super.cancel();
			if (this.call != null) {
				this.call.cancel();
			}
		}

	}

}
