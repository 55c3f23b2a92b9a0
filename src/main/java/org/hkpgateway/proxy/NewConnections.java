package org.hkpgateway.proxy;

import java.time.Duration;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.github.bucket4j.Bucket;
import io.github.bucket4j.TimeMeter;
import org.jspecify.annotations.Nullable;

/**
 * {@code max-new-connections-per-address}: so many connections a client may open at once,
 * and as many again, steadily, in each window. One that is refused counts for nothing, so
 * who goes on gets in at that pace. Of {@value #MOST_CLIENTS} clients at a time it is
 * known how many they opened; who comes least is forgotten first, and nobody is refused
 * for want of room. Thread-safe, never blocks for long.
 */
final class NewConnections {

	/** Half a kilobyte each. */
	static final int MOST_CLIENTS = 20_000;

	private final int most;

	private final Duration window;

	private final TimeMeter time;

	private final @Nullable Cache<ClientNetwork, Bucket> buckets;

	/**
	 * Nobody has come yet.
	 * @param most of them at once; 0 for any number
	 * @param window in which as many may follow
	 * @param time of the buckets
	 */
	NewConnections(int most, Duration window, TimeMeter time) {
		this.most = most;
		this.window = window;
		this.time = time;
		// A bucket that nobody took from for a window is full, as a new one is.
		this.buckets = (most > 0) ? Caffeine.newBuilder()
			.maximumSize(MOST_CLIENTS)
			.expireAfterAccess(window)
			.ticker(time::currentTimeNanos)
			.build() : null;
	}

	/**
	 * A client opens a connection.
	 * @param client who
	 * @return whether it is within the limit; else it is not counted
	 */
	boolean open(ClientNetwork client) {
		return this.buckets == null || this.buckets.get(client, this::bucket).tryConsume(1);
	}

	private Bucket bucket(ClientNetwork client) {
		return Bucket.builder()
			.addLimit((limit) -> limit.capacity(this.most).refillGreedy(this.most, this.window))
			.withCustomTimePrecision(this.time)
			.build();
	}

	/** How many are known, after all upkeep that is due; for tests. */
	long clients() {
		if (this.buckets == null) {
			return 0;
		}
		this.buckets.cleanUp();
		return this.buckets.estimatedSize();
	}

}
