package org.hkpgateway.state;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Expiry;
import com.github.benmanes.caffeine.cache.Ticker;
import io.github.bucket4j.Bucket;
import io.github.bucket4j.ConsumptionProbe;
import io.github.bucket4j.TimeMeter;
import io.github.bucket4j.TokensInheritanceStrategy;
import org.hkpgateway.state.StateStore.Acquired;
import org.hkpgateway.state.StateStore.Count;
import org.hkpgateway.state.StateStore.Kind;
import org.hkpgateway.state.StateStore.Overview;
import org.hkpgateway.state.StateStore.Size;
import org.hkpgateway.state.StateStore.Swap;
import org.jspecify.annotations.Nullable;

/**
 * What one plugin keeps in this process. Nothing is evicted before its time: what exceeds
 * the quota is refused. What has expired is gone at once, but may count for another
 * second. Thread-safe; never waits but for another operation on the same key.
 */
final class LocalNamespace {

	private static final long NEVER = Long.MAX_VALUE;

	private final StateQuota quota;

	private final Ticker ticker;

	private final Cache<Slot, Entry> entries;

	private final AtomicLong keys = new AtomicLong();

	private final AtomicLong bytes = new AtomicLong();

	private final AtomicLong versions;

	/**
	 * An empty one.
	 * @param quota what it may hold
	 * @param ticker the time
	 * @param firstVersion greater than what any earlier process has given out
	 */
	LocalNamespace(StateQuota quota, Ticker ticker, long firstVersion) {
		this.quota = quota;
		this.ticker = ticker;
		this.versions = new AtomicLong(firstVersion);
		this.entries = Caffeine.newBuilder()
			.ticker(ticker)
			// What has expired is counted out on the thread that finds it.
			.executor(Runnable::run)
			.expireAfter(new UntilDeadline())
			.<Slot, Entry>evictionListener(
					(slot, entry, cause) -> release(Objects.requireNonNull(slot), Objects.requireNonNull(entry)))
			.build();
	}

	@Nullable StateValue get(String name) {
		Entry found = this.entries.getIfPresent(new Slot(Kind.VALUE, name));
		return (found instanceof Value value) ? stored(value) : null;
	}

	StateValue put(String name, byte[] bytes, Duration ttl) {
		Value value = new Value(bytes, this.versions.incrementAndGet(), deadline(ttl));
		replace(new Slot(Kind.VALUE, name), (old) -> value);
		return stored(value);
	}

	Swap compareAndSet(String name, long expectedVersion, byte[] bytes, Duration ttl) {
		Value value = new Value(bytes, this.versions.incrementAndGet(), deadline(ttl));
		Entry now = replace(new Slot(Kind.VALUE, name), (old) -> (version(old) == expectedVersion) ? value : old);
		return new Swap(now == value, Optional.ofNullable((Value) now).map(this::stored));
	}

	private static long version(@Nullable Entry entry) {
		return (entry instanceof Value value) ? value.version() : 0;
	}

	int delete(String name) {
		int found = 0;
		for (Kind kind : Kind.values()) {
			Slot slot = new Slot(kind, name);
			Entry removed = this.entries.asMap().remove(slot);
			if (removed != null) {
				release(slot, removed);
				found++;
			}
		}
		return found;
	}

	Count increment(String name, long delta, Duration window) {
		Entry now = replace(new Slot(Kind.COUNTER, name), (old) -> added((Counter) old, delta, window));
		return (now instanceof Counter counter) ? new Count(counter.sum(), remaining(counter))
				: new Count(0, Duration.ZERO);
	}

	private @Nullable Counter added(@Nullable Counter old, long delta, Duration window) {
		if (old == null) {
			return (delta != 0) ? new Counter(delta, deadline(window)) : null;
		}
		try {
			return new Counter(Math.addExact(old.sum(), delta), old.deadline());
		}
		catch (ArithmeticException ex) {
			throw StateException.outOfRange(old.sum(), delta);
		}
	}

	Acquired acquire(String name, long tokens, TokenBucket kind) {
		Slot slot = new Slot(Kind.BUCKET, name);
		if (tokens == 0 && this.entries.getIfPresent(slot) == null) {
			return new Acquired(true, kind.capacity(), Duration.ZERO);
		}
		Acquired[] result = new Acquired[1];
		replace(slot, (old) -> {
			Tokens now = ((Tokens) old != null) ? ((Tokens) old).as(kind, deadline(kind.fillTime()))
					: new Tokens(bucket(kind), kind, deadline(kind.fillTime()));
			result[0] = take(now.bucket(), tokens);
			return now;
		});
		return result[0];
	}

	private static Acquired take(Bucket bucket, long tokens) {
		if (tokens == 0) {
			return new Acquired(true, bucket.getAvailableTokens(), Duration.ZERO);
		}
		ConsumptionProbe probe = bucket.tryConsumeAndReturnRemaining(tokens);
		return new Acquired(probe.isConsumed(), probe.getRemainingTokens(),
				Duration.ofNanos(probe.isConsumed() ? 0 : probe.getNanosToWaitForRefill()));
	}

	private Bucket bucket(TokenBucket kind) {
		return Bucket.builder()
			.addLimit(kind.configuration().getBandwidths()[0])
			.withCustomTimePrecision(new TickerMeter(this.ticker))
			.build();
	}

	Size size() {
		this.entries.cleanUp();
		return new Size(this.keys.get(), this.bytes.get());
	}

