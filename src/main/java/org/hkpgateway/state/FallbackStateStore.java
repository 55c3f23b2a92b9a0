package org.hkpgateway.state;

import java.time.Duration;
import java.util.function.Function;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

import org.hkpgateway.plugin.PluginId;
import reactor.core.publisher.Mono;

/**
 * Asks the shared store, and while that is away one in this process, where each token
 * counts as many times as there are gateways, so that all together give away no more.
 * What is kept here does not go back to the shared store, and is forgotten before the
 * next time that the shared one is away, unless that begins within a minute. A single
 * command that fails is answered as if nothing were kept.
 */
public final class FallbackStateStore implements StateStore {

	/** So long what was kept here is not out of date. */
	static final Duration FRESH = Duration.ofMinutes(1);

	private final StateStore shared;

	private final Supplier<Availability.Status> availability;

	private final IntSupplier replicas;

	private final Supplier<StateStore> maker;

	private final LongSupplier nanoTime;

	private StateStore local;

	private long localUsed;

	/**
	 * A store.
	 * @param link leads to Redis
	 * @param quota of each plugin, in Redis and here
	 */
	public FallbackStateStore(RedisLink link, StateQuota quota) {
		this(new RedisStateStore(link, quota), link::availability, link::replicas, () -> new LocalStateStore(quota),
				System::nanoTime);
	}

	FallbackStateStore(StateStore shared, Supplier<Availability.Status> availability, IntSupplier replicas,
			Supplier<StateStore> maker, LongSupplier nanoTime) {
		this.shared = shared;
		this.availability = availability;
		this.replicas = replicas;
		this.maker = maker;
		this.nanoTime = nanoTime;
		this.local = maker.get();
		this.localUsed = nanoTime.getAsLong();
	}

	@Override
	public Mono<StateValue> get(StateKey key) {
		return ask((store) -> store.get(key));
	}

	@Override
	public Mono<StateValue> put(StateKey key, byte[] value, Duration ttl) {
		return ask((store) -> store.put(key, value, ttl));
	}

	@Override
	public Mono<Swap> compareAndSet(StateKey key, long expectedVersion, byte[] value, Duration ttl) {
		return ask((store) -> store.compareAndSet(key, expectedVersion, value, ttl));
	}

	@Override
	public Mono<Integer> delete(StateKey key) {
		return ask((store) -> store.delete(key));
	}

	@Override
	public Mono<Count> increment(StateKey key, long delta, Duration window) {
		return ask((store) -> store.increment(key, delta, window));
	}

	@Override
	public Mono<Acquired> acquire(StateKey key, long tokens, TokenBucket bucket) {
		return ask((store) -> store.acquire(key, tokens, bucket), (store) -> share(store, key, tokens, bucket));
	}

	@Override
	public Mono<Size> size(PluginId plugin) {
		return ask((store) -> store.size(plugin));
	}

	@Override
	public Mono<Overview> overview(PluginId plugin, int most) {
		return ask((store) -> store.overview(plugin, most));
	}

	private <T> Mono<T> ask(Function<StateStore, Mono<T>> operation) {
		return ask(operation, operation);
	}

	private <T> Mono<T> ask(Function<StateStore, Mono<T>> operation, Function<StateStore, Mono<T>> fallback) {
		return operation.apply(this.shared)
			.onErrorResume(StateException.class, (ex) -> (ex.reason() == StateException.Reason.UNAVAILABLE)
					? fallback.apply(local()) : Mono.error(ex));
	}

	/** Also for single commands that fail: a Redis that often does must lift no limit. */
	private synchronized StateStore local() {
		Availability.Status status = this.availability.get();
		long now = this.nanoTime.getAsLong();
		long since = (status.phase() == Availability.Phase.UP) ? now : status.since();
		if (since - this.localUsed > FRESH.toNanos()) {
			this.local = this.maker.get();
		}
		this.localUsed = now;
		return this.local;
	}

	/**
	 * Takes out what all gateways would. A bucket too small for that is emptied, so that
	 * each can have its one token.
	 */
	private Mono<Acquired> share(StateStore store, StateKey key, long tokens, TokenBucket bucket) {
		int count = this.replicas.getAsInt();
		long all = (tokens <= bucket.capacity() / count) ? tokens * count : bucket.capacity();
		return store.acquire(key, (tokens > 0) ? all : 0, bucket)
			.map((acquired) -> new Acquired(acquired.acquired(), part(acquired.remaining(), bucket.capacity(), count),
					acquired.retryAfter()));
	}

	private static long part(long remaining, long capacity, int count) {
		return (remaining == capacity) ? Math.max(1, remaining / count) : remaining / count;
	}

}
