package org.hkpgateway.proxy;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link BufferBudget}.
 */
@Timeout(60)
class BufferBudgetTests {

	private final BufferBudget budget = new BufferBudget(100);

	@Test
	void asMuchIsTakenAsThereIs() {
		assertThat(this.budget.take(60)).isTrue();
		assertThat(this.budget.take(41)).isFalse();
		assertThat(this.budget.take(40)).isTrue();
		assertThat(this.budget.take(0)).isTrue();
		assertThat(this.budget.take(1)).isFalse();
		this.budget.giveBack(60);
		assertThat(this.budget.take(Long.MAX_VALUE)).isFalse();
		assertThat(this.budget.used()).isEqualTo(40);
	}

	@Test
	void oneThatIsTooLargeDoesNotStandInTheWayOfASmallOne() throws Exception {
		AtomicBoolean stop = new AtomicBoolean();
		AtomicLong refused = new AtomicLong();
		Thread large = new Thread(() -> {
			while (!stop.get()) {
				refused.addAndGet(this.budget.take(101) ? 0 : 1);
			}
		});
		large.start();
		try {
			for (int i = 0; i < 500_000 || refused.get() < 10_000; i++) {
				assertThat(this.budget.take(1)).as("the %d. small one", i).isTrue();
				this.budget.giveBack(1);
			}
		}
		finally {
			stop.set(true);
			large.join();
		}
		assertThat(this.budget.used()).isZero();
	}

}
