package org.hkpgateway.antiabuse.ledger;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;

import org.hkpgateway.antiabuse.count.ClientKey;
import org.hkpgateway.antiabuse.count.Limit;
import org.hkpgateway.antiabuse.count.SlidingCounter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link OwnLedger}, with a {@link SlidingCounter}.
 */
@Timeout(60)
class OwnLedgerTests {

	private static final List<Duration> STEPS = List.of(Duration.ofSeconds(20), Duration.ofSeconds(60),
			Duration.ofMinutes(10));

	private static final Duration FORGET_AFTER = Duration.ofHours(1);

	private final AtomicLong time = new AtomicLong(-5_000_000_000L);

	@Test
	void theFirstBeyondTheLimitBeginsABlock() {
		Limiter limiter = limiter(3, 1000);
		pass(limiter, client(1), 3);
		assertThat(limiter.check(client(1)))
			.isEqualTo(new Standing.Blocked("rate", "3 requests in 10 s", 1, Duration.ofSeconds(20), true));
		forward(Duration.ofSeconds(5));
		assertThat(limiter.check(client(1)))
			.isEqualTo(new Standing.Blocked("rate", "3 requests in 10 s", 1, Duration.ofSeconds(15), false));
		assertThat(limiter.check(client(2))).isInstanceOf(Standing.Clear.class);
	}

	@Test
	void whoWaitsAsToldIsLetIn() {
		Limiter limiter = limiter(3, 1000);
		Standing.Blocked refused = exceed(limiter, client(1), 3);
		forward(refused.remaining());
		assertThat(limiter.check(client(1))).isInstanceOf(Standing.Clear.class);
	}

	@Test
	void requestsDuringABlockDoNotProlongIt() {
		Limiter limiter = limiter(3, 1000);
		exceed(limiter, client(1), 3);
		for (int second = 0; second < 20; second++) {
			assertThat(limiter.check(client(1))).isInstanceOf(Standing.Blocked.class);
			forward(Duration.ofSeconds(1));
		}
		assertThat(limiter.check(client(1))).isInstanceOf(Standing.Clear.class);
	}

	@Test
	void blocksGrowAndTheLastStepStays() {
		Limiter limiter = limiter(3, 1000);
		List<Long> seconds = new ArrayList<>();
		for (int i = 0; i < 5; i++) {
			Standing.Blocked refused = exceed(limiter, client(1), 3);
			assertThat(refused.strike()).isEqualTo(i + 1);
			seconds.add(refused.remaining().toSeconds());
			forward(refused.remaining());
		}
		assertThat(seconds).containsExactly(20L, 60L, 600L, 600L, 600L);
	}

	@Test
	void aQuietTimeForgets() {
		Limiter limiter = limiter(3, 1000);
		forward(exceed(limiter, client(1), 3).remaining());
		assertThat(exceed(limiter, client(1), 3).strike()).isEqualTo(2);
		forward(Duration.ofSeconds(60).plus(FORGET_AFTER).minusSeconds(1));
		assertThat(exceed(limiter, client(1), 3).strike()).isEqualTo(3);
		forward(Duration.ofMinutes(10).plus(FORGET_AFTER));
		assertThat(exceed(limiter, client(1), 3).strike()).isEqualTo(1);
	}

	@Test
	void aBlockLastsUntilALongWindowHasRoom() {
		Limiter limiter = new Limiter(List.of(limit(100, Duration.ofSeconds(10)), limit(5, Duration.ofHours(1))), 1000);
		Standing.Blocked refused = exceed(limiter, client(1), 5);
		assertThat(refused.limit()).isEqualTo("5 requests in 3600 s");
		assertThat(refused.remaining()).isBetween(Duration.ofHours(1), Duration.ofMinutes(68));
		forward(refused.remaining());
		assertThat(limiter.check(client(1))).isInstanceOf(Standing.Clear.class);
	}

	@Test
	void peekChangesNothing() {
		Limiter limiter = limiter(3, 1000);
		for (int i = 0; i < 10; i++) {
			assertThat(limiter.peek(client(1))).isInstanceOf(Standing.Clear.class);
		}
		assertThat(limiter.clients()).isZero();
		pass(limiter, client(1), 3);
		for (int i = 0; i < 2; i++) {
			assertThat(limiter.peek(client(1))).isInstanceOf(Standing.Blocked.class);
		}
		assertThat(limiter.offenders()).isZero();
		Standing checked = limiter.check(client(1));
		assertThat(checked)
			.isEqualTo(new Standing.Blocked("rate", "3 requests in 10 s", 1, Duration.ofSeconds(20), true));
		assertThat(limiter.peek(client(1)))
			.isEqualTo(new Standing.Blocked("rate", "3 requests in 10 s", 1, Duration.ofSeconds(20), false));
	}

	@Test
	void eachRuleHasStrikesOfItsOwnAndABlockHoldsForAll() {
		Limiter rate = limiter(1, 1000);
		Offence other = new Offence("other", new Steps(List.of(Duration.ofSeconds(5)), FORGET_AFTER), "",
				new SlidingCounter(List.of(limit(1, Duration.ofSeconds(1))), 1000, this.time::get), null);
		forward(exceed(rate, client(1), 1).remaining());
		assertThat(rate.ledger.count(other, client(1), 0, false).toCompletableFuture().join())
			.isInstanceOf(Standing.Clear.class);
		assertThat(rate.ledger.count(other, client(1), 0, false).toCompletableFuture().join())
			.isEqualTo(new Standing.Blocked("other", "1 request in 1 s", 1, Duration.ofSeconds(5), true));
		assertThat(rate.check(client(1)))
			.isEqualTo(new Standing.Blocked("other", "1 request in 1 s", 1, Duration.ofSeconds(5), false));
		forward(Duration.ofSeconds(5));
		assertThat(exceed(rate, client(1), 1).strike()).isEqualTo(2);
	}

