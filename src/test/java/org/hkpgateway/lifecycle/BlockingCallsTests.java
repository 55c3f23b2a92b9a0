package org.hkpgateway.lifecycle;

import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Tests for {@link BlockingCalls}.
 */
@Timeout(10)
class BlockingCallsTests {

	private final BlockingCalls calls = new BlockingCalls();

	@Test
	void returnsTheResult() {
		assertThat(this.calls.make(() -> "result")).isEqualTo("result");
	}

	@Test
	void cutShortInterruptsTheCallAndNothingAfterIt() {
		CountDownLatch blocked = new CountDownLatch(1);
		Thread other = new Thread(() -> {
			await(blocked);
			this.calls.cutShort();
		});
		other.start();
		assertThatIllegalStateException().isThrownBy(() -> this.calls.make(() -> {
			blocked.countDown();
			await(new CountDownLatch(1));
			return "";
		})).withMessage("interrupted");
		assertThat(Thread.currentThread().isInterrupted()).isFalse();
	}

	@Test
	void interruptionThatTheCallDidNotNoticeIsCleared() {
		this.calls.make(() -> {
			this.calls.cutShort();
			return "";
		});
		assertThat(Thread.currentThread().isInterrupted()).isFalse();
	}

	@Test
	void callAfterCutShortFailsAtOnce() {
		this.calls.cutShort();
		assertThatExceptionOfType(CancellationException.class).isThrownBy(() -> this.calls.make(() -> "never"));
		assertThat(Thread.currentThread().isInterrupted()).isFalse();
	}

	private static void await(CountDownLatch latch) {
		try {
			latch.await();
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new IllegalStateException("interrupted", ex);
		}
	}

}
