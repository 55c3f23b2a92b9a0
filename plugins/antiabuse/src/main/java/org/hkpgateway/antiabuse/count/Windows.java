package org.hkpgateway.antiabuse.count;

import java.time.Duration;
import java.util.function.LongSupplier;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Expiry;

/**
 * Tables of what clients did within a window that begins with the first.
 */
final class Windows {

	private Windows() {
	}

	/**
	 * Makes a table whose entries end a window after they were made, however often they
	 * change. Upkeep runs on the calling threads.
	 * @param bounded a builder with a bound
	 * @param window how long an entry lasts
	 * @param nanos the time, as {@link System#nanoTime()}
	 * @return an empty table
	 */
	static <V> Cache<ClientKey, V> cache(Caffeine<? super ClientKey, ? super V> bounded, Duration window,
			LongSupplier nanos) {
		return bounded.expireAfter(Expiry.<ClientKey, V>creating((client, value) -> window))
			.ticker(nanos::getAsLong)
			.executor(Runnable::run)
			.build();
	}

}
