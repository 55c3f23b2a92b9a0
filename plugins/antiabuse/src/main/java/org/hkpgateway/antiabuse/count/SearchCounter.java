package org.hkpgateway.antiabuse.count;

import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import org.jspecify.annotations.Nullable;

/**
 * Counts the different terms that a client searches for, and the broad ones among them,
 * in a window that begins with the first; {@code window} later, and when a block begins,
 * it starts anew. A term that is searched for again does not count again.
 */
public final class SearchCounter implements OwnCounter {

	/** Bytes of an entry beside its terms. */
	private static final int OVERHEAD = 100;

	private final Limit different;

	private final Limit broad;

	private final Cache<ClientKey, Searches> searches;

	/**
	 * Makes a counter.
	 * @param different how many terms are allowed
	 * @param broad how many broad ones, in the same window
	 * @param maxBytes memory for all clients together
	 * @param nanos the time, as {@link System#nanoTime()}
	 */
	public SearchCounter(Limit different, Limit broad, long maxBytes, LongSupplier nanos) {
		this.different = different;
		this.broad = broad;
		this.searches = Windows.cache(
				Caffeine.newBuilder()
					.maximumWeight(maxBytes)
					.<ClientKey, Searches>weigher((client, terms) -> OVERHEAD + Long.BYTES * terms.size()),
				different.window(), nanos);
	}

	@Override
	public @Nullable Excess count(ClientKey client, long what, boolean dryRun) {
		if (dryRun) {
			Searches terms = this.searches.asMap().get(client);
			return (terms == null || terms.contains(what)) ? null : terms.with(what).excess(this.different, this.broad);
		}
		AtomicReference<@Nullable Excess> result = new AtomicReference<>();
		this.searches.asMap().compute(client, (key, old) -> {
			Searches terms = (old != null) ? old : Searches.NONE;
			if (terms.contains(what)) {
				return terms;
			}
			Searches more = terms.with(what);
			Excess excess = more.excess(this.different, this.broad);
			result.set(excess);
			return (excess != null) ? terms : more;
		});
		return result.get();
	}

	@Override
	public void blocked(ClientKey client) {
		forget(client);
	}

	@Override
	public void forget(ClientKey client) {
		this.searches.invalidate(client);
	}

	@Override
	public long clients() {
		return this.searches.estimatedSize();
	}

	@Override
	public void cleanUp() {
		this.searches.cleanUp();
	}

}
