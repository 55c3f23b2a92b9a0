package org.hkpgateway.state;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

import org.hkpgateway.plugin.PluginId;
import reactor.core.publisher.Mono;

/**
 * Values, counters and buckets of tokens, in a namespace for each plugin. Each operation
 * is atomic. Nothing happens until the result is subscribed to, and nothing blocks then.
 * Fails with a {@link StateException}. Thread-safe.
 */
public interface StateStore {

	/** Ten years. */
	Duration LONGEST_TTL = Duration.ofDays(3650);

	/**
	 * Finds a value.
	 * @param key its key
	 * @return the value, or nothing
	 */
	Mono<StateValue> get(StateKey key);

	/**
	 * Stores a value, whether there is one or not.
	 * @param key its key
	 * @param value not copied, so not to be changed any more
	 * @param ttl until it expires, up to {@link #LONGEST_TTL}; zero: never
	 * @return what is there now
	 */
	Mono<StateValue> put(StateKey key, byte[] value, Duration ttl);

	/**
	 * Stores a value if nobody has written since.
	 * @param key its key
	 * @param expectedVersion that of the value which is to be replaced; 0: only if there
	 * is none
	 * @param value as in {@link #put}
	 * @param ttl as in {@link #put}
	 * @return whether it was stored, and what is there now
	 */
	Mono<Swap> compareAndSet(StateKey key, long expectedVersion, byte[] value, Duration ttl);

	/**
	 * Removes the value, the counter and the bucket of a name.
	 * @param key their key
	 * @return how many there were
	 */
	Mono<Integer> delete(StateKey key);

	/**
	 * Adds to a counter, which begins at nothing.
	 * @param key its key
	 * @param delta what to add; 0 makes no counter
	 * @param window from the first increment until it is nothing again, up to
	 * {@link #LONGEST_TTL}; zero: for ever. Does not change the window that is running
	 * @return the sum
	 */
	Mono<Count> increment(StateKey key, long delta, Duration window);

	/**
	 * Takes tokens out of a bucket, all or none.
	 * @param key its key
	 * @param tokens how many, 0 to its capacity; 0 looks, and makes no bucket
	 * @param bucket how it fills; if this is not how it did, its tokens are kept, up to
	 * the new capacity
	 * @return whether there were enough
	 */
	Mono<Acquired> acquire(StateKey key, long tokens, TokenBucket bucket);

	/**
	 * How much a plugin keeps of what it may. What has expired may count for a while, and
	 * the first thousand of it are removed.
	 * @param plugin whose
	 * @return a snapshot
	 */
	Mono<Size> size(PluginId plugin);

	/**
	 * What a plugin keeps, for people: names in order.
	 * @param plugin whose
	 * @param most how many entries at most
	 * @return a snapshot
	 */
	Mono<Overview> overview(PluginId plugin, int most);

	/**
	 * The result of {@link #compareAndSet}.
	 *
	 * @param stored whether it was
	 * @param current what is there now; empty for nothing
	 */
	record Swap(boolean stored, Optional<StateValue> current) {
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
	 * The result of {@link #acquire}.
	 *
	 * @param acquired whether the tokens were taken
	 * @param remaining how many are left
	 * @param retryAfter until there would be enough; zero if they were taken
	 */
	record Acquired(boolean acquired, long remaining, Duration retryAfter) {
	}

	/**
	 * The result of {@link #size}.
	 *
	 * @param keys as {@link StateQuota#keys()} counts
	 * @param bytes as {@link StateQuota#bytes()} counts
	 */
	record Size(long keys, long bytes) {
	}

	/**
	 * The result of {@link #overview}.
	 *
	 * @param keys how many there are
	 * @param bytes as {@link StateQuota#bytes()} counts
	 * @param entries the first of them
	 */
	record Overview(long keys, long bytes, List<Entry> entries) {
	}

	/**
	 * A value, a counter or a bucket.
	 *
	 * @param kind which of them
	 * @param name as in {@link StateKey#name()}
	 * @param bytes as {@link StateQuota#bytes()} counts
	 * @param remaining until it expires; zero: never
	 * @param content the beginning of a value, or a counter's sum; nothing of a bucket
	 */
	record Entry(Kind kind, String name, long bytes, Duration remaining, String content) {
	}

	/** What is kept under a name. */
	enum Kind {

		VALUE, COUNTER, BUCKET

	}

}
