package org.hkpgateway.log;

import java.nio.charset.StandardCharsets;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class BoundedTextTests {

	@Test
	void controlCharactersBecomeSpaces() {
		assertThat(BoundedText.oneLine("a\r\nWARN b\u001b[31m\u0000\u2028c", 100)).isEqualTo("a  WARN b [31m  c");
	}

	@Test
	void cutsBetweenCodePoints() {
		String text = "aé€😀";
		for (int max = 0; max <= 11; max++) {
			String cut = BoundedText.oneLine(text, max);
			assertThat(text).startsWith(cut);
			assertThat(cut.getBytes(StandardCharsets.UTF_8).length).isLessThanOrEqualTo(max);
		}
		assertThat(BoundedText.oneLine(text, 9)).isEqualTo("aé€");
		assertThat(BoundedText.oneLine(text, 10)).isEqualTo(text);
	}

}
