package org.hkpgateway.lifecycle;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A loop on a daemon thread of its own, {@code hkp-plugin-<name>}.
 */
final class ThreadLoop implements SupervisorLoop {

	private static final Logger logger = LoggerFactory.getLogger(ThreadLoop.class);

	private final String name;

	private final Clock clock;

	private final ScheduledThreadPoolExecutor executor;

	ThreadLoop(String name, Clock clock) {
		this.name = name;
		this.clock = clock;
		this.executor = new ScheduledThreadPoolExecutor(1, (task) -> {
			Thread thread = new Thread(task, "hkp-plugin-" + name);
			thread.setDaemon(true);
			return thread;
		}, new ThreadPoolExecutor.DiscardPolicy());
		this.executor.setRemoveOnCancelPolicy(true);
	}

	@Override
	public void execute(Runnable task) {
		this.executor.execute(guarded(task));
	}

	@Override
	public Timer schedule(Duration delay, Runnable task) {
		Future<?> future = this.executor.schedule(guarded(task), delay.toNanos(), TimeUnit.NANOSECONDS);
		return () -> future.cancel(false);
	}

	@Override
	public Duration elapsed() {
		return Duration.ofNanos(System.nanoTime());
	}

	@Override
	public Instant now() {
		return this.clock.instant();
	}

	@Override
	public void close() {
		this.executor.shutdownNow();
	}

	/** The executor would keep an exception to itself. */
	private Runnable guarded(Runnable task) {
		return () -> {
			try {
				task.run();
			}
			catch (RuntimeException | Error ex) {
				logger.error("thread hkp-plugin-{}: a task failed; please report this", this.name, ex);
			}
		};
	}

}
