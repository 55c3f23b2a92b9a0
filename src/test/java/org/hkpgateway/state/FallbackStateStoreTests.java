package org.hkpgateway.state;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.concurrent.atomic.AtomicLong;

import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.state.Availability.Phase;
import org.hkpgateway.state.StateStore.Acquired;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import reactor.core.publisher.Mono;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests of {@link FallbackStateStore}.
 */
class FallbackStateStoreTests {

	private static final StateQuota QUOTA = new StateQuota(10, 1000);

	private static final StateKey KEY = new StateKey(new PluginId("one"), "a");

	private final AtomicLong nanos = new AtomicLong();

	private final StateStore kept = local();

	/** null: away, and nobody has noticed. */
	private StateStore answering = this.kept;

	private Availability.Status status = new Availability.Status(Phase.UP, 0, "");

	private int replicas = 1;

	private final FallbackStateStore store = new FallbackStateStore(new Shared(), () -> this.status,
			() -> this.replicas, this::local, this.nanos::get);

	private StateStore local() {
		return new LocalStateStore(QUOTA, this.nanos::get, Clock.fixed(Instant.EPOCH, ZoneOffset.UTC));
	}

	private void away() {
		this.answering = null;
		this.status = new Availability.Status(Phase.AWAY, this.nanos.get(), "gone");
	}

	private void back() {
		this.answering = this.kept;
		this.status = new Availability.Status(Phase.UP, this.nanos.get(), "");
	}

	private void pass(Duration time) {
		this.nanos.addAndGet(time.toNanos());
	}

	private void put(String value) {
		this.store.put(KEY, value.getBytes(), Duration.ZERO).block();
	}

	private String text() {
		StateValue found = this.store.get(KEY).block();
		return (found != null) ? new String(found.bytes()) : "nothing";
	}

	@Test
	void theSharedOneIsAskedWhileItIsThere() {
		put("1");
		assertThat(new String(this.kept.get(KEY).block().bytes())).isEqualTo("1");
		assertThat(text()).isEqualTo("1");
	}

	@Test
	void whileItIsAwayWhatIsPutIsKeptHere() {
		put("shared");
		away();
		assertThat(text()).isEqualTo("nothing");
		put("here");
		assertThat(text()).isEqualTo("here");
		assertThat(this.store.increment(KEY, 2, Duration.ZERO).block().value()).isEqualTo(2);
		assertThat(this.store.compareAndSet(KEY, 0, new byte[0], Duration.ZERO).block().stored()).isFalse();
		assertThat(this.store.overview(KEY.plugin(), 5).block().keys()).isEqualTo(2);
		assertThat(this.store.size(KEY.plugin()).block().keys()).isEqualTo(2);
		assertThat(this.store.delete(KEY).block()).isEqualTo(2);
		back();
		assertThat(text()).isEqualTo("shared");
	}

	@Test
	void whatWasKeptHereIsKeptWhenItGoesAwayAgainSoon() {
		away();
		put("here");
		back();
		pass(FallbackStateStore.FRESH.minusSeconds(1));
		away();
		pass(Duration.ofHours(1));
		assertThat(text()).isEqualTo("here");
	}

	@Test
	void whatWasKeptHereIsForgottenWhenItGoesAwayMuchLater() {
		away();
		put("here");
		back();
		pass(FallbackStateStore.FRESH.plusSeconds(1));
		away();
		assertThat(text()).isEqualTo("nothing");
	}

	@Test
	void singleCommandsThatFailLiftNoLimit() {
		this.answering = null;
		TokenBucket two = new TokenBucket(2, 1, Duration.ofDays(1));
		assertThat(this.store.acquire(KEY, 1, two).block().acquired()).isTrue();
		assertThat(this.store.acquire(KEY, 1, two).block().acquired()).isTrue();
		assertThat(this.store.acquire(KEY, 1, two).block().acquired()).isFalse();
		pass(FallbackStateStore.FRESH.plusSeconds(1));
		assertThat(this.store.acquire(KEY, 1, two).block().acquired()).as("long after the last one").isTrue();
	}

