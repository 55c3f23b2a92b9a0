package org.hkpgateway.config;

import java.util.List;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;

import org.springframework.http.HttpStatusCode;
import org.springframework.mock.http.server.reactive.MockServerHttpRequest;
import org.springframework.mock.web.server.MockServerWebExchange;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ManagementRequestCheck}.
 */
class ManagementRequestCheckTests {

	private final ManagementRequestCheck check = new ManagementRequestCheck(List.of("Gateway.example."));

	@ParameterizedTest
	@ValueSource(strings = { "localhost", "LOCALHOST:11381", "localhost.", "gateway.example", "gateway.EXAMPLE.:1",
			"10.1.2.3:11381", "127.0.0.1", "[::1]", "[2001:db8::1]:11381" })
	void knownNamesAndAddressesPass(String host) {
		assertThat(status(MockServerHttpRequest.get("/actuator/health").header("Host", host))).isNull();
	}

	@ParameterizedTest
	@ValueSource(strings = { "evil.example", "evil.example:11381", "x.gateway.example", "gateway.example.evil.example",
			"localhost.evil.example", "127.0.0.1.evil.example", "2130706433", "[evil.example]", "::1", "[::1", "",
			":11381" })
	void otherNamesDoNot(String host) {
		assertThat(status(MockServerHttpRequest.get("/actuator/health").header("Host", host)))
			.isEqualTo(HttpStatusCode.valueOf(421));
	}

	@Test
	void whoSendsNoHostIsNoBrowser() {
		assertThat(status(MockServerHttpRequest.get("/actuator/health"))).isNull();
	}

	@ParameterizedTest
	@CsvSource({ "same-origin,", "none,", ",http://localhost:11381", ",https://LOCALHOST:11381", "," })
	void changesOfNoOtherSitePass(@Nullable String site, @Nullable String origin) {
		assertThat(status(change(site, origin))).isNull();
	}

	@ParameterizedTest
	@CsvSource({ "cross-site,", "same-site,", "cross-site,http://localhost:11381", "nonsense,", ",http://localhost",
			",http://evil.example", ",null", ",http://localhost:11381.evil.example", ",%", ",''" })
	void changesOfOtherSitesDoNot(@Nullable String site, @Nullable String origin) {
		assertThat(status(change(site, origin))).isEqualTo(HttpStatusCode.valueOf(403));
	}

	@Test
	void readingFromAnotherSiteIsLeftToTheBrowser() {
		assertThat(status(MockServerHttpRequest.get("/actuator").header("Sec-Fetch-Site", "cross-site"))).isNull();
	}

	private static MockServerHttpRequest.BaseBuilder<?> change(@Nullable String site, @Nullable String origin) {
		MockServerHttpRequest.BaseBuilder<?> request = MockServerHttpRequest.post("/actuator/plugins/a")
			.header("Host", "localhost:11381");
		if (site != null) {
			request.header("Sec-Fetch-Site", site);
		}
		if (origin != null) {
			request.header("Origin", origin);
		}
		return request;
	}

	/** Null if it has passed. */
	private @Nullable HttpStatusCode status(MockServerHttpRequest.BaseBuilder<?> request) {
		MockServerWebExchange exchange = MockServerWebExchange.from(request);
		this.check.filter(exchange, (passed) -> Mono.empty()).block();
		return exchange.getResponse().getStatusCode();
	}

}
