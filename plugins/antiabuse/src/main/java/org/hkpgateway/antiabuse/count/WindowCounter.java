package org.hkpgateway.antiabuse.count;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import org.jspecify.annotations.Nullable;

/**
 * Counts what is seldom, in a window that begins with the first; {@code window} later,
 * and when a block begins, it starts anew. For anything rarer than requests: a fixed
 * window takes a tenth of the memory of a sliding one, and can be had from the gateway
 * with one call.
 */
public final class WindowCounter implements OwnCounter {

	private final Limit limit;

	private final Cache<ClientKey, Integer> counts;

	/**
	 * Makes a counter.
	 * @param limit what is allowed
	 * @param maxClients how many clients are counted at a time
	 * @param nanos the time, as {@link System#nanoTime()}
	 */
	public WindowCounter(Limit limit, int maxClients, LongSupplier nanos) {
		this.limit = limit;
		this.counts = Windows.cache(Caffeine.newBuilder().maximumSize(maxClients), limit.window(), nanos);
	}

	@Override
	public @Nullable Excess count(ClientKey client, long what, boolean dryRun) {
		if (dryRun) {
			Integer count = this.counts.asMap().get(client);
			return (count != null && count >= this.limit.max()) ? excess(this.limit) : null;
		}
		AtomicReference<@Nullable Excess> result = new AtomicReference<>();
		this.counts.asMap().compute(client, (key, count) -> {
			int already = (count != null) ? count : 0;
			if (already >= this.limit.max()) {
				result.set(excess(this.limit));
				return already;
			}
			return already + 1;
		});
		return result.get();
	}

	static Excess excess(Limit limit) {
		return new Excess(limit.toString(), Duration.ZERO);
	}

	@Override
	public void blocked(ClientKey client) {
		forget(client);
	}

	@Override
	public void forget(ClientKey client) {
		this.counts.invalidate(client);
	}

	@Override
	public long clients() {
		return this.counts.estimatedSize();
	}

	@Override
	public void cleanUp() {
		this.counts.cleanUp();
	}

}
