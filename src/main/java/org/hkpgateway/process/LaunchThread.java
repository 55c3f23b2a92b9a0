package org.hkpgateway.process;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * The one thread that starts all processes. The kernel sends the parent-death signal when
 * the <em>thread</em> that started a process ends, so this one lives as long as the
 * launcher.
 */
final class LaunchThread {

	private final ExecutorService executor = Executors.newSingleThreadExecutor((task) -> {
		Thread thread = new Thread(task, "hkp-plugin-launcher");
		thread.setDaemon(true);
		return thread;
	});

	/**
	 * Starts a process.
	 * @throws IOException if the system cannot
	 * @throws TimeoutException if it takes too long; the process is killed if it comes
	 */
	Process start(ProcessBuilder builder, Duration timeout) throws IOException, TimeoutException, InterruptedException {
		CompletableFuture<Process> started = new CompletableFuture<>();
		this.executor.execute(() -> {
			// Nothing may be thrown from here: it would end the thread.
			try {
				Process process = builder.start();
				if (!started.complete(process)) {
					process.destroyForcibly();
				}
			}
			catch (Throwable ex) {
				started.completeExceptionally(ex);
			}
		});
		try {
			return started.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
		}
		catch (ExecutionException ex) {
			throw new IOException(String.valueOf(cause(ex).getMessage()), cause(ex));
		}
		finally {
			started.cancel(false);
		}
	}

	/** Ends the thread, and with it every process that it started. */
	void close() {
		this.executor.shutdownNow();
		try {
			this.executor.awaitTermination(1, TimeUnit.SECONDS);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

	private static Throwable cause(ExecutionException ex) {
		Throwable cause = ex.getCause();
		return (cause != null) ? cause : ex;
	}

}
