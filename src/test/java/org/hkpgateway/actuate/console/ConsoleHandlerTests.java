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

	private final WebTestClient client = WebTestClient
		.bindToRouterFunction(new ConsoleHandler(this.feed, 1).routes("/actuator"))
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
