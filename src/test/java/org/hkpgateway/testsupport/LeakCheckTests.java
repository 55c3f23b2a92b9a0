package org.hkpgateway.testsupport;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.util.ResourceLeakDetector;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link LeakCheck}: that a leak fails the build.
 */
class LeakCheckTests {

	@Test
	void everyBufferOfThisJvmIsWatchedAndEveryClassIsChecked() {
		assertThat(ResourceLeakDetector.getLevel()).isEqualTo(ResourceLeakDetector.Level.PARANOID);
		assertThat(LeakCheck.isActive()).isTrue();
	}

	@Test
	void aLeakFailsTheClass() {
		for (ByteBufAllocator allocator : new ByteBufAllocator[] { PooledByteBufAllocator.DEFAULT,
				UnpooledByteBufAllocator.DEFAULT }) {
			leak(allocator);
			assertThatExceptionOfType(AssertionError.class).isThrownBy(() -> LeakCheck.check("the class"))
				.withMessageContaining("no leaked buffer at the end of the class")
				.withMessageContaining("last used by whoever forgot it");
			assertThatCode(() -> LeakCheck.check("the next class")).doesNotThrowAnyException();
		}
	}

	@Test
	void whatIsReleasedOrStillInUseIsNoLeak() {
		ByteBuf used = PooledByteBufAllocator.DEFAULT.buffer(16);
		PooledByteBufAllocator.DEFAULT.buffer(16).release();
		assertThatCode(() -> LeakCheck.check("the class")).doesNotThrowAnyException();
		assertThat(used.release()).isTrue();
	}

	private static void leak(ByteBufAllocator allocator) {
		ByteBuf forgotten = allocator.directBuffer(16);
		forgotten.writeByte(1);
		forgotten.touch("last used by whoever forgot it");
	}

}
