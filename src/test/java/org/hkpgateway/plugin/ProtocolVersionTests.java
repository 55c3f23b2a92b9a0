package org.hkpgateway.plugin;

import java.util.Arrays;
import java.util.List;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests for {@link ProtocolVersion}.
 */
class ProtocolVersionTests {

	@ParameterizedTest
	@CsvSource({ "1,1.0", "1.0,1.0", "1.0.0,1.0", "1.2,1.2", "1.2.3,1.2.3", "10.20,10.20" })
	void parses(String text, String expected) {
		assertThat(ProtocolVersion.parse(text)).hasToString(expected);
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "0", "v1", "1.", "1.0.0.0", "-1", "1.x", "9999999" })
	void refuses(String text) {
		assertThatIllegalArgumentException().isThrownBy(() -> ProtocolVersion.parse(text))
			.withMessageContaining("expected");
	}

	@ParameterizedTest
	@CsvSource({ "1.0,1.0,1.0", "1.3,1.1,1.1", "1.1,1.3,1.1", "1.0.5,1.0.9,1.0", "1.0 2.1,1.4 2.0,2.0",
			"1.0 2.0,1.5,1.0", "1.5,1.0 2.0,1.0", "1.2 1.4,1.3,1.3", "1.10,1.9,1.9", "2.3 1.7,2.1 1.9,2.1", "1.0,2.0,",
			"2.0,1.9,", "1.0 3.0,2.0 3.7,3.0" })
	void negotiates(String client, String server, String expected) {
		assertThat(ProtocolVersion.negotiate(versions(client), versions(server))
			.map(ProtocolVersion::toString)
			.orElse(null)).isEqualTo(expected);
	}

	@Test
	void nothingInCommonWithNothing() {
		assertThat(ProtocolVersion.negotiate(List.of(), versions("1.0"))).isEmpty();
		assertThat(ProtocolVersion.negotiate(versions("1.0"), List.of())).isEmpty();
	}

	@ParameterizedTest
	@CsvSource({ "1.0,1.0,true", "1.0,1.0.7,true", "1.0.7,1.0,true", "1.3,1.2,true", "1.10,1.9,true", "1.2,1.3,false",
			"1.9,1.10,false", "2.0,1.0,false", "1.9,2.0,false" })
	void covers(String version, String needed, boolean expected) {
		assertThat(ProtocolVersion.parse(version).covers(ProtocolVersion.parse(needed))).isEqualTo(expected);
	}

	private static List<ProtocolVersion> versions(String text) {
		return Arrays.stream(text.split(" ")).map(ProtocolVersion::parse).toList();
	}

}