	@Test
	void whatTheSharedOneRefusesIsRefused() {
		assertThatExceptionOfType(StateException.class)
			.isThrownBy(() -> this.store.put(KEY, new byte[1001], Duration.ZERO).block())
			.satisfies((ex) -> assertThat(ex.reason()).isEqualTo(StateException.Reason.QUOTA));
	}

	/** How many of those who take so many tokens get them from one gateway. */
	@ParameterizedTest
	@CsvSource({ "1, 10, 1, 10", "2, 10, 1, 5", "3, 10, 1, 3", "2, 10, 2, 2", "2, 10, 6, 1", "20, 10, 1, 1",
			"2, 1, 1, 1", "2, 9007199254740991, 9007199254740991, 1" })
	void eachGatewayGivesItsPartOfABucketButAtLeastOnce(int replicas, long capacity, long tokens, int times) {
		away();
		this.replicas = replicas;
		TokenBucket bucket = new TokenBucket(capacity, 1, Duration.ofDays(1));
		for (int i = 0; i < times; i++) {
			assertThat(this.store.acquire(KEY, tokens, bucket).block().acquired()).isTrue();
		}
		assertThat(this.store.acquire(KEY, tokens, bucket).block().acquired()).isFalse();
	}

	@Test
	void aBucketFillsMoreSlowlyByTheNumberOfGateways() {
		away();
		this.replicas = 3;
		TokenBucket bucket = new TokenBucket(30, 1, Duration.ofSeconds(1));
		assertThat(this.store.acquire(KEY, 0, bucket).block()).isEqualTo(new Acquired(true, 10, Duration.ZERO));
		assertThat(this.store.acquire(KEY, 10, bucket).block()).isEqualTo(new Acquired(true, 0, Duration.ZERO));
		assertThat(this.store.acquire(KEY, 1, bucket).block()).isEqualTo(new Acquired(false, 0, Duration.ofSeconds(3)));
		pass(Duration.ofSeconds(3));
		assertThat(this.store.acquire(KEY, 1, bucket).block().acquired()).isTrue();
		TokenBucket single = new TokenBucket(1, 1, Duration.ofSeconds(1));
		assertThat(this.store.acquire(new StateKey(KEY.plugin(), "b"), 0, single).block().remaining()).isEqualTo(1);
	}

	/** What a real one does is shown with a real one. */
	private final class Shared implements StateStore {

		private StateStore answering() {
			if (FallbackStateStoreTests.this.answering == null) {
				throw new StateException(StateException.Reason.UNAVAILABLE, "away");
			}
			return FallbackStateStoreTests.this.answering;
		}

		@Override
		public Mono<StateValue> get(StateKey key) {
			return Mono.defer(() -> answering().get(key));
		}

		@Override
		public Mono<StateValue> put(StateKey key, byte[] value, Duration ttl) {
			return Mono.defer(() -> answering().put(key, value, ttl));
		}

		@Override
		public Mono<Swap> compareAndSet(StateKey key, long expectedVersion, byte[] value, Duration ttl) {
			return Mono.defer(() -> answering().compareAndSet(key, expectedVersion, value, ttl));
		}

		@Override
		public Mono<Integer> delete(StateKey key) {
			return Mono.defer(() -> answering().delete(key));
		}

		@Override
		public Mono<Count> increment(StateKey key, long delta, Duration window) {
			return Mono.defer(() -> answering().increment(key, delta, window));
		}

		@Override
		public Mono<Acquired> acquire(StateKey key, long tokens, TokenBucket bucket) {
			return Mono.defer(() -> answering().acquire(key, tokens, bucket));
		}

		@Override
		public Mono<Size> size(PluginId plugin) {
			return Mono.defer(() -> answering().size(plugin));
		}

		@Override
		public Mono<Overview> overview(PluginId plugin, int most) {
			return Mono.defer(() -> answering().overview(plugin, most));
		}

	}

}
