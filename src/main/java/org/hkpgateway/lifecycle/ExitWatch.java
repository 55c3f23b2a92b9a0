package org.hkpgateway.lifecycle;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

import org.hkpgateway.process.ExitStatus;

import org.jspecify.annotations.Nullable;

/**
 * Knows whether a process has exited, and how. Thread-safe.
 */
final class ExitWatch {

	/** Set before anyone learns of the exit, and never cleared. */
	private volatile @Nullable Cause cause;

	/** Completes after {@link #cause} was set. */
	private volatile CompletableFuture<ExitStatus> exited = new CompletableFuture<>();

	/**
	 * Begins to watch.
	 * @param onExit completes with the exit
	 * @param listener called after the cause is known, on any thread; must not block
	 */
	void watch(CompletableFuture<ExitStatus> onExit, Runnable listener) {
		this.exited = onExit.whenComplete((status, error) -> {
			this.cause = (status != null) ? Cause.of(status)
					: Cause.of("process ended: its end could not be observed: " + error);
			listener.run();
		});
	}

	/**
	 * How it exited.
	 * @return null while it runs
	 */
	@Nullable Cause cause() {
		return this.cause;
	}

	/**
	 * Waits for the exit. An interruption ends the waiting and is kept.
	 * @param limit the longest to wait
	 * @return whether it has exited
	 */
	boolean within(Duration limit) {
		try {
			this.exited.get(limit.toNanos(), TimeUnit.NANOSECONDS);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
		catch (ExecutionException | TimeoutException ex) {
			// The cause says which.
		}
		return this.cause != null;
	}

}
