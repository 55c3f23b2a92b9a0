package org.hkpgateway.sdk.test;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

import org.hkpgateway.sdk.host.HostException;
import org.hkpgateway.sdk.host.SharedState;

import org.jspecify.annotations.Nullable;

/**
 * State in memory, by a virtual clock. Without a quota.
 */
public final class FakeState implements SharedState {

	private static final int MOST_KEY_BYTES = 256;

	private final FakeHost host;

	private final VirtualClock clock;

	private final Map<String, Entry> values = new HashMap<>();

	private final Map<String, Counter> counters = new HashMap<>();

	private final Map<String, Level> buckets = new HashMap<>();

	private long version;

	FakeState(FakeHost host, VirtualClock clock) {
		this.host = host;
		this.clock = clock;
	}

	@Override
	public CompletionStage<Optional<Value>> get(String key) {
		return answer(key, () -> find(key));
	}

	@Override
	public CompletionStage<Value> put(String key, byte[] value, Duration ttl) {
		return answer(key, () -> store(key, value, ttl));
	}

	@Override
	public CompletionStage<Swap> compareAndSet(String key, long expectedVersion, byte[] value, Duration ttl) {
		return answer(key, () -> {
			Optional<Value> old = find(key);
			return (old.map(Value::version).orElse(0L) == expectedVersion)
					? new Swap(true, Optional.of(store(key, value, ttl))) : new Swap(false, old);
		});
	}

	@Override
	public CompletionStage<Void> delete(String key) {
		return answer(key, () -> {
			this.values.remove(key);
			this.counters.remove(key);
			this.buckets.remove(key);
			return key;
		}).thenAccept((gone) -> {
		});
	}

	@Override
	public CompletionStage<Count> increment(String key, long delta, Duration window) {
		return answer(key, () -> {
			long now = this.clock.nanoTime();
			Counter old = this.counters.get(key);
			if (old == null || (old.until() != 0 && old.until() <= now)) {
				old = new Counter(0, window.isZero() ? 0 : now + window.toNanos());
			}
			Counter sum = new Counter(old.value() + delta, old.until());
			if (delta != 0) {
				this.counters.put(key, sum);
			}
			return new Count(sum.value(), (sum.until() == 0) ? Duration.ZERO : Duration.ofNanos(sum.until() - now));
		});
	}

	@Override
	public CompletionStage<Acquired> acquire(String key, long tokens, Bucket bucket) {
		return answer(key, () -> {
			long now = this.clock.nanoTime();
			double each = (double) bucket.period().toNanos() / bucket.refill();
			Level old = this.buckets.getOrDefault(key, new Level((double) bucket.capacity(), now));
			double held = Math.min((double) bucket.capacity(), old.tokens() + (double) (now - old.time()) / each);
			boolean enough = held >= (double) tokens;
			double left = enough ? held - (double) tokens : held;
			this.buckets.put(key, new Level(left, now));
			return new Acquired(enough, (long) left,
					enough ? Duration.ZERO : Duration.ofNanos((long) Math.ceil(((double) tokens - held) * each)));
		});
	}

	/**
	 * A value as text, for assertions.
	 * @param key its key
	 * @return read as UTF-8; empty if there is none
	 */
	public synchronized Optional<String> text(String key) {
		return find(key).map((value) -> new String(value.bytes(), StandardCharsets.UTF_8));
	}

	private Optional<Value> find(String key) {
		@Nullable Entry entry = this.values.get(key);
		long now = this.clock.nanoTime();
		if (entry == null || (entry.until() != 0 && entry.until() <= now)) {
			return Optional.empty();
		}
		return Optional.of(new Value(entry.bytes().getBytes(StandardCharsets.ISO_8859_1), entry.version(),
				(entry.until() == 0) ? Duration.ZERO : Duration.ofNanos(entry.until() - now)));
	}

	private Value store(String key, byte[] value, Duration ttl) {
		this.version++;
		this.values.put(key, new Entry(new String(value, StandardCharsets.ISO_8859_1), this.version,
				ttl.isZero() ? 0 : this.clock.nanoTime() + ttl.toNanos()));
		return find(key).orElseThrow();
	}

	private synchronized <T> CompletionStage<T> answer(String key, Supplier<T> result) {
		return this.host.answer("state", () -> {
			int bytes = key.getBytes(StandardCharsets.UTF_8).length;
			if (bytes < 1 || bytes > MOST_KEY_BYTES) {
				throw new HostException(HostException.Reason.INVALID,
						"key: expected: 1 to " + MOST_KEY_BYTES + " bytes, got: " + bytes);
			}
			return result.get();
		});
	}

	private record Entry(String bytes, long version, long until) {
	}

	private record Counter(long value, long until) {
	}

	private record Level(double tokens, long time) {
	}

}
