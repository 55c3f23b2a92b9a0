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

	@ParameterizedTest
	@CsvSource({ "%6beytext=a&keytext=b,a", "k%65yte%78%74=a&keytext=b,a", "%6B%65%79%74%65%78%74=%61,a",
			"%256beytext=a&keytext=b,b", "%6beytext%00=a&keytext=b,b", "%6beytex=a&keytext=b,b",
			"keytext%3d=a&keytext=b,b", "%6=a&%&keytex%7=a&keytext=b,b" })
	void findDecodesNamesAsKeyserversDo(String body, String expected) {
		assertThat(find(body)).isEqualTo(expected.getBytes(StandardCharsets.US_ASCII));
	}

	@Test
	void findDecodesPlusInNames() {
		assertThat(FormField.find("a+b=c".getBytes(StandardCharsets.US_ASCII), "a b")).asString().isEqualTo("c");
		assertThat(FormField.find("a+b=c".getBytes(StandardCharsets.US_ASCII), "a+b")).isNull();
	}

	@Test
	void findOfOctetsThatAreNoAsciiKeepsThem() {
		byte[] body = { 'k', '=', (byte) 0xe9, '%', (byte) 0xe9, 'a', '%', 'f', 'f' };
		assertThat(FormField.find(body, "k")).containsExactly(0xe9, '%', 0xe9, 'a', 0xff);
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
