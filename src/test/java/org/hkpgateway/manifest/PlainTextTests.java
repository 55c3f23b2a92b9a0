package org.hkpgateway.manifest;

import java.nio.file.Path;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class PlainTextTests {

	@Test
	void ordinaryTextStaysAsItIs() {
		assertThat(PlainText.of("Zürich \\ 'a' → b…")).isEqualTo("Zürich \\ 'a' → b…");
	}

	@Test
	void controlAndFormatCharactersBecomeEscapes() {
		assertThat(PlainText.of("a\u001b[2J\r\n\u202eb\u2028")).isEqualTo("a\\u001b[2J\\u000d\\u000a\\u202eb\\u2028");
	}

	@Test
	void findingIsOneLine() {
		Finding finding = new Finding(Finding.Severity.ERROR, null, Path.of("a\nb"), 3, "x\ny");
		assertThat(finding).hasToString("a\\u000ab:3: error: x\\u000ay");
	}

}
