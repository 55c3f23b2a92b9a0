package org.hkpgateway.state;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;

import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.state.StateStore.Acquired;
import org.hkpgateway.state.StateStore.Count;
import org.hkpgateway.state.StateStore.Kind;
import org.hkpgateway.state.StateStore.Swap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * What every store does alike.
 */
abstract class StateStoreContract {

	static final StateQuota QUOTA = new StateQuota(10, 1000);

	static final PluginId PLUGIN = new PluginId("one");

	private static final Duration MINUTE = Duration.ofMinutes(1);

	private static final Duration NEVER = Duration.ZERO;

	/** An empty store of {@link #QUOTA}. */
	abstract StateStore store();

	/** Lets some time go by; less than a second has gone by since the test began. */
	abstract void pass(Duration time) throws InterruptedException;

	/** The shortest time that can be told from nothing. */
	abstract Duration moment();

	static <T> T get(Mono<T> mono) {
		T result = mono.block(Duration.ofSeconds(30));
		assertThat(result).isNotNull();
		return result;
	}

	static StateKey key(String name) {
		return new StateKey(PLUGIN, name);
	}

	static byte[] bytes(String text) {
		return text.getBytes(StandardCharsets.UTF_8);
	}

	private String text(String key) {
		StateValue found = store().get(key(key)).block(Duration.ofSeconds(30));
		return (found != null) ? new String(found.bytes(), StandardCharsets.UTF_8) : "nothing";
	}

	@Test
	void aValueIsFoundUntilItIsDeleted() {
		assertThat(text("a")).isEqualTo("nothing");
		StateValue stored = get(store().put(key("a"), bytes("1"), NEVER));
		assertThat(stored.remaining()).isZero();
		assertThat(get(store().get(key("a")))).isEqualTo(stored);
		assertThat(get(store().delete(key("a")))).isEqualTo(1);
		assertThat(text("a")).isEqualTo("nothing");
		assertThat(get(store().delete(key("a")))).isZero();
	}

	@Test
	void aValueMayHaveAnyBytes() {
		byte[] all = new byte[256];
		for (int i = 0; i < all.length; i++) {
			all[i] = (byte) i;
		}
		get(store().put(key("all"), all, NEVER));
		assertThat(get(store().get(key("all"))).bytes()).isEqualTo(all);
		get(store().put(key("all"), new byte[0], NEVER));
		assertThat(get(store().get(key("all"))).bytes()).isEmpty();
	}

	@Test
	void aNameMayBeAnyText() {
		String name = "ban:{[2001:db8::1]} \u00e4\u20ac\ud83d\ude00\n*";
		get(store().put(key(name), bytes("x"), NEVER));
		assertThat(text(name)).isEqualTo("x");
		assertThat(get(store().overview(PLUGIN, 5)).entries()).extracting(StateStore.Entry::name).containsExactly(name);
	}

	@Test
	void namesAreBounded() {
		assertThat(key("x".repeat(256)).name()).hasSize(256);
		assertThatIllegalArgumentException().isThrownBy(() -> key("x".repeat(257)))
			.withMessage("key: expected: 1 to 256 bytes of UTF-8, got: 257 bytes");
		assertThatIllegalArgumentException().isThrownBy(() -> key(""));
		assertThatIllegalArgumentException().isThrownBy(() -> key("\u20ac".repeat(86)));
	}

	@Test
	void aValueExpires() throws Exception {
		StateValue stored = get(store().put(key("a"), bytes("1"), moment()));
		assertThat(stored.remaining()).isPositive().isLessThanOrEqualTo(moment());
		get(store().put(key("b"), bytes("1"), MINUTE));
		pass(moment());
		assertThat(text("a")).isEqualTo("nothing");
		assertThat(get(store().get(key("b"))).remaining()).isBetween(Duration.ofSeconds(30), MINUTE);
		get(store().put(key("b"), bytes("2"), NEVER));
		assertThat(get(store().get(key("b"))).remaining()).isZero();
	}

	@Test
	void aPluginDoesNotSeeAnothersState() {
		get(store().put(key("a"), bytes("1"), NEVER));
		StateKey others = new StateKey(new PluginId("two"), "a");
		assertThat(store().get(others).block()).isNull();
		assertThat(get(store().delete(others))).isZero();
		assertThat(text("a")).isEqualTo("1");
	}

