package org.hkpgateway.proxy;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class PatienceTests {

	private final Patience patience = new Patience(Duration.ofSeconds(10), Duration.ofSeconds(60), 1024);

	@Test
	void theGraceIsAllThereIsWithoutBytes() {
		assertThat(after(9, 0)).isEqualTo(1);
		assertThat(after(1, 0)).isZero();
	}

	@Test
	void theRateKeepsItForEver() {
		for (int i = 0; i < 1000; i++) {
			assertThat(after(5, 5 * 1024)).isEqualTo(10);
		}
	}

	@Test
	void belowTheRateItRunsOut() {
		assertThat(after(10, 5 * 1024)).isEqualTo(5);
		assertThat(after(10, 5 * 1024)).isZero();
	}

	@Test
	void noMoreThanTheMostCanBeSavedUp() {
		assertThat(after(0, Long.MAX_VALUE / 2)).isEqualTo(60);
		assertThat(after(60, 0)).isZero();
	}

	@Test
	void anewItIsTheGrace() {
		after(10, 0);
		this.patience.reset();
		assertThat(after(9, 0)).isEqualTo(1);
	}

	@Test
	void atNoRateAnyByteEarnsAll() {
		Patience any = new Patience(Duration.ofSeconds(10), Duration.ofSeconds(10), 0);
		assertThat(any.after(TimeUnit.SECONDS.toNanos(9), 0)).isEqualTo(TimeUnit.SECONDS.toNanos(1));
		assertThat(any.after(0, 1)).isEqualTo(TimeUnit.SECONDS.toNanos(10));
		assertThat(any.after(TimeUnit.SECONDS.toNanos(10), 0)).isZero();
	}

	private long after(long seconds, long bytes) {
		return TimeUnit.NANOSECONDS.toSeconds(this.patience.after(TimeUnit.SECONDS.toNanos(seconds), bytes));
	}

}
