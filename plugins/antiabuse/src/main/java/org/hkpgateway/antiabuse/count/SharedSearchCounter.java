package org.hkpgateway.antiabuse.count;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

import org.hkpgateway.sdk.host.SharedState;

import org.jspecify.annotations.Nullable;

/**
 * Counts different searches with the gateway as {@link SearchCounter} does here: one
 * value under the prefix and the client's name, changed by compare-and-set.
 */
public final class SharedSearchCounter implements SharedCounter {

	/** Another search of the same client, or replica, may be first, but not for ever. */
	private static final int ATTEMPTS = 5;

	private final SharedState state;

	private final String prefix;

	private final Limit different;

	private final Limit broad;

	/**
	 * Makes a counter.
	 * @param state where it counts
	 * @param prefix of all names
	 * @param different how many terms are allowed
	 * @param broad how many broad ones, in the same window
	 */
	public SharedSearchCounter(SharedState state, String prefix, Limit different, Limit broad) {
		this.state = state;
		this.prefix = prefix;
		this.different = different;
		this.broad = broad;
	}

	@Override
	public CompletionStage<@Nullable Excess> count(String client, long what, boolean dryRun) {
		String key = this.prefix + client;
		return this.state.get(key).thenCompose((value) -> add(key, value, what, dryRun, ATTEMPTS));
	}

	private CompletionStage<@Nullable Excess> add(String key, Optional<SharedState.Value> value, long what,
			boolean dryRun, int attempts) {
		Searches terms = value.map((old) -> Searches.of(old.bytes())).orElse(Searches.NONE);
		Searches more = terms.contains(what) ? terms : terms.with(what);
		Excess excess = more.excess(this.different, this.broad);
		if (more == terms || excess != null || dryRun) {
			return CompletableFuture.completedFuture((more == terms) ? null : excess);
		}
		Duration left = value.map(SharedState.Value::ttl).orElse(Duration.ZERO);
		Duration ttl = left.isZero() ? this.different.window() : left;
		if (attempts == 0) {
			// A search that came in between may be lost, this one is not.
			return this.state.put(key, more.toBytes(), ttl).thenApply((stored) -> null);
		}
		return this.state.compareAndSet(key, value.map(SharedState.Value::version).orElse(0L), more.toBytes(), ttl)
			.thenCompose((swap) -> swap.stored() ? CompletableFuture.<@Nullable Excess>completedFuture(null)
					: add(key, swap.current(), what, dryRun, attempts - 1));
	}

	@Override
	public CompletionStage<@Nullable Void> blocked(String client) {
		return this.state.delete(this.prefix + client).thenApply((deleted) -> null);
	}

}