	@Test
	void aVersionIsNeverUsedAgain() {
		long first = get(store().put(key("a"), bytes("1"), NEVER)).version();
		long second = get(store().put(key("a"), bytes("1"), NEVER)).version();
		get(store().delete(key("a")));
		long third = get(store().put(key("a"), bytes("1"), NEVER)).version();
		assertThat(List.of(first, second, third)).doesNotHaveDuplicates().doesNotContain(0L);
		assertThat(get(store().compareAndSet(key("a"), first, bytes("2"), NEVER)).stored()).isFalse();
		assertThat(text("a")).isEqualTo("1");
	}

	@Test
	void compareAndSetStoresOnlyOverTheExpectedVersion() {
		Swap made = get(store().compareAndSet(key("a"), 0, bytes("1"), NEVER));
		assertThat(made.stored()).isTrue();
		Swap again = get(store().compareAndSet(key("a"), 0, bytes("2"), NEVER));
		assertThat(again).isEqualTo(new Swap(false, made.current()));
		long version = made.current().orElseThrow().version();
		Swap changed = get(store().compareAndSet(key("a"), version, bytes("3"), MINUTE));
		assertThat(changed.stored()).isTrue();
		assertThat(changed.current().orElseThrow().version()).isNotEqualTo(version);
		assertThat(changed.current().orElseThrow().remaining()).isPositive();
		assertThat(text("a")).isEqualTo("3");
		assertThat(get(store().compareAndSet(key("b"), 5, bytes("1"), NEVER)))
			.isEqualTo(new Swap(false, Optional.empty()));
		assertThat(text("b")).isEqualTo("nothing");
	}

	@Test
	void ofManyWhoCompareAndSetOneWinsEachRound() throws Exception {
		long version = get(store().put(key("a"), bytes("0"), NEVER)).version();
		List<Swap> swaps = atOnce(8,
				(number) -> get(store().compareAndSet(key("a"), version, bytes("" + number), NEVER)));
		assertThat(swaps.stream().filter(Swap::stored)).hasSize(1);
		assertThat(swaps.stream().map((swap) -> swap.current().orElseThrow().version())).containsOnly(
				swaps.stream().filter(Swap::stored).findFirst().orElseThrow().current().orElseThrow().version());
	}

	@Test
	void aCounterAddsUp() throws Exception {
		assertThat(get(store().increment(key("a"), 0, MINUTE))).isEqualTo(new Count(0, Duration.ZERO));
		assertThat(get(store().overview(PLUGIN, 5)).keys()).isZero();
		assertThat(get(store().increment(key("a"), 5, NEVER))).isEqualTo(new Count(5, Duration.ZERO));
		assertThat(get(store().increment(key("a"), -7, NEVER)).value()).isEqualTo(-2);
		assertThat(get(store().increment(key("a"), 0, NEVER)).value()).isEqualTo(-2);
		atOnce(8, (number) -> {
			for (int i = 0; i < 100; i++) {
				get(store().increment(key("a"), 1, NEVER));
			}
			return true;
		});
		assertThat(get(store().increment(key("a"), 0, NEVER)).value()).isEqualTo(798);
	}

	@Test
	void aCountersWindowBeginsWithItsFirstIncrement() throws Exception {
		Count first = get(store().increment(key("a"), 1, moment()));
		assertThat(first.remaining()).isPositive().isLessThanOrEqualTo(moment());
		Count second = get(store().increment(key("a"), 1, MINUTE));
		assertThat(second.value()).isEqualTo(2);
		assertThat(second.remaining()).isPositive().isLessThanOrEqualTo(first.remaining());
		pass(moment());
		assertThat(get(store().increment(key("a"), 1, MINUTE)).value()).isEqualTo(1);
	}

	@Test
	void aCounterDoesNotOverflow() {
		get(store().increment(key("a"), Long.MAX_VALUE, NEVER));
		assertFails(StateException.Reason.OUT_OF_RANGE, store().increment(key("a"), 1, NEVER));
		assertThat(get(store().increment(key("a"), 0, NEVER)).value()).isEqualTo(Long.MAX_VALUE);
		get(store().increment(key("b"), Long.MIN_VALUE, NEVER));
		assertFails(StateException.Reason.OUT_OF_RANGE, store().increment(key("b"), -1, NEVER));
	}

