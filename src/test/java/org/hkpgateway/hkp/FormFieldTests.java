package org.hkpgateway.hkp;

import java.nio.charset.StandardCharsets;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link FormField}.
 */
class FormFieldTests {

	@ParameterizedTest
	@CsvSource({ "keytext=a,a", "x=y&keytext=a&z=b,a", "keytext=a%2Bb+c%26%3d,a+b c&=", "keytext=a&keytext=b,a",
			"xkeytext=a&keytext=b,b", "keytext=%zz%4,%zz%4", "keytext=a=b,a=b" })
	void findReturnsDecodedField(String body, String expected) {
		assertThat(find(body)).isEqualTo(expected.getBytes(StandardCharsets.US_ASCII));
	}

	@Test
	void findWhenThereIsNoneReturnsNull() {
		assertThat(find("")).isNull();
		assertThat(find("keytext")).isNull();
		assertThat(find("&&x=keytext=")).isNull();
	}

	private static byte[] find(String body) {
		return FormField.find(body.getBytes(StandardCharsets.US_ASCII), "keytext");
	}

}
