package org.hkpgateway.proxy;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * Remembers for a while that a keyserver does not serve HEAD, which it does not say
 * before it is asked, so that not every HEAD costs two requests. Lookups and all else are
 * told apart, for Hockeypuck answers 405 to lookups only. Thread-safe.
 */
final class HeadMemory {

	private static final long NANOS = Duration.ofMinutes(5).toNanos();

	private final LongSupplier nanoTime;

	/** Until when, of the clock; of lookups and of all else. */
	private final AtomicLong[] until;

	HeadMemory(LongSupplier nanoTime) {
		this.nanoTime = nanoTime;
		long past = nanoTime.getAsLong() - 1;
		this.until = new AtomicLong[] { new AtomicLong(past), new AtomicLong(past) };
	}

	/**
	 * Whether HEAD is worth trying.
	 * @param target the request target, canonical
	 * @return false if it was not served for such a target in the last five minutes
	 */
	boolean isWorthTrying(String target) {
		return this.until[kind(target)].get() - this.nanoTime.getAsLong() < 0;
	}

	void notServed(String target) {
		this.until[kind(target)].set(this.nanoTime.getAsLong() + NANOS);
	}

	private static int kind(String target) {
		return target.startsWith("/pks/lookup") ? 0 : 1;
	}

}
