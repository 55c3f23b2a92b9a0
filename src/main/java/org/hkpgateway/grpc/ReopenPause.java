package org.hkpgateway.grpc;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * How long to wait before a broken stream is opened again: 100 ms, doubling up to 5 s
 * with each stream that breaks within 10 s. Times are {@link System#nanoTime()}. Not
 * thread-safe.
 */
final class ReopenPause {

	static final long FIRST_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

	static final long LONGEST_NANOS = TimeUnit.SECONDS.toNanos(5);

	static final long STABLE_NANOS = TimeUnit.SECONDS.toNanos(10);

	private boolean pausing;

	private long openedAt;

	private long brokenAt;

	private long length;

	boolean isOver(long now) {
		return !this.pausing || now - this.brokenAt >= this.length;
	}

	/** How long it still is. */
	Duration left(long now) {
		return isOver(now) ? Duration.ZERO : Duration.ofNanos(this.length - (now - this.brokenAt));
	}

	void opened(long now) {
		this.pausing = false;
		this.openedAt = now;
	}

	void broken(long now) {
		boolean stable = now - this.openedAt >= STABLE_NANOS;
		this.length = (stable || this.length == 0) ? FIRST_NANOS : Math.min(LONGEST_NANOS, this.length * 2);
		this.pausing = true;
		this.brokenAt = now;
	}

}
