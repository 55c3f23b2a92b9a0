package org.hkpgateway.grpc;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class ReopenPauseTests {

	private final ReopenPause pause = new ReopenPause();

	/** Negative, as {@code nanoTime} may be. */
	private long now = Long.MIN_VALUE + 7;

	@Test
	void nothingBrokeYet() {
		assertThat(this.pause.isOver(this.now)).isTrue();
	}

	@Test
	void doublesUpToABound() {
		long[] millis = { 100, 200, 400, 800, 1600, 3200, 5000, 5000 };
		for (long expected : millis) {
			assertThat(lengthAfterBreak()).isEqualTo(expected * 1_000_000);
		}
	}

	@Test
	void beginsAgainAfterAStableStream() {
		lengthAfterBreak();
		assertThat(lengthAfterBreak()).isEqualTo(2 * ReopenPause.FIRST_NANOS);
		this.now += ReopenPause.STABLE_NANOS;
		assertThat(lengthAfterBreak()).isEqualTo(ReopenPause.FIRST_NANOS);
	}

	/** Breaks, waits until it may be opened again, and opens it. */
	private long lengthAfterBreak() {
		this.pause.broken(this.now);
		long begin = this.now;
		while (!this.pause.isOver(this.now)) {
			assertThat(this.now - begin).isLessThanOrEqualTo(ReopenPause.LONGEST_NANOS);
			this.now += 1_000_000;
		}
		this.pause.opened(this.now);
		return this.now - begin;
	}

}
