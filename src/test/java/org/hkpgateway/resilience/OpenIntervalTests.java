package org.hkpgateway.resilience;

import java.util.stream.IntStream;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class OpenIntervalTests {

	@Test
	void doublesTo60Seconds() {
		OpenInterval interval = new OpenInterval(() -> 0.5);
		assertThat(IntStream.of(1, 2, 3, 4, 5, 6, 50, Integer.MAX_VALUE).mapToObj(interval::apply))
			.containsExactly(5000L, 10_000L, 20_000L, 40_000L, 60_000L, 60_000L, 60_000L, 60_000L);
	}

	@Test
	void jitterIs20Percent() {
		assertThat(new OpenInterval(() -> 0.0).apply(1)).isEqualTo(4000);
		assertThat(new OpenInterval(() -> 1.0).apply(1)).isEqualTo(6000);
	}

}