	@Test
	void aBucketGivesWhatItHoldsAndFillsAgain() throws Exception {
		TokenBucket bucket = new TokenBucket(3, 1, moment());
		assertThat(get(store().acquire(key("a"), 0, bucket))).isEqualTo(new Acquired(true, 3, Duration.ZERO));
		assertThat(get(store().overview(PLUGIN, 5)).keys()).isZero();
		assertThat(get(store().acquire(key("a"), 2, bucket))).isEqualTo(new Acquired(true, 1, Duration.ZERO));
		Acquired refused = get(store().acquire(key("a"), 2, bucket));
		assertThat(refused.acquired()).isFalse();
		assertThat(refused.remaining()).isEqualTo(1);
		assertThat(refused.retryAfter()).isPositive().isLessThanOrEqualTo(moment());
		assertThat(get(store().acquire(key("a"), 0, bucket)).remaining()).isEqualTo(1);
		pass(moment());
		assertThat(get(store().acquire(key("a"), 2, bucket)).acquired()).isTrue();
	}

	@Test
	void ofManyWhoTakeTokensAsManyGetThemAsThereAre() throws Exception {
		TokenBucket bucket = new TokenBucket(100, 1, Duration.ofDays(1));
		List<Integer> taken = atOnce(8, (number) -> {
			int count = 0;
			for (int i = 0; i < 50; i++) {
				count += get(store().acquire(key("a"), 1, bucket)).acquired() ? 1 : 0;
			}
			return count;
		});
		assertThat(taken.stream().mapToInt(Integer::intValue).sum()).isEqualTo(100);
	}

	@Test
	void aBucketThatFillsAnotherWayKeepsItsTokens() {
		get(store().acquire(key("a"), 8, new TokenBucket(10, 1, Duration.ofDays(1))));
		assertThat(get(store().acquire(key("a"), 0, new TokenBucket(20, 1, Duration.ofDays(1)))).remaining())
			.isEqualTo(2);
		Acquired less = get(store().acquire(key("a"), 1, new TokenBucket(1, 1, Duration.ofDays(1))));
		assertThat(less.acquired()).isTrue();
		assertThat(less.remaining()).isLessThanOrEqualTo(1);
		Acquired more = get(store().acquire(key("b"), 5, new TokenBucket(5, 1, Duration.ofDays(1))));
		assertThat(more.remaining()).isZero();
		Acquired refused = get(store().acquire(key("b"), 6, new TokenBucket(10, 1, Duration.ofHours(1))));
		assertThat(refused.acquired()).isFalse();
		assertThat(refused.retryAfter()).isBetween(Duration.ofHours(5), Duration.ofHours(6));
	}

	@Test
	void aBucketThatMustBeFullIsForgotten() throws Exception {
		get(store().acquire(key("a"), 3, new TokenBucket(4, 4, moment())));
		assertThat(get(store().overview(PLUGIN, 5)).keys()).isEqualTo(1);
		pass(moment().multipliedBy(2));
		assertThat(get(store().overview(PLUGIN, 5)).keys()).isZero();
	}

	@Test
	void valueCounterAndBucketOfOneNameAreDifferentAndDeletedTogether() {
		get(store().put(key("a"), bytes("1"), NEVER));
		get(store().increment(key("a"), 2, NEVER));
		get(store().acquire(key("a"), 1, new TokenBucket(3, 1, MINUTE)));
		assertThat(text("a")).isEqualTo("1");
		assertThat(get(store().increment(key("a"), 0, NEVER)).value()).isEqualTo(2);
		StateStore.Overview overview = get(store().overview(PLUGIN, 2));
		assertThat(overview.keys()).isEqualTo(3);
		assertThat(overview.bytes()).isEqualTo((1 + 1) + (1 + 8) + (1 + 64));
		assertThat(overview.entries()).containsExactly(new StateStore.Entry(Kind.VALUE, "a", 2, Duration.ZERO, "1"),
				new StateStore.Entry(Kind.COUNTER, "a", 9, Duration.ZERO, "2"));
		assertThat(get(store().delete(key("a")))).isEqualTo(3);
		assertThat(get(store().overview(PLUGIN, 2))).isEqualTo(new StateStore.Overview(0, 0, List.of()));
	}

	@ParameterizedTest
	@ValueSource(strings = { "value", "swap", "counter", "bucket" })
	void moreKeysThanTheQuotaAreRefused(String what) {
		for (int i = 0; i < QUOTA.keys(); i++) {
			get(store().put(key("k" + i), bytes("1"), NEVER));
		}
		assertFails(StateException.Reason.QUOTA, write(what, "more"));
		get(store().put(key("k1"), bytes("2"), NEVER));
		assertThat(get(store().overview(PLUGIN, 5)).keys()).isEqualTo(QUOTA.keys());
		get(store().delete(key("k0")));
		get(write(what, "more"));
		assertFails(StateException.Reason.QUOTA, write(what, "and more"));
	}

