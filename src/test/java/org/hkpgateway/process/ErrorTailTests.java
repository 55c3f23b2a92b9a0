package org.hkpgateway.process;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class ErrorTailTests {

	@Test
	void keepsTheLastLinesPrintableAndShort() {
		ErrorTail tail = new ErrorTail();
		for (int i = 0; i < 30; i++) {
			tail.add("line " + i);
		}
		tail.add("\u001b" + "x".repeat(5000));
		assertThat(tail.lines()).hasSize(20)
			.startsWith("line 11")
			.last()
			.asString()
			.hasSizeLessThan(1010)
			.startsWith("\\u001bx");
	}

}
