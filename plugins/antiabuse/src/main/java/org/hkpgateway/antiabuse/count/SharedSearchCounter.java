package org.hkpgateway.antiabuse.count;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

import org.hkpgateway.sdk.host.HostException;
import org.hkpgateway.sdk.host.SharedState;

import org.jspecify.annotations.Nullable;

/**
 * Counts different searches with the gateway as {@link SearchCounter} does here: one
 * value under the prefix and the client's name, changed by compare-and-set.
 *
 * <p>
 * Searches of one client that come at once are stored together, so that only another
 * replica can be first. A search that cannot be stored fails with
 * {@link org.hkpgateway.sdk.host.HostException.Reason#QUOTA}, to be counted elsewhere:
 * none is lost, and none of another replica's is overwritten.
 */
public final class SharedSearchCounter implements SharedCounter {

	/** Another replica may be first, but not for ever. */
	static final int ATTEMPTS = 10;

	/** Searches of one client that wait for those that are being stored. */
	static final int MOST_WAITING = 256;

	private final SharedState state;

	private final String prefix;

	private final Limit different;

	private final Limit broad;

	/** By key, those that wait; there is an entry as long as one is being stored. */
	private final ConcurrentMap<String, List<Search>> waiting = new ConcurrentHashMap<>();

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
		Search search = new Search(what, new CompletableFuture<>());
		if (dryRun) {
			return this.state.get(key).thenApply((value) -> added(searches(value), List.of(search)).results().get(0));
		}
		if (isFirst(key, search)) {
			store(key, List.of(search));
		}
		return search.result();
	}

	/** Makes it wait if others of this client are being stored. */
	private boolean isFirst(String key, Search search) {
		boolean[] first = new boolean[1];
		this.waiting.compute(key, (same, others) -> {
			if (others == null) {
				first[0] = true;
				return new ArrayList<>();
			}
			if (others.size() < MOST_WAITING) {
				others.add(search);
			}
			else {
				search.result()
					.completeExceptionally(
							busy("at most " + MOST_WAITING + " searches of a client at once", "one more"));
			}
			return others;
		});
		return first[0];
	}

	private void store(String key, List<Search> searches) {
		var unused = CompletableFuture.completedStage(key)
			.thenCompose(this.state::get)
			.thenCompose((value) -> store(key, value, searches, ATTEMPTS))
			.whenComplete((results, failure) -> {
				storeWaiting(key);
				for (int i = 0; i < searches.size(); i++) {
					CompletableFuture<@Nullable Excess> result = searches.get(i).result();
					if (failure != null) {
						result.completeExceptionally(failure);
					}
					else {
						result.complete(results.get(i));
					}
				}
			});
	}

	private void storeWaiting(String key) {
		List<Search> next = new ArrayList<>();
		this.waiting.computeIfPresent(key, (same, others) -> {
			next.addAll(others);
			return others.isEmpty() ? null : new ArrayList<>();
		});
		if (!next.isEmpty()) {
			store(key, next);
		}
	}

	private CompletionStage<List<@Nullable Excess>> store(String key, Optional<SharedState.Value> value,
			List<Search> searches, int attempts) {
		Searches before = searches(value);
		Added added = added(before, searches);
		if (added.terms() == before) {
			return CompletableFuture.completedFuture(added.results());
		}
		if (attempts == 0) {
			return CompletableFuture
				.failedFuture(busy("a search stored within " + ATTEMPTS + " attempts", "others were first each time"));
		}
		Duration left = value.map(SharedState.Value::ttl).orElse(Duration.ZERO);
		return this.state
			.compareAndSet(key, value.map(SharedState.Value::version).orElse(0L), added.terms().toBytes(),
					left.isZero() ? this.different.window() : left)
			.thenCompose((swap) -> swap.stored() ? CompletableFuture.completedFuture(added.results())
					: store(key, swap.current(), searches, attempts - 1));
	}

	private Added added(Searches before, List<Search> searches) {
		Searches terms = before;
		List<@Nullable Excess> results = new ArrayList<>();
		for (Search search : searches) {
			Searches more = terms.contains(search.what()) ? terms : terms.with(search.what());
			Excess excess = (more != terms) ? more.excess(this.different, this.broad) : null;
			terms = (excess == null) ? more : terms;
			results.add(excess);
		}
		return new Added(terms, results);
	}

	private static Searches searches(Optional<SharedState.Value> value) {
		return value.map((old) -> Searches.of(old.bytes())).orElse(Searches.NONE);
	}

	private static HostException busy(String expected, String got) {
		return new HostException(HostException.Reason.QUOTA, "expected: " + expected + ", got: " + got);
	}

	@Override
	public CompletionStage<@Nullable Void> blocked(String client) {
		return this.state.delete(this.prefix + client).thenApply((deleted) -> null);
	}

	private record Search(long what, CompletableFuture<@Nullable Excess> result) {
	}

	private record Added(Searches terms, List<@Nullable Excess> results) {
	}

}
