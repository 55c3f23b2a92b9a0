package org.hkpgateway.proxy;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * How long somebody who is slow is waited for: a credit of time that waiting uses up and
 * that every byte earns back. So whoever keeps up the rate on average is never cut off,
 * however its bytes are bunched, and nobody can save up more than a fixed time.
 */
final class Patience {

	private final long firstNanos;

	private final long mostNanos;

	private final long bytesPerSecond;

	private long leftNanos;

	/**
	 * A full credit.
	 * @param first the time before any byte
	 * @param most what can be saved up
	 * @param bytesPerSecond the rate at which it does not shrink; 0 for any, so that one
	 * byte earns all
	 */
	Patience(Duration first, Duration most, long bytesPerSecond) {
		this.firstNanos = first.toNanos();
		this.mostNanos = Math.max(most.toNanos(), this.firstNanos);
		this.bytesPerSecond = bytesPerSecond;
		this.leftNanos = this.firstNanos;
	}

	/** Begins anew. */
	void reset() {
		this.leftNanos = this.firstNanos;
	}

	/**
	 * Accounts for time and bytes.
	 * @param waitedNanos waited since the last call
	 * @param bytes that came since the last call
	 * @return the nanoseconds that are left, 0 if patience has run out
	 */
	long after(long waitedNanos, long bytes) {
		this.leftNanos = Math.min(this.leftNanos - waitedNanos + earned(bytes), this.mostNanos);
		return Math.max(this.leftNanos, 0);
	}

	private long earned(long bytes) {
		if (this.bytesPerSecond == 0) {
			return (bytes > 0) ? this.mostNanos : 0;
		}
		long seconds = bytes / this.bytesPerSecond;
		return (seconds >= TimeUnit.NANOSECONDS.toSeconds(this.mostNanos) + 1) ? this.mostNanos
				: TimeUnit.SECONDS.toNanos(bytes) / this.bytesPerSecond;
	}

}