	@Test
	void threadsTogetherPassExactlyTheLimitAndBeginOneBlock() throws Exception {
		Limiter limiter = limiter(1000, 1000);
		ExecutorService threads = Executors.newFixedThreadPool(8);
		try {
			List<Callable<List<Standing>>> tasks = new ArrayList<>();
			for (int i = 0; i < 8; i++) {
				tasks.add(() -> {
					List<Standing> verdicts = new ArrayList<>();
					for (int j = 0; j < 500; j++) {
						verdicts.add(limiter.check(client(1)));
						limiter.check(client(2 + j));
					}
					return verdicts;
				});
			}
			List<Standing> all = new ArrayList<>();
			for (Future<List<Standing>> future : threads.invokeAll(tasks)) {
				all.addAll(future.get());
			}
			assertThat(all).filteredOn(Standing.Clear.class::isInstance).hasSize(1000);
			assertThat(all).filteredOn((verdict) -> verdict instanceof Standing.Blocked refused && refused.begins())
				.hasSize(1);
			assertThat(all).hasSize(4000);
		}
		finally {
			threads.shutdownNow();
		}
	}

	@Test
	void underAFloodMemoryIsBoundedAndABlockStays() {
		Limiter limiter = limiter(100, 1000);
		exceed(limiter, client(1), 100);
		int lost = 0;
		for (int i = 0; i < 200_000; i++) {
			assertThat(limiter.check(client(1000 + i))).as("a new client starts at zero")
				.isInstanceOf(Standing.Clear.class);
			if (i % 100 == 0 && limiter.check(client(1)) instanceof Standing.Clear) {
				lost++;
			}
		}
		limiter.cleanUp();
		assertThat(lost).as("requests that the blocked client got through").isZero();
		assertThat(limiter.clients()).isLessThanOrEqualTo(1000);
	}

	@Test
	void aFloodOfTenTimesTheTableDoesNotWipeTheCountsOfABusyClient() {
		Limiter limiter = limiter(100, 1000);
		// Caffeine begins to keep frequencies when the table is half full.
		for (int i = 0; i < 1000; i++) {
			limiter.check(client(1000 + i));
		}
		pass(limiter, client(1), 90);
		for (int i = 0; i < 10_000; i++) {
			limiter.check(client(2000 + i));
		}
		pass(limiter, client(1), 10);
		assertThat(limiter.check(client(1))).isInstanceOf(Standing.Blocked.class);
	}

	@Test
	void underAFloodOfOffendersTheTableOfBlocksIsBoundedAndNobodyGetsThrough() {
		Limiter limiter = limiter(2, 10_000);
		for (int i = 0; i < 6000; i++) {
			exceed(limiter, client(i), 2);
		}
		limiter.cleanUp();
		assertThat(limiter.offenders()).isLessThanOrEqualTo(2500);
		assertThat(limiter.clients()).isLessThanOrEqualTo(10_000);
		for (int i = 0; i < 6000; i++) {
			assertThat(limiter.check(client(i))).isInstanceOf(Standing.Blocked.class);
		}
		assertThat(limiter.check(client(7000))).isInstanceOf(Standing.Clear.class);
	}

	private Limiter limiter(int max, int maxClients) {
		return new Limiter(List.of(limit(max, Duration.ofSeconds(10))), maxClients);
	}

	private static Limit limit(int max, Duration window) {
		return new Limit(max, window, Limit.What.REQUEST);
	}

	private void forward(Duration duration) {
		this.time.addAndGet(duration.toNanos());
	}

	private static ClientKey client(int number) {
		return new ClientKey(((long) number) << 32, true);
	}

	private static void pass(Limiter limiter, ClientKey client, int times) {
		for (int i = 0; i < times; i++) {
			assertThat(limiter.check(client)).isInstanceOf(Standing.Clear.class);
		}
	}

	private static Standing.Blocked exceed(Limiter limiter, ClientKey client, int limit) {
		pass(limiter, client, limit);
		Standing verdict = limiter.check(client);
		assertThat(verdict).isInstanceOf(Standing.Blocked.class);
		Standing.Blocked refused = (Standing.Blocked) verdict;
		assertThat(refused.begins()).isTrue();
		return refused;
	}

	private final class Limiter {

		private final SlidingCounter counter;

		private final OwnLedger ledger;

		private final Offence offence;

		Limiter(List<Limit> limits, int maxClients) {
			this.counter = new SlidingCounter(limits, maxClients, OwnLedgerTests.this.time::get);
			this.ledger = new OwnLedger(maxClients / 4, OwnLedgerTests.this.time::get);
			this.offence = new Offence("rate", new Steps(STEPS, FORGET_AFTER), "", this.counter, null);
		}

		Standing check(ClientKey client) {
			return this.ledger.count(this.offence, client, 0, false).toCompletableFuture().join();
		}

		Standing peek(ClientKey client) {
			return this.ledger.count(this.offence, client, 0, true).toCompletableFuture().join();
		}

		long clients() {
			return this.counter.clients();
		}

		long offenders() {
			return this.ledger.offenders();
		}

		void cleanUp() {
			this.counter.cleanUp();
			this.ledger.cleanUp();
		}

	}

}
