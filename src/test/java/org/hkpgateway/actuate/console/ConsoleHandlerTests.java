package org.hkpgateway.actuate.console;

import java.time.Duration;
import java.util.List;

import org.hkpgateway.actuate.PluginsEndpoint;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import org.springframework.http.HttpStatus;
import org.springframework.mock.http.server.reactive.MockServerHttpRequest;
import org.springframework.mock.web.server.MockServerWebExchange;
import org.springframework.test.web.reactive.server.WebTestClient;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ConsoleHandler}.
 */
class ConsoleHandlerTests {

	private final ConsoleFeed feed = new ConsoleFeed(
			new ConsoleFeed.Sources("1", () -> new PluginsEndpoint.Listing(List.of(), List.of()), List::of,
					new CallTimes(), new RecentDecisions(), new PluginLines((plugin, level, message, fields) -> {
					})));

	private final ConsoleHandler handler = new ConsoleHandler(this.feed,
			(request) -> !request.getHeaders().containsHeader("X-Foreign"), 1);

	private final WebTestClient client = WebTestClient.bindToRouterFunction(this.handler.routes("/actuator"))
		.configureClient()
		.responseTimeout(Duration.ofSeconds(20))
		.build();

	@AfterEach
	void close() {
		this.feed.close();
	}

	@ParameterizedTest
	@CsvSource({ ", text/html", "/console.css, text/css", "/main.js, text/javascript", "/dom.js, text/javascript" })
	void thePageAndItsPartsMayLoadNothingFromElsewhere(String path, String type) {
		this.client.get()
			.uri("/actuator/console" + ((path != null) ? path : ""))
			.exchange()
			.expectStatus()
			.isOk()
			.expectHeader()
			.contentType(type + ";charset=UTF-8")
			.expectHeader()
			.valueEquals("Content-Security-Policy",
					"default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
							+ "img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'; form-action 'none'")
			.expectHeader()
			.valueEquals("X-Content-Type-Options", "nosniff");
	}

	@ParameterizedTest
	@CsvSource({ "/console.html", "/none.js", "/ConsoleHandler.class", "/%2e%2e/console", "/" })
	void nothingElseIsServed(String path) {
		this.client.get().uri("/actuator/console" + path).exchange().expectStatus().isNotFound();
	}

	@Test
	void moreViewersThanThereArePlacesAreRefusedUntilOneLeaves() {
		Disposable viewer = stream().subscribe();
		this.client.get().uri("/actuator/console/stream").exchange().expectStatus().isEqualTo(429);
		viewer.dispose();
		assertThat(stream().blockFirst(Duration.ofSeconds(20))).contains("\"version\":\"1\"");
	}

	/** Before its head was sent, so nobody asks for events any more. */
	@Test
	void whoLeavesBeforeTheFirstEventGivesThePlaceBack() {
		MockServerWebExchange gone = exchange();
		gone.getResponse().beforeCommit(Mono::never);
		this.handler.stream(gone).subscribe().dispose();
		MockServerWebExchange next = exchange();
		Disposable viewer = this.handler.stream(next).subscribe();
		MockServerWebExchange tooMany = exchange();
		this.handler.stream(tooMany).block(Duration.ofSeconds(20));
		assertThat(tooMany.getResponse().getStatusCode()).as("one place was given back, and once")
			.isEqualTo(HttpStatus.TOO_MANY_REQUESTS);
		assertThat(next.getResponse().getStatusCode()).isNull();
		viewer.dispose();
		MockServerWebExchange last = exchange();
		this.handler.stream(last).subscribe().dispose();
		assertThat(last.getResponse().getStatusCode()).isNull();
	}

	@Test
	void pagesOfOtherSitesTakeNoPlace() {
		this.client.get()
			.uri("/actuator/console/stream")
			.header("X-Foreign", "1")
			.exchange()
			.expectStatus()
			.isForbidden();
		assertThat(stream().blockFirst(Duration.ofSeconds(20))).contains("\"version\":\"1\"");
	}

	private static MockServerWebExchange exchange() {
		return MockServerWebExchange.from(MockServerHttpRequest.get("/actuator/console/stream"));
	}

	private Flux<String> stream() {
		return this.client.get()
			.uri("/actuator/console/stream")
			.exchange()
			.expectStatus()
			.isOk()
			.returnResult(String.class)
			.getResponseBody();
	}

}
