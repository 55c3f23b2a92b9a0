package org.hkpgateway.events;

import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;

import reactor.core.publisher.FluxSink;
import reactor.core.scheduler.Scheduler;

/**
 * One that listens: what waits for it, and how it gets there. It gets a batch when it has
 * asked for one and something is there, and then as much as is there. Compared by
 * identity: two subscribers may want the same.
 */
final class Subscriber {

	private final EventFilter filter;

	private final EventBuffer buffer;

	private final FluxSink<EventBatch> sink;

	private final Scheduler.Worker worker;

	private final IntConsumer dropped;

	/** More than none: a task is at work, or on its way. */
	private final AtomicInteger work = new AtomicInteger();

	/**
	 * Makes a subscriber, which nobody knows yet.
	 * @param filter what it wants
	 * @param limits of what waits
	 * @param sink where batches go
	 * @param worker where they are handed over, one after the other
	 * @param dropped is told of each loss, by who publishes
	 */
	Subscriber(EventFilter filter, BufferLimits limits, FluxSink<EventBatch> sink, Scheduler.Worker worker,
			IntConsumer dropped) {
		this.filter = filter;
		this.buffer = new EventBuffer(limits);
		this.sink = sink;
		this.worker = worker;
		this.dropped = dropped;
	}

	EventFilter filter() {
		return this.filter;
	}

	/** How many events wait for it. */
	int waiting() {
		return this.buffer.size();
	}

	/** How many bytes they take, about. */
	long waitingBytes() {
		return this.buffer.bytes();
	}

	/** Keeps an event for it. {@link #wake} follows. */
	void add(Event event) {
		int lost = this.buffer.add(event);
		if (lost > 0) {
			this.dropped.accept(lost);
		}
	}

	/** Sees to it that a batch goes out, if one can. Does not block. */
	void wake() {
		if (isDue() && this.work.getAndIncrement() == 0) {
			schedule();
		}
	}

	private boolean isDue() {
		return this.sink.requestedFromDownstream() > 0 && !this.buffer.isEmpty();
	}

	private void schedule() {
		try {
			var unused = this.worker.schedule(this::deliver);
		}
		catch (RejectedExecutionException ex) {
			// The bus is closed, or the subscriber gone.
		}
	}

	/** One batch for each task, so that others who use the thread have their turn. */
	private void deliver() {
		int seen = this.work.get();
		if (isDue()) {
			EventBatch batch = this.buffer.take();
			if (batch != null) {
				this.sink.next(batch);
			}
		}
		// Whoever asked or published meanwhile has left the rest to this task.
		if (this.work.addAndGet(-seen) != 0 || (isDue() && this.work.getAndIncrement() == 0)) {
			schedule();
		}
	}

}
