package org.hkpgateway.lifecycle;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Stops that were asked for. Asked for by any thread, seen at once by the supervisor
 * thread even while it is busy, queued and confirmed by the supervisor thread.
 */
final class StopRequests {

	private final AtomicInteger pending = new AtomicInteger();

	private final List<CompletableFuture<Void>> queue = new ArrayList<>();

	private volatile boolean forGood;

	/**
	 * Asks for a stop. The caller must see to it that {@link #add} and
	 * {@link #confirmAll} follow on the supervisor thread.
	 * @return completes when the stop is confirmed
	 */
	CompletableFuture<Void> announce() {
		this.pending.incrementAndGet();
		return new CompletableFuture<>();
	}

	/** From now on there is always a stop to come. */
	void announceForGood() {
		this.forGood = true;
	}

	/**
	 * Whether nothing should be started. Thread-safe.
	 * @return true while a stop is announced and not confirmed
	 */
	boolean any() {
		return this.forGood || this.pending.get() > 0;
	}

	void add(CompletableFuture<Void> announced) {
		this.queue.add(announced);
	}

	void confirmAll() {
		List<CompletableFuture<Void>> confirmed = List.copyOf(this.queue);
		this.queue.clear();
		// First the count: who hears of the stop may start it again at once.
		this.pending.addAndGet(-confirmed.size());
		confirmed.forEach((request) -> request.complete(null));
	}

}
