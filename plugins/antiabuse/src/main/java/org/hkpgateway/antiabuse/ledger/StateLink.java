package org.hkpgateway.antiabuse.ledger;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

import org.hkpgateway.sdk.host.HostException;
import org.hkpgateway.sdk.host.SharedState;
import org.hkpgateway.sdk.log.PluginLog;

/**
 * What the gateway keeps for the plugin, and whether it is there. What cannot be asked of
 * it is done here instead. When that is because the store is away, nobody asks again for
 * {@link #PAUSE}. Safe for any number of threads.
 */
public final class StateLink {

	static final Duration PAUSE = Duration.ofSeconds(1);

	/** What is refused may be each request: the log says so now and then. */
	private static final Duration WARN_AGAIN = Duration.ofMinutes(1);

	private static final PluginLog log = PluginLog.get("antiabuse");

	private final SharedState state;

	private final LongSupplier nanos;

	private final AtomicBoolean away = new AtomicBoolean();

	private final AtomicLong outages = new AtomicLong();

	private final AtomicLong warnAt;

	private final List<Runnable> returns = new CopyOnWriteArrayList<>();

	private volatile long retryAt;

	/**
	 * Makes a link.
	 * @param state the gateway's
	 * @param nanos the time, as {@link System#nanoTime()}
	 */
	public StateLink(SharedState state, LongSupplier nanos) {
		this.state = state;
		this.nanos = nanos;
		this.warnAt = new AtomicLong(nanos.getAsLong());
	}

	/**
	 * What the gateway keeps.
	 * @return the state, there or not
	 */
	public SharedState state() {
		return this.state;
	}

	/**
	 * Whether it does not answer at the moment.
	 * @return true until it has answered again
	 */
	public boolean isAway() {
		return this.away.get();
	}

	/**
	 * Has something done whenever the store is back.
	 * @param action does not block, and does not fail
	 */
	void onReturn(Runnable action) {
		this.returns.add(action);
	}

	/**
	 * Asks the gateway, or does it here if that has no answer.
	 * @param asked what to ask; tells of a failure that it gets over with {@link #failed}
	 * @param here what to do otherwise; does not fail
	 * @return the result of one of them
	 */
	<T> CompletionStage<T> ask(Supplier<CompletionStage<T>> asked, Supplier<CompletionStage<T>> here) {
		if (this.away.get() && this.nanos.getAsLong() - this.retryAt < 0) {
			return here.get();
		}
		long before = this.outages.get();
		// exceptionallyCompose would leave out that it has answered.
		return asked.get().<CompletionStage<T>>handle((result, failure) -> {
			if (failure == null) {
				answered(before);
				return CompletableFuture.completedFuture(result);
			}
			failed(failure);
			return here.get();
		}).thenCompose((stage) -> stage);
	}

	private void answered(long before) {
		if (this.away.get() && this.outages.get() == before && this.away.compareAndSet(true, false)) {
			log.info("the shared state is back; clients are counted there again");
			this.returns.forEach(Runnable::run);
		}
	}

	/**
	 * A call has failed.
	 * @param failure how
	 */
	void failed(Throwable failure) {
		Throwable cause = (failure instanceof CompletionException && failure.getCause() != null) ? failure.getCause()
				: failure;
		if (cause instanceof HostException host && isRefusal(host.reason())) {
			long now = this.nanos.getAsLong();
			long due = this.warnAt.get();
			if (now - due >= 0 && this.warnAt.compareAndSet(due, now + WARN_AGAIN.toNanos())) {
				log.warn("the shared state does not take all; what it does not take is kept in this process", "error",
						cause.getMessage());
			}
			return;
		}
		this.outages.incrementAndGet();
		this.retryAt = this.nanos.getAsLong() + PAUSE.toNanos();
		if (this.away.compareAndSet(false, true)) {
			log.warn("the shared state is away; clients are counted in this process", "error", cause.getMessage());
		}
	}

	/** It is there: without room for one more client, there are those that it has. */
	private static boolean isRefusal(HostException.Reason reason) {
		return switch (reason) {
			case QUOTA, INVALID, NOT_GRANTED -> true;
			case UNAVAILABLE, FAILED -> false;
		};
	}

}
