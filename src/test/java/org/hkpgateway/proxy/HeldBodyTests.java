package org.hkpgateway.proxy;

import java.nio.ByteBuffer;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link HeldBody} and {@link BufferBudget}.
 */
class HeldBodyTests {

	private static final int MEBIBYTE = 1024 * 1024;

	private final BufferBudget budget = new BufferBudget(MEBIBYTE);

	@Test
	void aDeclarationAloneTakesNothing() {
		HeldBody held = held(MEBIBYTE);
		assertThat(this.budget.used()).isZero();
		held.release();
		assertThat(this.budget.used()).isZero();
	}

	@Test
	void whatIsHeldIsAccountedAndGivenBackOnce() {
		HeldBody held = held(-1);
		for (int i = 0; i < 10; i++) {
			held.add(bytes(50_000));
		}
		assertThat(held.length()).isEqualTo(500_000);
		assertThat(this.budget.used()).isBetween(500_000L, (long) MEBIBYTE);
		held.release();
		held.release();
		assertThat(this.budget.used()).isZero();
	}

	@Test
	void anExhaustedBudgetIs429WithRetryAfter() {
		HeldBody first = held(-1);
		first.add(bytes(900_000));
		assertThatExceptionOfType(Refusal.class).isThrownBy(() -> {
			HeldBody third = held(-1);
			try {
				third.add(bytes(500_000));
			}
			finally {
				third.release();
			}
		}).satisfies((refusal) -> {
			assertThat(refusal.status()).isEqualTo(429);
			assertThat(refusal.retryAfter()).isPositive();
		});
		first.release();
		assertThat(this.budget.used()).isZero();
	}

	@Test
	void moreThanTheLimitIs413() {
		HeldBody held = new HeldBody(-1, 100, this.budget, UnpooledByteBufAllocator.DEFAULT);
		assertThatExceptionOfType(Refusal.class).isThrownBy(() -> held.add(bytes(101)))
			.satisfies((refusal) -> assertThat(refusal.status()).isEqualTo(413));
		held.release();
		assertThatExceptionOfType(Refusal.class)
			.isThrownBy(() -> new HeldBody(101, 100, this.budget, UnpooledByteBufAllocator.DEFAULT));
		assertThat(this.budget.used()).isZero();
	}

	/** To come again would not help. */
	@Test
	void moreThanThereEverIsRoomForIs413() {
		BufferBudget little = new BufferBudget(100);
		assertThatExceptionOfType(Refusal.class)
			.isThrownBy(() -> new HeldBody(101, MEBIBYTE, little, UnpooledByteBufAllocator.DEFAULT))
			.satisfies((refusal) -> assertThat(refusal.status()).isEqualTo(413));
		HeldBody held = new HeldBody(-1, MEBIBYTE, little, UnpooledByteBufAllocator.DEFAULT);
		held.add(bytes(100));
		assertThatExceptionOfType(Refusal.class).isThrownBy(() -> held.add(bytes(1)))
			.satisfies((refusal) -> assertThat(refusal.status()).isEqualTo(413));
		held.release();
	}

	@Test
	void aCopyIsAccountedTooAndGivenBack() {
		HeldBody held = held(-1);
		held.add(bytes(300_000));
		long before = this.budget.used();
		held.copy(Integer.MAX_VALUE);
		held.copy(1000);
		assertThat(this.budget.used()).isEqualTo(before + 301_000);
		assertThatExceptionOfType(Refusal.class).isThrownBy(() -> {
			for (int i = 0; i < 4; i++) {
				held.copy(Integer.MAX_VALUE);
			}
		}).satisfies((refusal) -> assertThat(refusal.status()).isEqualTo(429));
		held.release();
		assertThat(this.budget.used()).isZero();
	}

	@Test
	void whatIsNotSentIsLetGoAndItsCopyStays() {
		HeldBody held = held(-1);
		held.add(bytes(300_000));
		ByteBuffer copy = held.copy(Integer.MAX_VALUE);
		held.drop();
		assertThat(this.budget.used()).isEqualTo(300_000);
		assertThat(held.content().isReadable()).isFalse();
		assertThat(copy.remaining()).isEqualTo(300_000);
		held.release();
		held.release();
		assertThat(this.budget.used()).isZero();
	}

	private HeldBody held(long declared) {
		return new HeldBody(declared, MEBIBYTE, this.budget, UnpooledByteBufAllocator.DEFAULT);
	}

	private static ByteBuf bytes(int count) {
		return Unpooled.wrappedBuffer(new byte[count]);
	}

}
