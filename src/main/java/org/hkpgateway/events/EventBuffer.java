package org.hkpgateway.events;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

import org.jspecify.annotations.Nullable;

/**
 * What waits for one subscriber. Drops the oldest when there is no more room.
 * Thread-safe; nobody waits longer than for some steps of another thread.
 */
final class EventBuffer {

	private final BufferLimits limits;

	private final Deque<Event> waiting = new ArrayDeque<>();

	private long bytes;

	private long lost;

	EventBuffer(BufferLimits limits) {
		this.limits = limits;
	}

	/**
	 * Takes one more.
	 * @param event the newest
	 * @return how many have been dropped for it
	 */
	synchronized int add(Event event) {
		this.waiting.addLast(event);
		this.bytes += event.weight();
		int dropped = 0;
		while (this.waiting.size() > this.limits.events()
				|| (this.bytes > this.limits.bytes() && this.waiting.size() > 1)) {
			remove();
			dropped++;
		}
		this.lost += dropped;
		return dropped;
	}

	private Event remove() {
		Event oldest = this.waiting.removeFirst();
		this.bytes -= oldest.weight();
		return oldest;
	}

	/**
	 * Gives out the oldest, as many as a batch may have.
	 * @return null if there is none
	 */
	synchronized @Nullable EventBatch take() {
		if (this.waiting.isEmpty()) {
			return null;
		}
		List<Event> events = new ArrayList<>(Math.min(this.waiting.size(), this.limits.batchEvents()));
		long before = this.bytes;
		while (!this.waiting.isEmpty() && events.size() < this.limits.batchEvents()
				&& before - this.bytes < this.limits.batchBytes()) {
			events.add(remove());
		}
		EventBatch batch = new EventBatch(events, this.lost);
		this.lost = 0;
		return batch;
	}

	synchronized boolean isEmpty() {
		return this.waiting.isEmpty();
	}

	/** How many wait. */
	synchronized int size() {
		return this.waiting.size();
	}

	/** How much room they take, about. */
	synchronized long bytes() {
		return this.bytes;
	}

}
