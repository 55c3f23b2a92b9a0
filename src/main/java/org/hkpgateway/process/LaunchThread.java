package org.hkpgateway.process;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

import org.jspecify.annotations.Nullable;

/**
 * The one thread that starts all processes. The kernel sends the parent-death signal when
 * the <em>thread</em> that started a process ends, so this one lives as long as the
 * launcher.
 */
final class LaunchThread {

	private static final Duration LAST_WAIT = Duration.ofSeconds(1);

	private final ExecutorService executor = Executors.newSingleThreadExecutor(this::thread);

	private volatile @Nullable Thread thread;

	/**
	 * Starts a process.
	 * @throws IOException if the system cannot
	 * @throws TimeoutException if it takes too long; the process is killed if it comes
	 */
	Process start(ProcessBuilder builder, Duration timeout) throws IOException, TimeoutException, InterruptedException {
		CompletableFuture<Process> started = new CompletableFuture<>();
		this.executor.execute(() -> start(builder, started));
		try {
			return started.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
		}
		catch (ExecutionException ex) {
			throw new IOException(String.valueOf(cause(ex).getMessage()), cause(ex));
		}
		catch (TimeoutException | InterruptedException ex) {
			abandon(started);
			throw ex;
		}
	}

	private static void abandon(CompletableFuture<Process> started) {
		if (!started.cancel(false)) {
			// It came in the last moment.
			CompletableFuture<Void> unused = started.thenAccept(Process::destroyForcibly);
		}
	}

	/** Nothing may be thrown from here: it would end the thread. */
	private static void start(ProcessBuilder builder, CompletableFuture<Process> started) {
		if (started.isDone()) {
			return;
		}
		try {
			Process process = builder.start();
			if (!started.complete(process)) {
				// Nobody waits for it any more.
				process.destroyForcibly().waitFor(LAST_WAIT.toMillis(), TimeUnit.MILLISECONDS);
			}
		}
		catch (Throwable ex) {
			started.completeExceptionally(ex);
		}
	}

	/** Ends the thread, and with it every process that it started. */
	void close() {
		this.executor.shutdown();
		Thread ending = this.thread;
		try {
			if (ending != null) {
				ending.join(LAST_WAIT.toMillis());
			}
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

	private Thread thread(Runnable work) {
		Thread made = new Thread(work, "hkp-plugin-launcher");
		made.setDaemon(true);
		this.thread = made;
		return made;
	}

	private static Throwable cause(ExecutionException ex) {
		Throwable cause = ex.getCause();
		return (cause != null) ? cause : ex;
	}

}
