package org.hkpgateway.proxy;

import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests for {@link StrictTransport}.
 */
class StrictTransportTests {

	private static final String NAME = "Strict-Transport-Security";

	private final HttpHeaders answer = new DefaultHttpHeaders();

	@ParameterizedTest
	@CsvSource({ "365d,max-age=31536000", "1h,max-age=3600", "0s,max-age=0",
			"365d include-subdomains,max-age=31536000; includeSubDomains",
			"3650d  INCLUDE-SUBDOMAINS,max-age=315360000; includeSubDomains" })
	void isSaidToClientsThatSpeakTls(String setting, String value) {
		StrictTransport.parse(setting).complete(this.answer, true);
		assertThat(this.answer.getAll(NAME)).containsExactly(value);
	}

	@Test
	void isNeverSaidInTheClearWhoeverSaysIt() {
		this.answer.add(NAME, "max-age=1");
		StrictTransport.parse("365d").complete(this.answer, false);
		assertThat(this.answer.isEmpty()).isTrue();
	}

	@Test
	void whatTheKeyserverSaysStaysAndIsNotDoubled() {
		this.answer.add("strict-transport-security", "max-age=1");
		StrictTransport.parse("365d").complete(this.answer, true);
		assertThat(this.answer.getAll(NAME)).containsExactly("max-age=1");
	}

	@ParameterizedTest
	@ValueSource(strings = { "off", "false" })
	void offLeavesAnswersAlone(String off) {
		StrictTransport.parse(off).complete(this.answer, true);
		assertThat(this.answer.isEmpty()).isTrue();
		this.answer.add(NAME, "max-age=1");
		StrictTransport.parse(off).complete(this.answer, false);
		assertThat(this.answer.get(NAME)).isEqualTo("max-age=1");
	}

	@ParameterizedTest
	@ValueSource(strings = { "", " ", "on", "true", "-1s", "3651d", "365d preload",
			"365d include-subdomains include-subdomains", "include-subdomains", "max-age=1", "31536000", "P365D",
			"1d\r\nX: y" })
	void whatIsNeitherStopsTheStartAndNamesTheKey(String setting) {
		assertThatIllegalArgumentException().isThrownBy(() -> StrictTransport.parse(setting))
			.withMessageStartingWith("hkp.edge.hsts: expected: off, or a duration of 0s to 3650d")
			.withMessageEndingWith("got: " + setting);
	}

}
