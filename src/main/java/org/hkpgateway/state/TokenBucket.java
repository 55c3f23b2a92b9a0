package org.hkpgateway.state;

import java.time.Duration;

import io.github.bucket4j.BucketConfiguration;

/**
 * How a bucket of tokens fills.
 *
 * @param capacity the most tokens that it holds, 1 to {@link #MOST}; a new bucket is full
 * @param refillTokens how many flow back in each period, steadily, 1 to {@link #MOST}
 * @param refillPeriod 1 ms to 366 days; at most a token in each nanosecond
 */
public record TokenBucket(long capacity, long refillTokens, Duration refillPeriod) {

	/** As far as every store and every client counts without loss: 2^53 - 1. */
	public static final long MOST = 9_007_199_254_740_991L;

	private static final Duration LONGEST = Duration.ofDays(366);

	public TokenBucket {
		check(capacity >= 1 && capacity <= MOST, "capacity", "1 to " + MOST, capacity);
		check(refillTokens >= 1 && refillTokens <= MOST, "refill_tokens", "1 to " + MOST, refillTokens);
		check(refillPeriod.toMillis() >= 1 && refillPeriod.compareTo(LONGEST) <= 0, "refill_period_ms",
				"1 to " + LONGEST.toMillis(), refillPeriod.toMillis());
		check(refillTokens <= refillPeriod.toNanos(), "refill_tokens", "at most one for each nanosecond of the period",
				refillTokens);
	}

	/**
	 * How long an empty one takes to be full. From then on it is as good as a new one.
	 * Capped at ten years.
	 */
	Duration fillTime() {
		double nanos = (double) this.capacity / this.refillTokens * this.refillPeriod.toNanos();
		Duration longest = StateStore.LONGEST_TTL;
		return (nanos < longest.toMillis() * 1e6) ? Duration.ofNanos((long) Math.ceil(nanos)) : longest;
	}

	/** The same for Bucket4j. */
	BucketConfiguration configuration() {
		return BucketConfiguration.builder()
			.addLimit((limit) -> limit.capacity(this.capacity).refillGreedy(this.refillTokens, this.refillPeriod))
			.build();
	}

	private static void check(boolean holds, String field, String expected, long got) {
		if (!holds) {
			throw new IllegalArgumentException(field + ": expected: " + expected + ", got: " + got);
		}
	}

}
