package org.hkpgateway.process;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

class PrintableTests {

	@ParameterizedTest
	@CsvSource(delimiter = ';', textBlock = """
			plain text [x]; plain text [x]
			Zürich 鍵 🔑; Zürich 鍵 🔑
			""")
	void keepsWhatIsPrintable(String text, String expected) {
		assertThat(Printable.escape(text)).isEqualTo(expected);
	}

	@Test
	void escapesWhatCouldForgeALineOrSteerATerminal() {
		assertThat(Printable.escape("a\nb\rc\td\u0000e\u001b[31mf\u007f\u0085\u2028\u2029\u202e\ufeff"))
			.isEqualTo("a\\nb\\rc\\td\\u0000e\\u001b[31mf\\u007f\\u0085\\u2028\\u2029\\u202e\\ufeff");
		assertThat(Printable.escape("x\ud800y")).isEqualTo("x\\ud800y");
	}

	@Test
	void excerptMarksWhatWasLeftOut() {
		assertThat(Printable.excerpt("abc", 3)).isEqualTo("abc");
		assertThat(Printable.excerpt("a\nbc", 3)).isEqualTo("a\\nb…");
	}

}
