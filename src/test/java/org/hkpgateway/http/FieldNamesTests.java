package org.hkpgateway.http;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link FieldNames}.
 */
class FieldNamesTests {

	private final FieldNames names = FieldNames.of("te", "x-real-ip", "trailer", "upgrade");

	@ParameterizedTest
	@CsvSource({ "te, true, true", "TE, true, true", "Upgrade, true, true", "trailer, true, true",
			"X-Real-IP, true, true", "x_real_IP, false, true", "x-real-i, false, false", "x-real-ipp, false, false",
			"X-Real@IP, false, false", "'', false, false", "a-name-that-is-longer-than-all, false, false" })
	void namesAreFoundInAnyCase(String name, boolean contained, boolean couldBe) {
		assertThat(this.names.contains(name)).isEqualTo(contained);
		assertThat(this.names.couldContain(name)).isEqualTo(couldBe);
	}

	@ParameterizedTest
	@CsvSource({ "X-Forwarded-For, true", "x_forwarded_for, true", "X-Forwarded-, true", "X-Forwarded, false",
			"XX-Forwarded-For, false", "Forwarded, true", "forwarded-for, false", "X_Real-Ip, true" })
	void whatSaysWhoSentARequest(String name, boolean says) {
		assertThat(ForwardedNames.contains(name)).isEqualTo(says);
		assertThat(ReservedHeaders.contains(name)).isEqualTo(says);
	}

	@Test
	void anEmptySetContainsNothing() {
		assertThat(FieldNames.of().contains("")).isFalse();
		assertThat(FieldNames.of().couldContain("te")).isFalse();
	}

}
