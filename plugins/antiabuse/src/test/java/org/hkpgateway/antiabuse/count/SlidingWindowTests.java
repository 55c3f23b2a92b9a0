package org.hkpgateway.antiabuse.count;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Random;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests for {@link SlidingWindow}.
 */
class SlidingWindowTests {

	private static final Duration WINDOW = Duration.ofSeconds(10);

	private static final long SECOND = Duration.ofSeconds(1).toNanos();

	private final SlidingWindow limit = new SlidingWindow(new Limit(3, WINDOW, Limit.What.REQUEST), 0);

	private final int[] counts = new int[SlidingWindow.SIZE];

	@Test
	void isFullAtTheLimit() {
		for (int i = 0; i < 3; i++) {
			assertThat(this.limit.isFull(this.counts, i)).isFalse();
			this.limit.add(this.counts, i);
		}
		assertThat(this.limit.isFull(this.counts, 3)).isTrue();
		assertThat(this.limit.isFull(this.counts, WINDOW.toNanos() - 1)).isTrue();
		assertThat(this.limit.isFull(this.counts, WINDOW.toNanos() * 9 / 8)).isFalse();
	}

	@Test
	void tellsWhenThereIsRoom() {
		this.limit.add(this.counts, 0);
		this.limit.add(this.counts, 5 * SECOND);
		assertThat(this.limit.nanosUntilRoom(this.counts, 5 * SECOND)).isZero();
		this.limit.add(this.counts, 5 * SECOND);
		long wait = this.limit.nanosUntilRoom(this.counts, 5 * SECOND);
		assertThat(this.limit.isFull(this.counts.clone(), 5 * SECOND + wait - 1)).isTrue();
		assertThat(this.limit.isFull(this.counts.clone(), 5 * SECOND + wait)).isFalse();
	}

	@Test
	void aClockThatSeemsToStepBackIsHarmless() {
		this.limit.add(this.counts, 100 * SECOND);
		this.limit.add(this.counts, 98 * SECOND);
		this.limit.add(this.counts, 100 * SECOND);
		assertThat(this.limit.isFull(this.counts, 100 * SECOND)).isTrue();
	}

	@Test
	void limitsShareAnArray() {
		SlidingWindow second = new SlidingWindow(new Limit(1, Duration.ofHours(1), Limit.What.REQUEST),
				SlidingWindow.SIZE);
		int[] both = new int[2 * SlidingWindow.SIZE];
		this.limit.add(both, 0);
		assertThat(second.isFull(both, 0)).isFalse();
		second.add(both, 0);
		assertThat(second.isFull(both, 0)).isTrue();
		assertThat(this.limit.isFull(both, 0)).isFalse();
	}

	@Test
	void nonsenseIsRefused() {
		assertThatIllegalArgumentException()
			.isThrownBy(() -> new SlidingWindow(new Limit(0, WINDOW, Limit.What.REQUEST), 0));
		assertThatIllegalArgumentException()
			.isThrownBy(() -> new SlidingWindow(new Limit(1, Duration.ofMillis(999), Limit.What.REQUEST), 0));
	}

	/**
	 * The promise of the Javadoc, against a log of every request that passed, for random
	 * traffic: bursts, pauses, and steady streams around the limit.
	 */
	@ParameterizedTest
	@ValueSource(longs = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 })
	void agreesWithAnExactLogWithinAnEighth(long seed) {
		Random random = new Random(seed);
		int max = 1 + random.nextInt(50);
		SlidingWindow window = new SlidingWindow(new Limit(max, WINDOW, Limit.What.REQUEST), 0);
		int[] state = new int[SlidingWindow.SIZE];
		Deque<Long> exact = new ArrayDeque<>();
		Deque<Long> wider = new ArrayDeque<>();
		long now = random.nextLong(1_000_000 * SECOND);
		int refused = 0;
		for (int i = 0; i < 20_000; i++) {
			now += gap(random, max);
			forget(exact, now - WINDOW.toNanos());
			forget(wider, now - window.memory().toNanos());
			if (window.isFull(state, now)) {
				refused++;
				assertThat(wider).as("refused only when full within nine eighths").hasSizeGreaterThanOrEqualTo(max);
				long wait = window.nanosUntilRoom(state, now);
				assertThat(wait).isBetween(1L, window.memory().toNanos());
				assertThat(window.isFull(state.clone(), now + wait)).isFalse();
			}
			else {
				window.add(state, now);
				exact.add(now);
				wider.add(now);
				assertThat(exact).as("never more than the limit in a window").hasSizeLessThanOrEqualTo(max);
			}
		}
		assertThat(refused).isPositive();
	}

	@Test
	void aClientBelowTheLimitIsNeverRefused() {
		SlidingWindow window = new SlidingWindow(new Limit(100, WINDOW, Limit.What.REQUEST), 0);
		int[] state = new int[SlidingWindow.SIZE];
		List<Long> refused = new ArrayList<>();
		// 88 in each 10 s is 99 in nine eighths of it.
		for (long now = 0; now < 1000 * SECOND; now += 10 * SECOND / 88) {
			if (window.isFull(state, now)) {
				refused.add(now);
			}
			window.add(state, now);
		}
		assertThat(refused).isEmpty();
	}

	private static long gap(Random random, int max) {
		return switch (random.nextInt(20)) {
			case 0 -> random.nextLong(2 * WINDOW.toNanos());
			case 1, 2, 3, 4, 5, 6, 7, 8 -> random.nextLong(1000);
			default -> random.nextLong(2 * WINDOW.toNanos() / max);
		};
	}

	private static void forget(Deque<Long> log, long until) {
		while (!log.isEmpty() && log.getFirst() <= until) {
			log.removeFirst();
		}
	}

}
