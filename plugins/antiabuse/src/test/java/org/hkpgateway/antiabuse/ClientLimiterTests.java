package org.hkpgateway.antiabuse;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;

import org.hkpgateway.antiabuse.ClientLimiter.Limit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ClientLimiter}.
 */
@Timeout(60)
class ClientLimiterTests {

	private static final List<Duration> STEPS = List.of(Duration.ofSeconds(20), Duration.ofSeconds(60),
			Duration.ofMinutes(10));

	private static final Duration FORGET_AFTER = Duration.ofHours(1);

	private final AtomicLong time = new AtomicLong(-5_000_000_000L);

	@Test
	void theFirstBeyondTheLimitBeginsABlock() {
		ClientLimiter limiter = limiter(3, 1000);
		pass(limiter, client(1), 3);
		assertThat(limiter.check(client(1)))
			.isEqualTo(new Verdict.Refused(Duration.ofSeconds(20), "3 requests in 10 s", 1, true));
		forward(Duration.ofSeconds(5));
		assertThat(limiter.check(client(1)))
			.isEqualTo(new Verdict.Refused(Duration.ofSeconds(15), "3 requests in 10 s", 1, false));
		assertThat(limiter.check(client(2))).isInstanceOf(Verdict.Pass.class);
	}

	@Test
	void whoWaitsAsToldIsLetIn() {
		ClientLimiter limiter = limiter(3, 1000);
		Verdict.Refused refused = exceed(limiter, client(1), 3);
		forward(refused.remaining());
		assertThat(limiter.check(client(1))).isInstanceOf(Verdict.Pass.class);
	}

	@Test
	void requestsDuringABlockDoNotProlongIt() {
		ClientLimiter limiter = limiter(3, 1000);
		exceed(limiter, client(1), 3);
		for (int second = 0; second < 20; second++) {
			assertThat(limiter.check(client(1))).isInstanceOf(Verdict.Refused.class);
			forward(Duration.ofSeconds(1));
		}
		assertThat(limiter.check(client(1))).isInstanceOf(Verdict.Pass.class);
	}

	@Test
	void blocksGrowAndTheLastStepStays() {
		ClientLimiter limiter = limiter(3, 1000);
		List<Long> seconds = new ArrayList<>();
		for (int i = 0; i < 5; i++) {
			Verdict.Refused refused = exceed(limiter, client(1), 3);
			assertThat(refused.strike()).isEqualTo(i + 1);
			seconds.add(refused.remaining().toSeconds());
			forward(refused.remaining());
		}
		assertThat(seconds).containsExactly(20L, 60L, 600L, 600L, 600L);
	}

	@Test
	void aQuietTimeForgets() {
		ClientLimiter limiter = limiter(3, 1000);
		forward(exceed(limiter, client(1), 3).remaining());
		assertThat(exceed(limiter, client(1), 3).strike()).isEqualTo(2);
		forward(Duration.ofSeconds(60).plus(FORGET_AFTER).minusSeconds(1));
		assertThat(exceed(limiter, client(1), 3).strike()).isEqualTo(3);
		forward(Duration.ofMinutes(10).plus(FORGET_AFTER));
		assertThat(exceed(limiter, client(1), 3).strike()).isEqualTo(1);
	}

	@Test
	void aBlockLastsUntilALongWindowHasRoom() {
		ClientLimiter limiter = new ClientLimiter(
				List.of(new Limit(100, Duration.ofSeconds(10)), new Limit(5, Duration.ofHours(1))), STEPS, FORGET_AFTER,
				1000, this.time::get);
		Verdict.Refused refused = exceed(limiter, client(1), 5);
		assertThat(refused.limit()).isEqualTo("5 requests in 3600 s");
		assertThat(refused.remaining()).isBetween(Duration.ofHours(1), Duration.ofMinutes(68));
		forward(refused.remaining());
		assertThat(limiter.check(client(1))).isInstanceOf(Verdict.Pass.class);
	}

	@Test
	void peekChangesNothing() {
		ClientLimiter limiter = limiter(3, 1000);
		for (int i = 0; i < 10; i++) {
			assertThat(limiter.peek(client(1))).isInstanceOf(Verdict.Pass.class);
		}
		assertThat(limiter.clients()).isZero();
		pass(limiter, client(1), 3);
		for (int i = 0; i < 2; i++) {
			assertThat(limiter.peek(client(1))).isInstanceOf(Verdict.Refused.class);
		}
		assertThat(limiter.offenders()).isZero();
		Verdict checked = limiter.check(client(1));
		assertThat(checked).isEqualTo(new Verdict.Refused(Duration.ofSeconds(20), "3 requests in 10 s", 1, true));
		assertThat(limiter.peek(client(1)))
			.isEqualTo(new Verdict.Refused(Duration.ofSeconds(20), "3 requests in 10 s", 1, false));
	}

