package org.hkpgateway.http;

import java.util.List;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests for {@link Headers}, {@link HeaderField} and {@link HopByHop}.
 */
class HeadersTests {

	@Test
	void namesCompareCaseInsensitivelyAndRepeatedValuesKeepTheirOrder() {
		Headers headers = Headers.of("Via", "1.0 a", "Host", "keys", "VIA", "1.1 b");
		assertThat(headers.all("via")).containsExactly("1.0 a", "1.1 b");
		assertThat(headers.first("HOST")).isEqualTo("keys");
		assertThat(headers.first("absent")).isNull();
	}

	@Test
	void mutationsApplyInOrder() {
		Headers headers = Headers.of("A", "1", "B", "2", "a", "3")
			.apply(List.of(new HeaderMutation.Set("A", "4"), new HeaderMutation.Append("a", "5"),
					new HeaderMutation.Remove("b")));
		assertThat(headers.fields()).containsExactly(new HeaderField("A", "4"), new HeaderField("a", "5"));
	}

	@ParameterizedTest
	@ValueSource(strings = { "", " ", "a b", "a:", "a\r\nb", "ä", "a\0", "(a)" })
	void aNameThatIsNoTokenIsRefused(String name) {
		assertThatIllegalArgumentException().isThrownBy(() -> new HeaderField(name, "x"))
			.withMessageContaining("expected");
	}

	@ParameterizedTest
	@ValueSource(strings = { "a\rb", "a\nb", "a\0b", "a\u007fb", "a\u0100b" })
	void aValueThatWouldBreakTheLineIsRefused(String value) {
		assertThatIllegalArgumentException().isThrownBy(() -> new HeaderField("X", value)).withMessageContaining("X");
		assertThatIllegalArgumentException().isThrownBy(() -> new HeaderMutation.Append("X", value));
	}

	@Test
	void latin1AndTabAreValidInValues() {
		assertThat(new HeaderField("X", "caf\u00e9\t!").value()).isEqualTo("caf\u00e9\t!");
	}

	@Test
	void hopByHopNamesAreTheStandardOnesAndThoseThatConnectionLists() {
		Headers headers = Headers.of("Connection", "close, X-Private", "X-Private", "1", "Keep-Alive", "5", "Upgrade",
				"h2c", "TE", "trailers", "Host", "keys", "Close", "kept");
		assertThat(headers.without(HopByHop.names(headers.all("Connection"))).fields())
			.containsExactly(new HeaderField("Host", "keys"), new HeaderField("Close", "kept"));
	}

}
