package org.hkpgateway.proxy;

import java.nio.charset.StandardCharsets;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link FirstBytes}.
 */
class FirstBytesTests {

	private final BufferBudget budget = new BufferBudget(20);

	@Test
	void keepsTheBeginning() {
		FirstBytes bytes = new FirstBytes(10, this.budget);
		assertThat(bytes.isWhole()).isTrue();
		ByteBuf part = part("01234").skipBytes(1);
		bytes.add(part);
		assertThat(part.readableBytes()).as("left as it was").isEqualTo(4);
		bytes.add(part("56789a"));
		assertThat(bytes.isWhole()).isTrue();
		bytes.add(part(""));
		assertThat(bytes.isWhole()).isTrue();
		bytes.add(part("b"));
		assertThat(bytes.isWhole()).isFalse();
		assertThat(bytes.toArray()).asString(StandardCharsets.US_ASCII).isEqualTo("123456789a");
		assertThat(this.budget.used()).isEqualTo(10);
		bytes.release();
		assertThat(this.budget.used()).isZero();
	}

	@Test
	void takesNoMemoryThatIsNotThere() {
		FirstBytes first = new FirstBytes(15, this.budget);
		first.add(part("0123456789"));
		FirstBytes second = new FirstBytes(15, this.budget);
		second.add(part("0123456789"));
		assertThat(second.isWhole()).isTrue();
		second.add(part("a"));
		assertThat(second.isRefused()).isTrue();
		assertThat(second.isWhole()).isFalse();
		assertThat(this.budget.used()).isLessThanOrEqualTo(20);
		second.release();
		first.release();
		assertThat(this.budget.used()).isZero();
	}

	private static ByteBuf part(String text) {
		return Unpooled.copiedBuffer(text, StandardCharsets.US_ASCII);
	}

}
