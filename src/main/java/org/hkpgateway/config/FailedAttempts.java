package org.hkpgateway.config;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.github.bucket4j.Bucket;
import io.github.bucket4j.TimeMeter;

/**
 * How many wrong passwords each address, or /64 of IPv6, may still try: {@value #MOST} at
 * once, and as many in each further minute. Thread-safe.
 */
final class FailedAttempts {

	static final int MOST = 10;

	static final Duration PERIOD = Duration.ofMinutes(1);

	private static final int MOST_ADDRESSES = 10_000;

	private final TimeMeter time;

	private final Cache<ByteBuffer, Bucket> buckets = Caffeine.newBuilder()
		.maximumSize(MOST_ADDRESSES)
		.expireAfterAccess(PERIOD.multipliedBy(2))
		.build();

	FailedAttempts(TimeMeter time) {
		this.time = time;
	}

	/**
	 * Before a password is checked.
	 * @param peer who presents it
	 * @return whether it may be checked
	 */
	boolean begin(InetAddress peer) {
		return bucket(peer).tryConsume(1);
	}

	/**
	 * The password that was checked was right.
	 * @param peer who presented it
	 */
	void succeeded(InetAddress peer) {
		bucket(peer).addTokens(1);
	}

	private Bucket bucket(InetAddress peer) {
		return this.buckets.get(key(peer),
				(key) -> Bucket.builder()
					.addLimit((limit) -> limit.capacity(MOST).refillGreedy(MOST, PERIOD))
					.withCustomTimePrecision(this.time)
					.build());
	}

	private static ByteBuffer key(InetAddress peer) {
		byte[] address = peer.getAddress();
		return ByteBuffer.wrap((peer instanceof Inet6Address) ? Arrays.copyOf(address, 8) : address);
	}

}
