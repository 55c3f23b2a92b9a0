package org.hkpgateway.lifecycle;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Time that moves only when a test says so. All loops made here share it and run on the
 * thread of the test.
 */
final class VirtualTime {

	static final Instant EPOCH = Instant.parse("2026-01-01T00:00:00Z");

	private final List<Task> tasks = new ArrayList<>();

	private Duration now = Duration.ZERO;

	private boolean running;

	SupervisorLoop loop() {
		return new Loop();
	}

	Duration now() {
		return this.now;
	}

	/** Runs what is due. */
	void run() {
		advance(Duration.ZERO);
	}

	/** Moves on, running each task at its time. */
	void advance(Duration by) {
		if (this.running) {
			throw new IllegalStateException("a task must use pass()");
		}
		this.running = true;
		Duration target = this.now.plus(by);
		Task next = next(target);
		while (next != null) {
			this.tasks.remove(next);
			this.now = max(this.now, next.due());
			next.action().run();
			next = next(target);
		}
		this.now = max(this.now, target);
		this.running = false;
	}

	/** Moves on while a task blocks: nothing else runs. */
	void pass(Duration by) {
		this.now = this.now.plus(by);
	}

	private Task next(Duration target) {
		return this.tasks.stream()
			.filter((task) -> task.due().compareTo(target) <= 0)
			.min(Comparator.comparing(Task::due))
			.orElse(null);
	}

	private static Duration max(Duration one, Duration other) {
		return (one.compareTo(other) >= 0) ? one : other;
	}

	private record Task(Duration due, Runnable action, Object identity) {
	}

	private final class Loop implements SupervisorLoop {

		private boolean closed;

		@Override
		public void execute(Runnable task) {
			schedule(Duration.ZERO, task);
		}

		@Override
		public Timer schedule(Duration delay, Runnable task) {
			Task scheduled = new Task(VirtualTime.this.now.plus(delay), task, new Object());
			if (!this.closed) {
				VirtualTime.this.tasks.add(scheduled);
			}
			return () -> VirtualTime.this.tasks.remove(scheduled);
		}

		@Override
		public Duration elapsed() {
			return VirtualTime.this.now;
		}

		@Override
		public Instant now() {
			return EPOCH.plus(VirtualTime.this.now);
		}

		@Override
		public void close() {
			this.closed = true;
		}

	}

}
