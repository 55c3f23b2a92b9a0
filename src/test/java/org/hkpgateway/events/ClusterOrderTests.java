package org.hkpgateway.events;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ClusterOrder}.
 */
class ClusterOrderTests {

	private long now;

	private final ClusterOrder order = new ClusterOrder(() -> this.now);

	private long missedBefore(String replica, String source, long number) {
		return this.order
			.missedBefore(new Event("", "x", replica, source, number, number, Instant.EPOCH, "{}", Map.of()));
	}

	@Test
	void numbersAreOfAReplicaAndASource() {
		// Nobody knows what was before.
		assertThat(missedBefore("a", "gateway", 7)).isZero();
		assertThat(missedBefore("a", "gateway", 8)).isZero();
		assertThat(missedBefore("a", "gateway", 11)).isEqualTo(2);
		assertThat(missedBefore("a", "gateway", 11)).isEqualTo(-1);
		assertThat(missedBefore("a", "gateway", 10)).isEqualTo(-1);
		assertThat(missedBefore("b", "gateway", 1)).isZero();
		assertThat(missedBefore("a", "alpha", 1)).isZero();
		assertThat(missedBefore("a", "gateway", 12)).isZero();
		assertThat(missedBefore("a", "gateway", Long.MAX_VALUE)).isEqualTo(Long.MAX_VALUE - 13);
	}

	@Test
	void whoIsGoneIsForgotten() {
		assertThat(missedBefore("a", "gateway", 7)).isZero();
		this.now += Duration.ofHours(23).toNanos();
		assertThat(missedBefore("a", "gateway", 9)).isEqualTo(1);
		this.now += Duration.ofHours(23).toNanos();
		assertThat(missedBefore("a", "gateway", 9)).isEqualTo(-1);
		this.now += Duration.ofHours(25).toNanos();
		assertThat(this.order.sources()).isZero();
		assertThat(missedBefore("a", "gateway", 1)).isZero();
	}

	@Test
	void thereAreNeverTooMany() {
		for (int i = 0; i < 3 * ClusterOrder.MOST_SOURCES; i++) {
			assertThat(missedBefore("replica-" + i, "gateway", 1)).isZero();
		}
		assertThat(this.order.sources()).isLessThanOrEqualTo(ClusterOrder.MOST_SOURCES);
	}

}