	private Mono<?> write(String what, String name) {
		return switch (what) {
			case "value" -> store().put(key(name), bytes("1"), NEVER);
			case "swap" -> store().compareAndSet(key(name), 0, bytes("1"), NEVER);
			case "counter" -> store().increment(key(name), 1, NEVER);
			default -> store().acquire(key(name), 1, new TokenBucket(3, 1, MINUTE));
		};
	}

	@Test
	void moreBytesThanTheQuotaAreRefused() {
		get(store().put(key("a"), new byte[900], NEVER));
		assertFails(StateException.Reason.QUOTA, store().put(key("b"), new byte[99], NEVER));
		get(store().put(key("b"), new byte[98], NEVER));
		assertFails(StateException.Reason.QUOTA, store().put(key("a"), new byte[901], NEVER));
		assertThat(get(store().get(key("a"))).bytes()).hasSize(900);
		assertThat(get(store().overview(PLUGIN, 5)).bytes()).isEqualTo(1000);
		get(store().put(key("a"), new byte[800], NEVER));
		get(store().put(key("b"), new byte[198], NEVER));
		assertThat(get(store().overview(PLUGIN, 5)).bytes()).isEqualTo(1000);
		get(store().put(new StateKey(new PluginId("two"), "a"), new byte[900], NEVER));
	}

	@Test
	void whatHasExpiredDoesNotCount() throws Exception {
		for (int i = 0; i < QUOTA.keys(); i++) {
			get(store().put(key("k" + i), bytes("1"), moment()));
		}
		pass(moment());
		for (int i = 0; i < QUOTA.keys(); i++) {
			get(store().put(key("k" + (i + 5)), bytes("1"), NEVER));
		}
		StateStore.Overview overview = get(store().overview(PLUGIN, 100));
		assertThat(overview.keys()).isEqualTo(QUOTA.keys());
		assertThat(overview.entries()).hasSize((int) QUOTA.keys());
		assertThat(overview.bytes()).isEqualTo(overview.entries().stream().mapToLong(StateStore.Entry::bytes).sum());
	}

	@Test
	void theSizeIsThatOfWhatHasNotExpired() throws Exception {
		assertThat(get(store().size(PLUGIN))).isEqualTo(new StateStore.Size(0, 0));
		get(store().put(key("a"), bytes("1234"), NEVER));
		get(store().put(key("soon"), bytes("1"), moment()));
		get(store().increment(key("c"), 5, NEVER));
		get(store().put(new StateKey(new PluginId("two"), "a"), new byte[100], NEVER));
		assertThat(get(store().size(PLUGIN))).isEqualTo(new StateStore.Size(3, (1 + 4) + (4 + 1) + (1 + 8)));
		// Somewhat longer: in process it may count for another second.
		pass(moment().multipliedBy(3));
		assertThat(get(store().size(PLUGIN))).isEqualTo(new StateStore.Size(2, (1 + 4) + (1 + 8)));
	}

	@Test
	void peopleSeeTheBeginningOfValues() {
		get(store().put(key("a"), bytes("banned\u00e4"), NEVER));
		get(store().put(key("b"), new byte[] { (byte) 0xff, 0 }, NEVER));
		get(store().put(key("c"), bytes("\u20ac".repeat(100)), NEVER));
		assertThat(get(store().overview(PLUGIN, 5)).entries()).extracting(StateStore.Entry::content)
			.containsExactly("banned\u00e4", "base64:/wA=", "\u20ac".repeat(50) + "\u2026");
	}

	static void assertFails(StateException.Reason reason, Mono<?> mono) {
		assertThatExceptionOfType(StateException.class).isThrownBy(() -> mono.block(Duration.ofSeconds(30)))
			.satisfies((ex) -> assertThat(ex.reason()).isEqualTo(reason))
			.withMessageStartingWith("expected: ");
	}

	private static <T> List<T> atOnce(int count, IntFunction<T> task) throws Exception {
		ExecutorService threads = Executors.newFixedThreadPool(count);
		try {
			List<Future<T>> futures = new ArrayList<>();
			for (int i = 0; i < count; i++) {
				int number = i;
				futures.add(threads.submit((Callable<T>) () -> task.apply(number)));
			}
			List<T> results = new ArrayList<>();
			for (Future<T> future : futures) {
				results.add(future.get(60, TimeUnit.SECONDS));
			}
			return results;
		}
		finally {
			threads.shutdownNow();
		}
	}

}
