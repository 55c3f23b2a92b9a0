package org.hkpgateway.log;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;

/**
 * Lines of the log about something that others can cause as often as they like: one in
 * ten seconds is enough, and it says how many there would have been. Thread-safe.
 */
public final class SparseLines {

	/** From one line to the next at least. */
	public static final Duration PAUSE = Duration.ofSeconds(10);

	private static final long PAUSE_NANOS = TimeUnit.SECONDS.toNanos(PAUSE.toSeconds());

	private final LongSupplier nanoTime;

	private boolean any;

	private long last;

	private long unsaid;

	/** By the system's clock. */
	public SparseLines() {
		this(System::nanoTime);
	}

	/**
	 * By another clock.
	 * @param nanoTime as of {@link System#nanoTime}
	 */
	public SparseLines(LongSupplier nanoTime) {
		this.nanoTime = nanoTime;
	}

	/**
	 * It has happened once more: writes a line, or counts one that is not written.
	 * @param line writes it, given how many were not written since the last one
	 */
	public void write(LongConsumer line) {
		long before = next(this.nanoTime.getAsLong());
		if (before >= 0) {
			line.accept(before);
		}
	}

	/**
	 * What to put at the end of a line.
	 * @param unsaid how many were not written since the last one
	 * @return nothing if there were none
	 */
	public static String more(long unsaid) {
		return (unsaid > 0) ? "; " + unsaid + " more since the last such line" : "";
	}

	private synchronized long next(long now) {
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
