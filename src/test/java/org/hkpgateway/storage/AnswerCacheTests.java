package org.hkpgateway.storage;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;

import org.hkpgateway.plugin.KeyInfo;
import org.hkpgateway.plugin.KeyQuery;
import org.hkpgateway.plugin.PluginId;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link AnswerCache}.
 */
class AnswerCacheTests {

	private static final Duration TTL = Duration.ofSeconds(30);

	private static final String FPR = "0123456789ABCDEF0123456789ABCDEF01234567";

	private static final String OTHER = "FEDCBA9876543210FEDCBA9876543210FEDCBA98";

	private static final KeyQuery BY_NAME = query(KeyQuery.Type.FETCH, FPR);

	private static final KeyQuery BY_OTHER_NAME = query(KeyQuery.Type.FETCH, OTHER);

	private static final KeyQuery BY_TEXT = query(KeyQuery.Type.SEARCH, "alice");

	private final AtomicLong clock = new AtomicLong();

	private final RecordedListener listener = new RecordedListener();

	private final AnswerCache cache = cache(1 << 20);

	private final List<KeyQuery> loaded = new ArrayList<>();

	private AnswerCache cache(long bytes) {
		return new AnswerCache(bytes, TTL, this.clock::get, this.listener);
	}

	private static KeyQuery query(KeyQuery.Type type, String query) {
		return KeyQuery.of(type, query, Map.of());
	}

	private static KeyInfo key(String fingerprint) {
		return new KeyInfo(fingerprint, List.of("A"), 1, 0, false, new byte[100]);
	}

	private List<KeyInfo> get(KeyQuery query, KeyInfo... keys) {
		return this.cache.get("", query, (missing) -> {
			this.loaded.add(missing);
			return Mono.just(List.of(keys));
		}).block(Duration.ZERO);
	}

	@Test
	void anAnswerIsKeptForItsTime() {
		assertThat(get(BY_NAME, key(FPR))).containsExactly(key(FPR));
		this.clock.set(TTL.toNanos() - 1);
		assertThat(get(BY_NAME)).containsExactly(key(FPR));
		this.clock.set(TTL.toNanos());
		assertThat(get(BY_NAME)).isEmpty();
		assertThat(this.listener.looked).containsExactly("miss", "hit", "miss");
	}

	/** Its trace, for one. */
	@Test
	void itIsFoundInTheContextOfWhoAskedFirst() {
		Sinks.One<List<KeyInfo>> found = Sinks.one();
		List<String> askers = new ArrayList<>();
		for (String asker : List.of("first", "second")) {
			this.cache.get("", BY_NAME, (missing) -> Mono.deferContextual((context) -> {
				askers.add(context.get("asker"));
				return found.asMono();
			})).contextWrite((context) -> context.put("asker", asker)).subscribe();
		}
		assertThat(askers).containsExactly("first");
		found.tryEmitValue(List.of()).orThrow();
	}

	@Test
	void thatThereIsNoSuchKeyIsKeptToo() {
		assertThat(get(BY_NAME)).isEmpty();
		assertThat(get(BY_NAME, key(FPR))).isEmpty();
		assertThat(this.loaded).hasSize(1);
	}

	@Test
	void queriesThatDifferHaveAnswersOfTheirOwn() {
		get(BY_NAME, key(FPR));
		assertThat(get(query(KeyQuery.Type.LOOKUP, FPR))).isEmpty();
		assertThat(get(KeyQuery.of(KeyQuery.Type.FETCH, FPR, Map.of("exact", "on")))).isEmpty();
		assertThat(this.loaded).hasSize(3);
	}

	@Test
	void answersOfOthersAreNotLookedAt() {
		get(BY_NAME, key(FPR));
		assertThat(this.cache.get("plugin", BY_NAME, (missing) -> Mono.just(List.<KeyInfo>of())).block(Duration.ZERO))
			.isEmpty();
		assertThat(get(BY_NAME)).hasSize(1);
	}

	@Test
	void equalQueriesShareOneOnItsWay() {
		Sinks.One<List<KeyInfo>> answer = Sinks.one();
		List<List<KeyInfo>> answers = new ArrayList<>();
		for (int i = 0; i < 1000; i++) {
			this.cache.get("", BY_NAME, (missing) -> {
				this.loaded.add(missing);
				return answer.asMono();
			}).subscribe(answers::add);
		}
		assertThat(answers).isEmpty();
		answer.tryEmitValue(List.of(key(FPR)));
		assertThat(answers).hasSize(1000).containsOnly(List.of(key(FPR)));
		assertThat(this.loaded).hasSize(1);
		assertThat(this.listener.looked).filteredOn("shared"::equals).hasSize(999);
	}

	@Test
	void whoGivesUpDoesNotTakeTheAnswerFromOthers() {
		Sinks.One<List<KeyInfo>> answer = Sinks.one();
		this.cache.get("", BY_NAME, (missing) -> answer.asMono()).subscribe().dispose();
		List<List<KeyInfo>> answers = new ArrayList<>();
		this.cache.get("", BY_NAME, (missing) -> Mono.never()).subscribe(answers::add);
		answer.tryEmitValue(List.of());
		assertThat(answers).hasSize(1);
	}

