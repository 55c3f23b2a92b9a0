package org.hkpgateway.sdk.host;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/**
 * Values, counters and buckets of tokens that the gateway keeps for the plugin: they
 * outlive its crashes and swaps, and all replicas of the gateway have the same if they
 * share a Redis. A value, a counter and a bucket of one key are different things. Needs
 * the grant {@code state}.
 * <p>
 * Nothing blocks. Each result comes within a quarter of the time that the gateway waits
 * for a decision (50 ms unless configured), on the network thread, or fails with a
 * {@link HostException}; what depends on it must not block either. Keys have 1 to 256
 * bytes of UTF-8. Durations count in milliseconds. Thread-safe.
 */
public interface SharedState {

	/**
	 * Finds a value.
	 * @param key its key
	 * @return the value, if there is one
	 */
	CompletionStage<Optional<Value>> get(String key);

	/**
	 * Stores a value, whether there is one or not.
	 * @param key its key
	 * @param value its bytes
	 * @param ttl until it expires; zero: never
	 * @return what is there now
	 */
	CompletionStage<Value> put(String key, byte[] value, Duration ttl);

	/**
	 * Stores a value if nobody has written since.
	 * @param key its key
	 * @param expectedVersion of the value that is to be replaced; 0: only if there is
	 * none
	 * @param value its bytes
	 * @param ttl until it expires; zero: never
	 * @return whether it was stored, and what is there now
	 */
	CompletionStage<Swap> compareAndSet(String key, long expectedVersion, byte[] value, Duration ttl);

	/**
	 * Removes the value, the counter and the bucket of a key.
	 * @param key their key
	 * @return completes when they are gone
	 */
	CompletionStage<Void> delete(String key);

	/**
	 * Adds to a counter that begins at nothing.
	 * @param key its key
	 * @param delta what to add; 0 reads
	 * @param window from the first increment until it is nothing again; zero: for ever
	 * @return the sum
	 */
	CompletionStage<Count> increment(String key, long delta, Duration window);

	/**
	 * Takes tokens out of a bucket, all or none.
	 * @param key its key
	 * @param tokens how many, up to its capacity; 0 looks without taking
	 * @param bucket how it fills; a new one is full
	 * @return whether there were enough
	 */
	CompletionStage<Acquired> acquire(String key, long tokens, Bucket bucket);

	/**
	 * A value.
	 *
	 * @param bytes what was stored, not to be changed
	 * @param version changes with each write
	 * @param ttl until it expires; zero: never
	 */
	@SuppressWarnings("ArrayRecordComponent")
	record Value(byte[] bytes, long version, Duration ttl) {
	}

	/**
	 * The result of {@link #compareAndSet}.
	 *
	 * @param stored whether it was
	 * @param current what is there now
	 */
	record Swap(boolean stored, Optional<Value> current) {
	}

	/**
	 * The result of {@link #increment}.
	 *
	 * @param value the sum
	 * @param remaining until the window ends; zero: there is none
	 */
	record Count(long value, Duration remaining) {
	}

	/**
	 * How a bucket fills: steadily.
	 *
	 * @param capacity most tokens that it holds, at least 1
	 * @param refill tokens that come back in each period, at least 1
	 * @param period how long that takes, at least 1 ms
	 */
	record Bucket(long capacity, long refill, Duration period) {
	}

	/**
	 * The result of {@link #acquire}.
	 *
	 * @param acquired whether the tokens were taken
	 * @param remaining how many are left
	 * @param retryAfter until there would be enough; zero if they were taken
	 */
	record Acquired(boolean acquired, long remaining, Duration retryAfter) {
	}

}
