package org.hkpgateway.state;

/**
 * What each plugin may keep.
 *
 * @param keys values, counters and buckets together, from 1
 * @param bytes of their names and values together; a counter counts as
 * {@value #COUNTER_BYTES}, a bucket as {@value #BUCKET_BYTES}; from 1
 */
public record StateQuota(long keys, long bytes) {

	static final int COUNTER_BYTES = 8;

	static final int BUCKET_BYTES = 64;

	public StateQuota {
		if (keys < 1 || bytes < 1) {
			throw new IllegalArgumentException(
					"quota: expected: at least 1 key and 1 byte, got: " + keys + " and " + bytes);
		}
	}

	StateException exceeded(long keys, long bytes) {
		return new StateException(StateException.Reason.QUOTA, "expected: at most " + this.keys + " keys and "
				+ this.bytes + " bytes, got: " + keys + " keys and " + bytes
				+ " bytes; delete some, or give them a time to live; the operator sets hkp.state.max-keys and .max-bytes");
	}

}
