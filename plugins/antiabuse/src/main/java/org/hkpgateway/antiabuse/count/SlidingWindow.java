package org.hkpgateway.antiabuse.count;

import java.time.Duration;

/**
 * One limit: at most so many requests within a window. Counts with a fixed number of ints
 * per client: a ring of {@value #SLOTS} + 1 slots, each an eighth of the window long, the
 * current one and the eight before it.
 *
 * <p>
 * How exact that is, compared with a log of every request:
 * <ul>
 * <li>never more than {@code max} requests pass within any window, and
 * <li>a request is refused only if {@code max} have passed within the last nine eighths
 * of a window.
 * </ul>
 * A counter of two weighted buckets would take less memory, but lets nearly twice the
 * limit through when requests come at the end of one bucket.
 *
 * <p>
 * The object is immutable. The counts stand in an array of the caller's, which must be
 * locked meanwhile, at an offset of this limit's own; an array of zeros is a client that
 * has never come. Times are nanoseconds since a start of the caller's choice.
 */
final class SlidingWindow {

	/** Full slots in a window. */
	static final int SLOTS = 8;

	/**
	 * How many ints of the array one limit takes: the number of the last slot, then the
	 * ring.
	 */
	static final int SIZE = 1 + SLOTS + 1;

	private static final int RING = SLOTS + 1;

	private final Limit limit;

	private final int max;

	private final long slotNanos;

	private final int offset;

	/**
	 * Makes a window.
	 * @param limit at least 1, in at least 1 s: a slot's number must fit an int for years
	 * @param offset where its counts begin
	 */
	SlidingWindow(Limit limit, int offset) {
		if (limit.max() < 1 || limit.window().toSeconds() < 1) {
			throw new IllegalArgumentException("expected: at least 1 in at least 1 s, got: " + limit);
		}
		this.limit = limit;
		this.max = limit.max();
		this.slotNanos = (limit.window().toNanos() + SLOTS - 1) / SLOTS;
		this.offset = offset;
	}

	/**
	 * Whether one more request would be too many.
	 * @param counts the client's
	 * @param now the time
	 * @return true if the limit has been reached
	 */
	boolean isFull(int[] counts, long now) {
		return total(counts, now) >= this.max;
	}

	/**
	 * Counts a request.
	 * @param counts the client's
	 * @param now the time
	 */
	void add(int[] counts, long now) {
		int slot = advance(counts, now);
		counts[index(slot)]++;
	}

	/**
	 * How long until one more request is within the limit, if none comes before.
	 * @param counts the client's
	 * @param now the time
	 * @return nanoseconds; 0 if it is so now
	 */
	long nanosUntilRoom(int[] counts, long now) {
		int excess = total(counts, now) - this.max + 1;
		int last = counts[this.offset];
		for (int slot = last - SLOTS; excess > 0; slot++) {
			excess -= counts[index(slot)];
			if (excess <= 0) {
				return Math.max(0, (slot + RING) * this.slotNanos - now);
			}
		}
		return 0;
	}

	/**
	 * The longest time that a count matters.
	 * @return the window and one slot
	 */
	Duration memory() {
		return Duration.ofNanos(this.slotNanos * RING);
	}

	@Override
	public String toString() {
		return this.limit.toString();
	}

	private int total(int[] counts, long now) {
		advance(counts, now);
		int total = 0;
		for (int i = 1; i <= RING; i++) {
			total += counts[this.offset + i];
		}
		return total;
	}

	/** Empties the slots that time has passed over. */
	private int advance(int[] counts, long now) {
		int last = counts[this.offset];
		int slot = (int) (now / this.slotNanos);
		// Threads read the clock before they take the lock, so time may seem to step
		// back.
		if (slot <= last) {
			return last;
		}
		int passed = Math.min(slot - last, RING);
		for (int i = 0; i < passed; i++) {
			counts[index(slot - i)] = 0;
		}
		counts[this.offset] = slot;
		return slot;
	}

	private int index(int slot) {
		return this.offset + 1 + Math.floorMod(slot, RING);
	}

}