	Overview overview(int most) {
		this.entries.cleanUp();
		List<Map.Entry<Slot, Entry>> all = new ArrayList<>(this.entries.asMap().entrySet());
		List<StateStore.Entry> first = all.stream()
			.sorted(Comparator.comparing((Map.Entry<Slot, Entry> one) -> one.getKey().name())
				.thenComparing((one) -> one.getKey().kind()))
			.limit(most)
			.map((one) -> new StateStore.Entry(one.getKey().kind(), one.getKey().name(),
					bytes(one.getKey(), one.getValue()), remaining(one.getValue()), one.getValue().content()))
			.toList();
		// Not the count, which others may have changed since: what is not shown is what
		// is beyond the first.
		return new Overview(all.size(), this.bytes.get(), first);
	}

	/** Stores what the function makes of what was there; null: leaves nothing. */
	private @Nullable Entry replace(Slot slot, Function<@Nullable Entry, @Nullable Entry> function) {
		try {
			return this.entries.asMap().compute(slot, (same, old) -> reserved(slot, old, function.apply(old)));
		}
		catch (StateException ex) {
			if (ex.reason() != StateException.Reason.QUOTA || !hasExpired()) {
				throw ex;
			}
			return this.entries.asMap().compute(slot, (same, old) -> reserved(slot, old, function.apply(old)));
		}
	}

	/** Counts out what has expired and was not looked for since. */
	private boolean hasExpired() {
		long before = this.keys.get();
		this.entries.cleanUp();
		return this.keys.get() < before;
	}

	private @Nullable Entry reserved(Slot slot, @Nullable Entry old, @Nullable Entry now) {
		if (now == null || now == old) {
			return now;
		}
		long moreKeys = (old == null) ? 1 : 0;
		long moreBytes = bytes(slot, now) - ((old == null) ? 0 : bytes(slot, old));
		long keys = this.keys.addAndGet(moreKeys);
		long bytes = this.bytes.addAndGet(moreBytes);
		if ((moreKeys > 0 && keys > this.quota.keys()) || (moreBytes > 0 && bytes > this.quota.bytes())) {
			this.keys.addAndGet(-moreKeys);
			this.bytes.addAndGet(-moreBytes);
			throw this.quota.exceeded(keys, bytes);
		}
		return now;
	}

	private void release(Slot slot, Entry entry) {
		this.keys.decrementAndGet();
		this.bytes.addAndGet(-bytes(slot, entry));
	}

	private static long bytes(Slot slot, Entry entry) {
		return slot.name().getBytes(StandardCharsets.UTF_8).length + entry.bytes();
	}

	private StateValue stored(Value value) {
		return new StateValue(value.bytes, value.version(), remaining(value));
	}

	private long deadline(Duration ttl) {
		return ttl.isZero() ? NEVER : this.ticker.read() + ttl.toNanos();
	}

	/** Never zero, which says that it does not expire. */
	private Duration remaining(Entry entry) {
		return (entry.deadline() == NEVER) ? Duration.ZERO
				: Duration.ofNanos(Math.max(1_000_000, entry.deadline() - this.ticker.read()));
	}

	/** Where something is kept. */
	private record Slot(Kind kind, String name) {
	}

	/** What is kept. */
	private sealed interface Entry {

		/** On the ticker, or {@link #NEVER}. */
		long deadline();

		long bytes();

		String content();

	}

	/** Compared by identity. */
	private static final class Value implements Entry {

		private final byte[] bytes;

		private final long version;

		private final long deadline;

		Value(byte[] bytes, long version, long deadline) {
			this.bytes = bytes;
			this.version = version;
			this.deadline = deadline;
		}

		long version() {
			return this.version;
		}

		@Override
		public long deadline() {
			return this.deadline;
		}

		@Override
		public long bytes() {
			return this.bytes.length;
		}

		@Override
		public String content() {
			return Content.of(this.bytes, this.bytes.length);
		}

	}

	private record Counter(long sum, long deadline) implements Entry {

		@Override
		public long bytes() {
			return StateQuota.COUNTER_BYTES;
		}

		@Override
		public String content() {
			return Long.toString(this.sum);
		}

	}

	private record Tokens(Bucket bucket, TokenBucket kind, long deadline) implements Entry {

		/** The same tokens, filling another way perhaps, and expiring later. */
		Tokens as(TokenBucket kind, long deadline) {
			if (!kind.equals(this.kind)) {
				this.bucket.replaceConfiguration(kind.configuration(), TokensInheritanceStrategy.AS_IS);
			}
			return new Tokens(this.bucket, kind, deadline);
		}

		@Override
		public long bytes() {
			return StateQuota.BUCKET_BYTES;
		}

		@Override
		public String content() {
			return "";
		}

	}

	/** Entries know themselves how long they live; reading does not change that. */
	private static final class UntilDeadline implements Expiry<Slot, Entry> {

		@Override
		public long expireAfterCreate(Slot slot, Entry entry, long now) {
			return (entry.deadline() == NEVER) ? NEVER : Math.max(0, entry.deadline() - now);
		}

		@Override
		public long expireAfterUpdate(Slot slot, Entry entry, long now, long current) {
			return expireAfterCreate(slot, entry, now);
		}

		@Override
		public long expireAfterRead(Slot slot, Entry entry, long now, long current) {
			return current;
		}

	}

	/** The same time for buckets. */
	private record TickerMeter(Ticker ticker) implements TimeMeter {

		@Override
		public long currentTimeNanos() {
			return this.ticker.read();
		}

		@Override
		public boolean isWallClockBased() {
			return false;
		}

	}

}
