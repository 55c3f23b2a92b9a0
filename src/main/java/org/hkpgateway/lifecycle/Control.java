package org.hkpgateway.lifecycle;

import java.time.Duration;
import java.time.Instant;

/**
 * The one thread that decides about more than one process: swaps, dependencies, what is
 * enabled. It never blocks, so it may be shared by all plugins. Thread-safe.
 */
final class Control {

	private final SupervisorLoop loop;

	private boolean closed;

	Control(SupervisorLoop loop) {
		this.loop = loop;
	}

	/**
	 * Runs a task, after those before it. Does not block.
	 * @param task must not block; dropped once closed
	 */
	void execute(Runnable task) {
		this.loop.execute(() -> unlessClosed(task));
	}

	SupervisorLoop.Timer schedule(Duration delay, Runnable task) {
		return this.loop.schedule(delay, () -> unlessClosed(task));
	}

	Instant now() {
		return this.loop.now();
	}

	/**
	 * Does what must not happen at the same time as a task.
	 * @param task must not block
	 * @return whether it was done: false once closed
	 */
	synchronized boolean unlessClosed(Runnable task) {
		if (!this.closed) {
			task.run();
		}
		return !this.closed;
	}

	/**
	 * No task begins after this returns, and none is running.
	 * @return false if it was closed already
	 */
	synchronized boolean close() {
		boolean first = !this.closed;
		this.closed = true;
		this.loop.close();
		return first;
	}

}
