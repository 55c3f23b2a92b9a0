package org.hkpgateway.proxy;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class SlowReaderTests {

	private static final int KB = 1024;

	private final TestListener listener = new TestListener();

	private final DuplexEmbeddedChannel channel = new DuplexEmbeddedChannel(
			new SlowReader(KB, Duration.ofSeconds(60), this.listener.report()));

	@AfterEach
	void release() {
		this.channel.finishAndReleaseAll();
	}

	@Test
	void whoTakesNothingIsReset() {
		this.channel.take(0);
		write(KB);
		pass(59);
		assertThat(this.channel.isOpen()).isTrue();
		pass(1);
		assertThat(this.channel.isOpen()).isFalse();
		assertThat(this.listener.limits).containsExactly(EdgeLimit.MIN_RESPONSE_RATE);
	}

	@Test
	void whoTakesALittleIsResetToo() {
		this.channel.take(0);
		write(1000 * KB);
		for (int i = 0; i < 12 && this.channel.isOpen(); i++) {
			pass(10);
			this.channel.take(KB);
		}
		assertThat(this.channel.isOpen()).isFalse();
	}

	@Test
	void whoKeepsUpTheRateIsNotHoweverLargeTheBufferAndTheSteps() {
		this.channel.take(0);
		write(1000 * KB);
		for (int i = 0; i < 19; i++) {
			pass(50);
			assertThat(this.channel.isOpen()).as("after %d s", 50 * (i + 1)).isTrue();
			this.channel.take(50 * KB);
		}
		assertThat(this.listener.limits).isEmpty();
	}

	@Test
	void whatIsTakenAtOnceStartsNoClock() {
		write(KB);
		pass(1000);
		assertThat(this.channel.isOpen()).isTrue();
	}

	@Test
	void theNextStallHasTheWholeTimeAgain() {
		for (int i = 0; i < 5; i++) {
			this.channel.take(0);
			write(KB);
			pass(50);
			this.channel.take(KB);
			pass(20);
		}
		assertThat(this.channel.isOpen()).isTrue();
	}

	@Test
	void atNoRateAByteNowAndThenIsEnoughAndNoneIsSilence() {
		DuplexEmbeddedChannel any = new DuplexEmbeddedChannel(
				new SlowReader(0, Duration.ofSeconds(60), this.listener.report()));
		any.take(0);
		any.writeOneOutbound(Unpooled.buffer().writeZero(KB));
		any.flush();
		for (int i = 0; i < 20; i++) {
			pass(any, 50);
			assertThat(any.isOpen()).as("after %d s", 50 * (i + 1)).isTrue();
			any.take(1);
		}
		pass(any, 120);
		assertThat(any.isOpen()).isFalse();
		assertThat(this.listener.limits).containsExactly(EdgeLimit.IDLE_TIMEOUT);
		any.finishAndReleaseAll();
	}

	private void write(int bytes) {
		ByteBuf buffer = Unpooled.buffer().writeZero(bytes);
		this.channel.writeOneOutbound(buffer);
		this.channel.flush();
	}

	private void pass(int seconds) {
		pass(this.channel, seconds);
	}

	private static void pass(DuplexEmbeddedChannel channel, int seconds) {
		channel.advanceTimeBy(seconds, TimeUnit.SECONDS);
		channel.runScheduledPendingTasks();
	}

}
