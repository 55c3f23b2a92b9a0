package org.hkpgateway.antiabuse.count;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

import org.hkpgateway.sdk.host.SharedState;

import org.jspecify.annotations.Nullable;

/**
 * Counts requests with the gateway: each limit is a bucket of tokens, as many requests at
 * once as the limit, and as many again, steadily, in each window. The first bucket lies
 * under the client's name, so that who deletes the name fills it; further ones have their
 * window behind it.
 */
public final class BucketCounter implements SharedCounter {

	private static final CompletionStage<@Nullable Excess> WITHIN = CompletableFuture.completedFuture(null);

	private final SharedState state;

	private final String prefix;

	private final List<Limit> limits;

	private final List<SharedState.Bucket> buckets;

	/**
	 * Makes a counter.
	 * @param state where it counts
	 * @param prefix of all names
	 * @param limits what is allowed; all of them are in force
	 */
	public BucketCounter(SharedState state, String prefix, List<Limit> limits) {
		this.state = state;
		this.prefix = prefix;
		this.limits = List.copyOf(limits);
		this.buckets = limits.stream()
			.map((limit) -> new SharedState.Bucket(limit.max(), limit.max(), limit.window()))
			.toList();
	}

	@Override
	public CompletionStage<@Nullable Excess> count(String client, long what, boolean dryRun) {
		return take(this.prefix + client, 0, dryRun);
	}

	/** From this bucket and those behind it. */
	private CompletionStage<@Nullable Excess> take(String name, int index, boolean dryRun) {
		if (index == this.buckets.size()) {
			return WITHIN;
		}
		SharedState.Bucket bucket = this.buckets.get(index);
		String key = (index == 0) ? name : name + " " + bucket.period().toSeconds() + "s";
		return this.state.acquire(key, dryRun ? 0 : 1, bucket).thenCompose((acquired) -> {
			if (dryRun ? acquired.remaining() > 0 : acquired.acquired()) {
				return take(name, index + 1, dryRun);
			}
			return CompletableFuture
				.completedFuture(new Excess(this.limits.get(index).toString(), acquired.retryAfter()));
		});
	}

	@Override
	public CompletionStage<@Nullable Void> blocked(String client) {
		return CompletableFuture.completedFuture(null);
	}

}