	@Test
	void aFailureReachesAllAndIsNotKept() {
		Sinks.One<List<KeyInfo>> answer = Sinks.one();
		List<Throwable> failures = new ArrayList<>();
		for (int i = 0; i < 2; i++) {
			this.cache.get("", BY_NAME, (missing) -> answer.asMono()).subscribe((keys) -> {
			}, failures::add);
		}
		StorageException failure = new StorageException(StorageException.Reason.UNAVAILABLE, "away");
		answer.tryEmitError(failure);
		assertThat(failures).containsExactly(failure, failure);
		assertThat(get(BY_NAME, key(FPR))).hasSize(1);
		assertThatExceptionOfType(StorageException.class)
			.isThrownBy(() -> this.cache.get("", BY_TEXT, (missing) -> Mono.error(failure)).block(Duration.ZERO));
		assertThat(get(BY_TEXT)).isEmpty();
	}

	@Test
	void aChangeDropsWhatItMayHaveMadeWrong() {
		KeyQuery shortName = query(KeyQuery.Type.LOOKUP, "deadbeef");
		KeyQuery nobody = query(KeyQuery.Type.LOOKUP, "0000000000000000");
		get(BY_NAME, key(FPR));
		get(BY_OTHER_NAME, key(OTHER));
		get(BY_TEXT, key(OTHER));
		get(shortName, key(OTHER));
		get(nobody);
		this.loaded.clear();
		this.cache.changed(FPR);
		assertThat(this.listener.dropped).containsExactly(4);
		for (KeyQuery query : List.of(BY_NAME, BY_OTHER_NAME, BY_TEXT, shortName, nobody)) {
			get(query);
		}
		assertThat(this.loaded).containsExactly(BY_NAME, BY_TEXT, shortName, nobody);
	}

	@Test
	void anAnswerThatWasDroppedOnItsWayIsNotKept() {
		Sinks.One<List<KeyInfo>> old = Sinks.one();
		List<List<KeyInfo>> answers = new ArrayList<>();
		this.cache.get("", BY_NAME, (missing) -> old.asMono()).subscribe(answers::add);
		this.cache.changed(OTHER);
		// Who asks after the change does not get what was on its way.
		Sinks.One<List<KeyInfo>> fresh = Sinks.one();
		this.cache.get("", BY_NAME, (missing) -> fresh.asMono()).subscribe(answers::add);
		old.tryEmitValue(List.of());
		assertThat(answers).containsExactly(List.of());
		fresh.tryEmitValue(List.of(key(FPR)));
		assertThat(answers).containsExactly(List.of(), List.of(key(FPR)));
		assertThat(get(BY_NAME)).containsExactly(key(FPR));
		this.cache.changed(FPR);
		assertThat(get(BY_NAME)).isEmpty();
	}

	@Test
	void memoryHasABound() {
		AnswerCache small = cache(100_000);
		for (int i = 0; i < 1000; i++) {
			KeyInfo big = new KeyInfo(FPR, List.of(), 1, 0, false, new byte[9000]);
			small.get("", query(KeyQuery.Type.SEARCH, "text " + i), (missing) -> Mono.just(List.of(big)))
				.block(Duration.ZERO);
		}
		assertThat(small.bytes()).isPositive().isLessThanOrEqualTo(100_000);
		assertThat(small.entries()).isBetween(1L, 11L);
		for (int i = 0; i < 1000; i++) {
			small.get("", query(KeyQuery.Type.SEARCH, "nobody " + i), (missing) -> Mono.just(List.of()))
				.block(Duration.ZERO);
		}
		assertThat(small.entries()).isLessThan(250);
		small.clear();
		assertThat(small.entries()).isZero();
	}

	@Test
	void withoutMemoryQueriesAreShared() {
		AnswerCache none = cache(0);
		Sinks.One<List<KeyInfo>> answer = Sinks.one();
		List<List<KeyInfo>> answers = new ArrayList<>();
		none.get("", BY_NAME, (missing) -> answer.asMono()).subscribe(answers::add);
		none.get("", BY_NAME, (missing) -> Mono.never()).subscribe(answers::add);
		answer.tryEmitValue(List.of(key(FPR)));
		assertThat(answers).hasSize(2);
		assertThat(none.entries()).isZero();
	}

	/** Keeps what it is told. */
	static final class RecordedListener implements StorageListener {

		final ConcurrentLinkedQueue<String> answered = new ConcurrentLinkedQueue<>();

		final ConcurrentLinkedQueue<String> looked = new ConcurrentLinkedQueue<>();

		final ConcurrentLinkedQueue<String> provided = new ConcurrentLinkedQueue<>();

		final ConcurrentLinkedQueue<Integer> dropped = new ConcurrentLinkedQueue<>();

		@Override
		public void answered(KeyQuery.Type type, Result result, long nanos) {
			this.answered.add(type.label() + " " + result.label());
		}

		@Override
		public void looked(Looked found) {
			this.looked.add(found.label());
		}

		@Override
		public void provided(PluginId plugin, Provided provided) {
			this.provided.add(plugin + " " + provided.label());
		}

		@Override
		public void dropped(int answers) {
			this.dropped.add(answers);
		}

	}

}
