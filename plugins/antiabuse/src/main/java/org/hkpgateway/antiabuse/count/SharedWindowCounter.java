package org.hkpgateway.antiabuse.count;

import java.util.concurrent.CompletionStage;

import org.hkpgateway.sdk.host.SharedState;

import org.jspecify.annotations.Nullable;

/**
 * Counts with the gateway as {@link WindowCounter} does here: a counter under the prefix
 * and the client's name.
 */
public final class SharedWindowCounter implements SharedCounter {

	private final SharedState state;

	private final String prefix;

	private final Limit limit;

	/**
	 * Makes a counter.
	 * @param state where it counts
	 * @param prefix of all names
	 * @param limit what is allowed
	 */
	public SharedWindowCounter(SharedState state, String prefix, Limit limit) {
		this.state = state;
		this.prefix = prefix;
		this.limit = limit;
	}

	@Override
	public CompletionStage<@Nullable Excess> count(String client, long what, boolean dryRun) {
		return this.state.increment(this.prefix + client, dryRun ? 0 : 1, this.limit.window())
			.thenApply((count) -> (count.value() + (dryRun ? 1 : 0) > this.limit.max())
					? WindowCounter.excess(this.limit) : null);
	}

	@Override
	public CompletionStage<@Nullable Void> blocked(String client) {
		return this.state.delete(this.prefix + client).thenApply((deleted) -> null);
	}

}
