package org.hkpgateway.proxy;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

import io.netty.buffer.ByteBuf;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.ScheduledFuture;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.FluxOperator;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

/**
 * A body that ends with 408 if it comes too slowly while somebody waits for it. Signals
 * on the executor, and may be asked for more on any thread.
 */
final class WatchedBody extends FluxOperator<ByteBuf, ByteBuf> {

	private final EventExecutor executor;

	private final @Nullable Patience patience;

	private final Duration idleTimeout;

	private final Consumer<EdgeLimit> tooSlow;

	/**
	 * A body to be subscribed to once.
	 * @param source the body, which signals on the executor
	 * @param executor keeps the time
	 * @param patience with its rate; null if it may be any
	 * @param idleTimeout longest wait for the next bytes
	 * @param tooSlow told which limit it was
	 */
	WatchedBody(Flux<? extends ByteBuf> source, EventExecutor executor, @Nullable Patience patience,
			Duration idleTimeout, Consumer<EdgeLimit> tooSlow) {
		super(source);
		this.executor = executor;
		this.patience = patience;
		this.idleTimeout = idleTimeout;
		this.tooSlow = tooSlow;
	}

	@Override
	public void subscribe(CoreSubscriber<? super ByteBuf> actual) {
		this.source.subscribe(new Watch(actual));
	}

	/** Fields but the subscription are used on the executor only. */
	private final class Watch implements CoreSubscriber<ByteBuf>, Subscription {

		private final CoreSubscriber<? super ByteBuf> actual;

		private Subscription source = Operators.emptySubscription();

		private boolean done;

		/**
		 * Buffers asked for that did not come. Below 0 for a moment, if they are faster
		 * than the news that they were asked for.
		 */
		private long demand;

		private long bytes;

		private long waitedNanos;

		private long silentNanos;

		private long sinceNanos;

		private @Nullable ScheduledFuture<?> timer;

		Watch(CoreSubscriber<? super ByteBuf> actual) {
			this.actual = actual;
		}

		@Override
		public Context currentContext() {
			return this.actual.currentContext();
		}

		@Override
		public void onSubscribe(Subscription source) {
			this.source = source;
			this.actual.onSubscribe(this);
		}

		@Override
		public void request(long n) {
			run(() -> asked(n));
			this.source.request(n);
		}

		@Override
		public void cancel() {
			run(this::end);
			this.source.cancel();
		}

		private void run(Runnable task) {
			if (WatchedBody.this.executor.inEventLoop()) {
				task.run();
			}
			else {
				WatchedBody.this.executor.execute(task);
			}
		}

		private void asked(long n) {
			if (this.done) {
				return;
			}
			boolean waiting = this.demand > 0;
			this.demand = (this.demand == Long.MAX_VALUE || n == Long.MAX_VALUE) ? Long.MAX_VALUE : this.demand + n;
			if (this.demand < 0 && n > 0 && waiting) {
				this.demand = Long.MAX_VALUE;
			}
			if (!waiting && this.demand > 0) {
				this.sinceNanos = now();
				if (this.timer == null) {
					check();
				}
			}
		}

		@Override
		public void onNext(ByteBuf part) {
			if (this.done) {
				// The source has lent it.
				return;
			}
			note();
			this.bytes += part.readableBytes();
			this.silentNanos = 0;
			if (this.demand != Long.MAX_VALUE) {
				this.demand--;
			}
			this.actual.onNext(part);
		}

		/** Adds up the time since the last look, if it was spent waiting. */
		private void note() {
			long now = now();
			if (this.demand > 0) {
				this.waitedNanos += now - this.sinceNanos;
				this.silentNanos += now - this.sinceNanos;
			}
			this.sinceNanos = now;
		}

		private void check() {
			this.timer = null;
			if (this.done || this.demand <= 0) {
				return;
			}
			note();
			long left = WatchedBody.this.idleTimeout.toNanos() - this.silentNanos;
			EdgeLimit nearer = EdgeLimit.IDLE_TIMEOUT;
			if (WatchedBody.this.patience != null) {
				long byRate = WatchedBody.this.patience.after(this.waitedNanos, this.bytes);
				this.waitedNanos = 0;
				this.bytes = 0;
				if (byRate < left) {
					left = byRate;
					nearer = EdgeLimit.MIN_BODY_RATE;
				}
			}
			if (left > 0) {
				this.timer = WatchedBody.this.executor.schedule(this::check, left, TimeUnit.NANOSECONDS);
				return;
			}
			end();
			this.source.cancel();
			WatchedBody.this.tooSlow.accept(nearer);
			this.actual.onError(Refusal.bodyTooSlow());
		}

		@Override
		public void onError(Throwable error) {
			if (this.done) {
				Operators.onErrorDropped(error, currentContext());
				return;
			}
			end();
			this.actual.onError(error);
		}

		@Override
		public void onComplete() {
			if (!this.done) {
				end();
				this.actual.onComplete();
			}
		}

		private void end() {
			this.done = true;
			if (this.timer != null) {
				this.timer.cancel(false);
				this.timer = null;
			}
		}

		private long now() {
			return WatchedBody.this.executor.ticker().nanoTime();
		}

	}

}
