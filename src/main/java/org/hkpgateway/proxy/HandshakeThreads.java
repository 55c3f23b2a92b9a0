package org.hkpgateway.proxy;

import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

import org.jspecify.annotations.Nullable;

/**
 * The threads that calculate for TLS handshakes: a signature takes milliseconds, for
 * which an event loop would leave its other connections alone. They are half as many as
 * processors, so a flood of handshakes leaves the rest to everybody else. As many
 * handshakes wait as take a second or so; one more is refused. A connection waits with
 * one thing at a time, so {@code max-connections-per-address} is a client's share. The
 * threads end when there is nothing to do.
 */
final class HandshakeThreads {

	static final int WAITING = 512;

	private static final long IDLE_SECONDS = 10;

	private HandshakeThreads() {
	}

	/**
	 * Starts no thread yet.
	 * @return refuses by {@link RejectedExecutionException}, never blocks
	 */
	static Executor create() {
		int threads = Math.max(1, Runtime.getRuntime().availableProcessors() / 2);
		ThreadPoolExecutor pool = new ThreadPoolExecutor(threads, threads, IDLE_SECONDS, TimeUnit.SECONDS,
				new ArrayBlockingQueue<>(WAITING), (task) -> {
					Thread thread = new Thread(task, "hkp-tls-handshake");
					thread.setDaemon(true);
					return thread;
				});
		pool.allowCoreThreadTimeOut(true);
		return pool;
	}

	/**
	 * Whether a handshake failed because too many waited.
	 * @param failure of the handshake
	 * @return false if it was the client's fault
	 */
	static boolean isRefusal(@Nullable Throwable failure) {
		for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
			if (cause instanceof RejectedExecutionException) {
				return true;
			}
		}
		return false;
	}

}