	@Test
	void threadsTogetherPassExactlyTheLimitAndBeginOneBlock() throws Exception {
		ClientLimiter limiter = limiter(1000, 1000);
		ExecutorService threads = Executors.newFixedThreadPool(8);
		try {
			List<Callable<List<Verdict>>> tasks = new ArrayList<>();
			for (int i = 0; i < 8; i++) {
				tasks.add(() -> {
					List<Verdict> verdicts = new ArrayList<>();
					for (int j = 0; j < 500; j++) {
						verdicts.add(limiter.check(client(1)));
						limiter.check(client(2 + j));
					}
					return verdicts;
				});
			}
			List<Verdict> all = new ArrayList<>();
			for (Future<List<Verdict>> future : threads.invokeAll(tasks)) {
				all.addAll(future.get());
			}
			assertThat(all).filteredOn(Verdict.Pass.class::isInstance).hasSize(1000);
			assertThat(all).filteredOn((verdict) -> verdict instanceof Verdict.Refused refused && refused.begins())
				.hasSize(1);
			assertThat(all).hasSize(4000);
		}
		finally {
			threads.shutdownNow();
		}
	}

	@Test
	void underAFloodMemoryIsBoundedAndABlockStays() {
		ClientLimiter limiter = limiter(100, 1000);
		exceed(limiter, client(1), 100);
		int lost = 0;
		for (int i = 0; i < 200_000; i++) {
			assertThat(limiter.check(client(1000 + i))).as("a new client starts at zero")
				.isInstanceOf(Verdict.Pass.class);
			if (i % 100 == 0 && limiter.check(client(1)) instanceof Verdict.Pass) {
				lost++;
			}
		}
		limiter.cleanUp();
		assertThat(lost).as("requests that the blocked client got through").isZero();
		assertThat(limiter.clients()).isLessThanOrEqualTo(1000);
	}

	@Test
	void aFloodOfTenTimesTheTableDoesNotWipeTheCountsOfABusyClient() {
		ClientLimiter limiter = limiter(100, 1000);
		// Caffeine begins to keep frequencies when the table is half full.
		for (int i = 0; i < 1000; i++) {
			limiter.check(client(1000 + i));
		}
		pass(limiter, client(1), 90);
		for (int i = 0; i < 10_000; i++) {
			limiter.check(client(2000 + i));
		}
		pass(limiter, client(1), 10);
		assertThat(limiter.check(client(1))).isInstanceOf(Verdict.Refused.class);
	}

	@Test
	void underAFloodOfOffendersTheTableOfBlocksIsBoundedAndNobodyGetsThrough() {
		ClientLimiter limiter = limiter(2, 10_000);
		for (int i = 0; i < 6000; i++) {
			exceed(limiter, client(i), 2);
		}
		limiter.cleanUp();
		assertThat(limiter.offenders()).isLessThanOrEqualTo(2500);
		assertThat(limiter.clients()).isLessThanOrEqualTo(10_000);
		for (int i = 0; i < 6000; i++) {
			assertThat(limiter.check(client(i))).isInstanceOf(Verdict.Refused.class);
		}
		assertThat(limiter.check(client(7000))).isInstanceOf(Verdict.Pass.class);
	}

	private ClientLimiter limiter(int max, int maxClients) {
		return new ClientLimiter(List.of(new Limit(max, Duration.ofSeconds(10))), STEPS, FORGET_AFTER, maxClients,
				this.time::get);
	}

	private void forward(Duration duration) {
		this.time.addAndGet(duration.toNanos());
	}

	private static ClientKey client(int number) {
		return new ClientKey(((long) number) << 32, true);
	}

	private static void pass(ClientLimiter limiter, ClientKey client, int times) {
		for (int i = 0; i < times; i++) {
			assertThat(limiter.check(client)).isInstanceOf(Verdict.Pass.class);
		}
	}

	private static Verdict.Refused exceed(ClientLimiter limiter, ClientKey client, int limit) {
		pass(limiter, client, limit);
		Verdict verdict = limiter.check(client);
		assertThat(verdict).isInstanceOf(Verdict.Refused.class);
		Verdict.Refused refused = (Verdict.Refused) verdict;
		assertThat(refused.begins()).isTrue();
		return refused;
	}

}
