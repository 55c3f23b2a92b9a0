package org.hkpgateway.proxy;

import java.util.concurrent.TimeUnit;

/**
 * When there was a line in the log about something that may happen very often. One in ten
 * seconds is enough. Thread-safe.
 */
final class SparseLines {

	private static final long PAUSE_NANOS = TimeUnit.SECONDS.toNanos(10);

	private boolean any;

	private long last;

	private long unsaid;

	/**
	 * It has happened once more.
	 * @param now nanoseconds, as of {@link System#nanoTime}
	 * @return how many went unsaid before this one; -1 if this one does, too
	 */
	synchronized long next(long now) {
		if (this.any && now - this.last < PAUSE_NANOS) {
			this.unsaid++;
			return -1;
		}
		long before = this.unsaid;
		this.any = true;
		this.last = now;
		this.unsaid = 0;
		return before;
	}

}
