package org.hkpgateway.sdk;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * Until when the gateway waits for an answer; what comes later is ignored and counts as
 * the plugin's failure. Immutable.
 */
public final class Deadline {

	private static final Deadline NONE = new Deadline(Long.MAX_VALUE, false);

	private final long nanoTime;

	private final boolean stated;

	private Deadline(long nanoTime, boolean stated) {
		this.nanoTime = nanoTime;
		this.stated = stated;
	}

	/**
	 * One that begins now.
	 * @param time how long there is
	 * @return the deadline
	 */
	public static Deadline after(Duration time) {
		return new Deadline(System.nanoTime() + time.toNanos(), true);
	}

	/**
	 * The gateway did not say.
	 * @return a deadline that never passes
	 */
	public static Deadline none() {
		return NONE;
	}

	static Deadline afterMillis(long millis) {
		return (millis <= 0) ? NONE : new Deadline(
				System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(Math.min(millis, Integer.MAX_VALUE)), true);
	}

	/**
	 * How much time is left.
	 * @return zero when it has passed; centuries when the gateway did not say
	 */
	public Duration remaining() {
		return this.stated ? Duration.ofNanos(Math.max(0, this.nanoTime - System.nanoTime()))
				: Duration.ofNanos(Long.MAX_VALUE);
	}

	/**
	 * Whether nobody waits any longer.
	 * @return true if it has passed
	 */
	public boolean isOver() {
		return this.stated && this.nanoTime - System.nanoTime() <= 0;
	}

	@Override
	public String toString() {
		return this.stated ? "Deadline[" + remaining() + " left]" : "Deadline[none]";
	}

}
