package org.hkpgateway.lifecycle;

import java.time.Duration;
import java.time.Instant;

/**
 * The one thread of a supervisor, with its queue and its time. Tasks run one after the
 * other, those that are due in the order of their submission. Thread-safe.
 */
interface SupervisorLoop extends AutoCloseable {

	/**
	 * Runs a task on the thread as soon as it is free. Does not block.
	 * @param task what to run; ignored once the loop is closed
	 */
	void execute(Runnable task);

	/**
	 * Runs a task on the thread later.
	 * @param delay zero or more
	 * @param task what to run; ignored once the loop is closed
	 * @return cancels it; certain to when called on the thread
	 */
	Timer schedule(Duration delay, Runnable task);

	/**
	 * Monotonic time.
	 * @return time since some fixed point
	 */
	Duration elapsed();

	/**
	 * Time of day.
	 * @return now
	 */
	Instant now();

	/**
	 * Drops what waits, interrupts what runs and ends the thread. Does not block.
	 */
	@Override
	void close();

	/** A task that was scheduled. */
	@FunctionalInterface
	interface Timer {

		/** Nothing is scheduled. */
		Timer NONE = () -> {
		};

		/** Keeps the task from running; nothing if it has run. */
		void cancel();

	}

}
