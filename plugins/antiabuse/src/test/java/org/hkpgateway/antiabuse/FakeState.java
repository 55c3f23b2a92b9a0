package org.hkpgateway.antiabuse;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

import org.hkpgateway.sdk.host.HostException;
import org.hkpgateway.sdk.host.SharedState;
import org.jspecify.annotations.Nullable;

/**
 * The gateway's shared state as its protocol describes it, with a clock of the test's.
 * Buckets fill steadily. Like the real one it may be away, or full.
 */
public final class FakeState implements SharedState {

	private final Map<String, Entry> values = new HashMap<>();

	private final Map<String, Counted> counters = new HashMap<>();

	private final Map<String, double[]> buckets = new HashMap<>();

	private final AtomicLong time;

	private long version;

	/** Why every call fails; null: none does. */
	public HostException.@Nullable Reason failure;

	/** Whether the quota of keys is used up: those that are there may change. */
	public boolean full;

	/** How many calls there were. */
	public int calls;

	/**
	 * Makes an empty state.
	 * @param time the clock, in nanoseconds
	 */
	public FakeState(AtomicLong time) {
		this.time = time;
	}

	@Override
	public CompletionStage<Optional<Value>> get(String key) {
		return answer(() -> find(key));
	}

	@Override
	public CompletionStage<Value> put(String key, byte[] value, Duration ttl) {
		return answer(() -> store(key, value, ttl));
	}

	@Override
	public CompletionStage<Swap> compareAndSet(String key, long expectedVersion, byte[] value, Duration ttl) {
		return answer(() -> {
			Optional<Value> old = find(key);
			return (old.map(Value::version).orElse(0L) == expectedVersion)
					? new Swap(true, Optional.of(store(key, value, ttl))) : new Swap(false, old);
		});
	}

	@Override
	public CompletionStage<Void> delete(String key) {
		return answer(() -> {
			this.values.remove(key);
			this.buckets.remove(key);
			this.counters.remove(key);
			return null;
		});
	}

	@Override
	public CompletionStage<Count> increment(String key, long delta, Duration window) {
		return answer(() -> {
			long now = this.time.get();
			Counted old = this.counters.get(key);
			Counted counted = (old != null && (old.until() == 0 || old.until() > now)) ? old
					: new Counted(0, window.isZero() ? 0 : now + window.toNanos());
			Counted sum = new Counted(counted.value() + delta, counted.until());
			if (delta != 0) {
				reserve(this.counters.containsKey(key));
				this.counters.put(key, sum);
			}
			return new Count(sum.value(), Duration.ofNanos((sum.until() == 0) ? 0 : sum.until() - now));
		});
	}

	@Override
	public CompletionStage<Acquired> acquire(String key, long tokens, Bucket bucket) {
		return answer(() -> {
			double[] full = { bucket.capacity(), this.time.get() };
			double[] held = this.buckets.getOrDefault(key, full).clone();
			double each = (double) bucket.period().toNanos() / bucket.refill();
			held[0] = Math.min(bucket.capacity(), held[0] + (this.time.get() - held[1]) / each);
			held[1] = this.time.get();
			boolean enough = held[0] >= tokens;
			if (enough && tokens > 0) {
				reserve(this.buckets.containsKey(key));
				held[0] -= tokens;
				this.buckets.put(key, held);
			}
			return new Acquired(enough, (long) held[0],
					enough ? Duration.ZERO : Duration.ofNanos((long) ((tokens - held[0]) * each)));
		});
	}

	/** What an operator sees of a name. */
	public Optional<String> text(String key) {
		return find(key).map((value) -> new String(value.bytes(), StandardCharsets.US_ASCII));
	}

	/**
	 * All names that there are, as an operator sees them.
	 * @return in no order
	 */
	public Set<String> keys() {
		Set<String> keys = new TreeSet<>(this.buckets.keySet());
		keys.addAll(this.counters.keySet());
		this.values.keySet().stream().filter((key) -> find(key).isPresent()).forEach(keys::add);
		return keys;
	}

	private Optional<Value> find(String key) {
		Entry entry = this.values.get(key);
		long now = this.time.get();
		if (entry == null || (entry.until() != 0 && entry.until() <= now)) {
			return Optional.empty();
		}
		return Optional.of(new Value(entry.bytes(), entry.version(),
				Duration.ofNanos((entry.until() == 0) ? 0 : entry.until() - now)));
	}

	private void reserve(boolean there) {
		if (this.full && !there) {
			throw new HostException(HostException.Reason.QUOTA, "the test wants it so");
		}
	}

	private Value store(String key, byte[] value, Duration ttl) {
		reserve(find(key).isPresent());
		this.values.put(key, new Entry(value, ++this.version, ttl.isZero() ? 0 : this.time.get() + ttl.toNanos()));
		return find(key).orElseThrow();
	}

	private <T> CompletionStage<T> answer(Supplier<T> result) {
		this.calls++;
		if (this.failure != null) {
			return CompletableFuture.failedFuture(new HostException(this.failure, "the test wants it so"));
		}
		try {
			return CompletableFuture.completedFuture(result.get());
		}
		catch (HostException ex) {
			return CompletableFuture.failedFuture(ex);
		}
	}

	private record Counted(long value, long until) {
	}

	private record Entry(byte[] bytes, long version, long until) {
	}

}
