package org.hkpgateway.state;

import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;

/**
 * Whether Redis is taken to be there. A listener is told of each change once, after it.
 * Thread-safe; never blocks.
 *
 * <pre>
 * from            | event                                              | to
 * STARTING, AWAY  | a heartbeat is answered                            | UP
 * STARTING        | a heartbeat fails                                  | AWAY
 * UP              | a heartbeat is answered with an error              | AWAY
 * UP              | the connection is closed, or cannot be made        | AWAY
 * UP              | three commands in a row, heartbeats too, are late  | AWAY
 * </pre>
 */
final class Availability {

	static final int MISSES = 3;

	private final AtomicReference<Status> status;

	private final AtomicInteger missed = new AtomicInteger();

	private final LongSupplier nanoTime;

	private final Listener listener;

	Availability(LongSupplier nanoTime, Listener listener) {
		this.nanoTime = nanoTime;
		this.listener = listener;
		this.status = new AtomicReference<>(new Status(Phase.STARTING, nanoTime.getAsLong(), "not connected yet"));
	}

	Status status() {
		return Objects.requireNonNull(this.status.get());
	}

	boolean isUp() {
		return status().phase() == Phase.UP;
	}

	/** A heartbeat was answered. */
	void reached() {
		this.missed.set(0);
		change(Phase.UP, "");
	}

	/** A heartbeat failed, and not by being late, or the connection was closed. */
	void lost(String reason) {
		change(Phase.AWAY, reason);
	}

	/** A command was answered, with an error perhaps. */
	void answered() {
		if (this.missed.get() != 0) {
			this.missed.set(0);
		}
	}

	/** A command, or a heartbeat, was not answered in time. */
	void missed(String reason) {
		if (this.missed.incrementAndGet() >= MISSES && isUp()) {
			change(Phase.AWAY, reason);
		}
	}

	private void change(Phase to, String reason) {
		Status before = this.status.getAndUpdate((now) -> (now.phase() != to)
				? new Status(to, this.nanoTime.getAsLong(), reason) : new Status(to, now.since(), reason));
		if (before.phase() != to) {
			this.listener.changed(to, reason);
		}
	}

	/** Where it is. */
	enum Phase {

		STARTING, UP, AWAY

	}

	/**
	 * A snapshot.
	 *
	 * @param phase where it is
	 * @param since since when, in nanoseconds of the clock
	 * @param reason why it is not there; empty if it is
	 */
	record Status(Phase phase, long since, String reason) {
	}

	/** Is told of changes. */
	@FunctionalInterface
	interface Listener {

		void changed(Phase to, String reason);

	}

}
