package org.hkpgateway.events;

/**
 * How much may wait for one subscriber, and how much it gets at a time. A single event is
 * never too large for either.
 *
 * @param events most events that wait
 * @param bytes most bytes of them, about
 * @param batchEvents most events of a batch
 * @param batchBytes a batch ends with the event that brings it there, about
 */
public record BufferLimits(int events, int bytes, int batchEvents, int batchBytes) {

	public BufferLimits {
		if (events < 1 || batchEvents < 1) {
			throw new IllegalArgumentException(
					"expected: room for at least one event, got: " + events + " and " + batchEvents + " of a batch");
		}
	}

	/**
	 * Events one at a time.
	 * @param events most events that wait
	 * @return limits
	 */
	static BufferLimits single(int events) {
		return new BufferLimits(events, Integer.MAX_VALUE, 1, Integer.MAX_VALUE);
	}

}
