package org.hkpgateway.process;

import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * How much of a plugin's output goes to the log: a token bucket of 1000 lines that
 * refills with 200 a second, where a line counts once for each KiB begun. What is over
 * the limit is counted. Not thread-safe.
 */
final class OutputLimit {

	static final int LINES_PER_SECOND = 200;

	static final int BURST = 1000;

	private static final long NANOS_PER_TOKEN = TimeUnit.SECONDS.toNanos(1) / LINES_PER_SECOND;

	private static final long REPORT_INTERVAL = TimeUnit.SECONDS.toNanos(1);

	private final LongSupplier nanos;

	/** Tokens in nanoseconds of refilling, so that no fraction is ever lost. */
	private long stock = BURST * NANOS_PER_TOKEN;

	private long refilled;

	private long suppressed;

	private long reported;

	OutputLimit(LongSupplier nanos) {
		this.nanos = nanos;
		this.refilled = nanos.getAsLong();
		this.reported = this.refilled;
	}

	/** Whether a line of this many characters may pass. */
	boolean admit(int length) {
		long now = this.nanos.getAsLong();
		this.stock = Math.min(BURST * NANOS_PER_TOKEN, this.stock + (now - this.refilled));
		this.refilled = now;
		long cost = (1 + length / 1024) * NANOS_PER_TOKEN;
		if (this.stock < cost) {
			this.suppressed++;
			return false;
		}
		this.stock -= cost;
		return true;
	}

	/** How many lines to report as suppressed: at most once a second other than 0. */
	long takeSuppressed() {
		return (this.nanos.getAsLong() - this.reported < REPORT_INTERVAL) ? 0 : takeAllSuppressed();
	}

	/** What to say of suppressed lines. */
	static String suppressed(long count) {
		return count + " lines of output suppressed: more than " + LINES_PER_SECOND + " KiB or lines a second";
	}

	/** The same without waiting, for the end. */
	long takeAllSuppressed() {
		long count = this.suppressed;
		if (count > 0) {
			this.suppressed = 0;
			this.reported = this.nanos.getAsLong();
		}
		return count;
	}

}
