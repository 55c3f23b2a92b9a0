package org.hkpgateway.grpc;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

class GoHeaderNameTests {

	@ParameterizedTest
	@CsvSource({ "user-agent, User-Agent", "USER-AGENT, User-Agent", "X-Real-IP, X-Real-Ip", "te, Te",
			"content-TYPE, Content-Type", "x--y, X--Y", "-a, -A", "www-authenticate, Www-Authenticate",
			"x_under_SCORE, X_under_score", "9lives, 9lives", "etag, Etag" })
	void canonicalForm(String name, String expected) {
		assertThat(GoHeaderName.canonical(name)).isEqualTo(expected);
	}

}
