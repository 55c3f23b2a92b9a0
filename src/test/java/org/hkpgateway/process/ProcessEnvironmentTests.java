package org.hkpgateway.process;

import java.nio.charset.StandardCharsets;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

class ProcessEnvironmentTests {

	@Test
	void entriesEndWithNul() {
		assertThat(parse("A=1\0B=a=b\0\0C=").entries()).containsExactly("A=1", "B=a=b", "");
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "A=1" })
	void nothingIsComplete(String text) {
		assertThat(parse(text).entries()).isEmpty();
	}

	@Test
	void valueOfTheFirstOfThatName() {
		ProcessEnvironment environment = parse("XA=0\0A=1\0A=2\0AB=3\0E=\0");
		assertThat(environment.value("A")).isEqualTo("1");
		assertThat(environment.value("E")).isEmpty();
		assertThat(environment.value("F")).isEmpty();
	}

	private static ProcessEnvironment parse(String text) {
		return ProcessEnvironment.parse(text.getBytes(StandardCharsets.UTF_8));
	}

}
