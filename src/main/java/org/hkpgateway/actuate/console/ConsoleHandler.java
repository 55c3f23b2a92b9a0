package org.hkpgateway.actuate.console;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.Semaphore;

import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DataBufferFactory;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.server.ServerWebExchange;

/**
 * {@code /actuator/console}: the page, what it is made of, and what it is told while
 * somebody looks. The page and its parts say nothing of this gateway; what it is told is
 * a read like those of other endpoints. Does not block.
 */
public final class ConsoleHandler {

	/** Each may have JSON of all plugins under way. */
	private static final int MOST_VIEWERS = 8;

	/** Nothing but the page's own files, and nothing that stands in the page itself. */
	private static final String POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; "
			+ "connect-src 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'; form-action 'none'";

	private static final Map<String, MediaType> FILES = Map.of("console.css", new MediaType("text", "css"), "chain.js",
			script(), "dom.js", script(), "explain.js", script(), "lists.js", script(), "main.js", script(),
			"operator.js", script(), "stream.js", script());

	private final ConsoleFeed feed;

	private final Semaphore free;

	/**
	 * Makes the handler.
	 * @param feed what the page is told
	 */
	public ConsoleHandler(ConsoleFeed feed) {
		this(feed, MOST_VIEWERS);
	}

	ConsoleHandler(ConsoleFeed feed, int viewers) {
		this.feed = feed;
		this.free = new Semaphore(viewers);
	}

	/**
	 * Where it is found.
	 * @param base path of all endpoints
	 * @return its routes
	 */
	public RouterFunction<ServerResponse> routes(String base) {
		String page = base + "/console";
		RouterFunctions.Builder routes = RouterFunctions.route();
		serve(routes, page, "console.html", MediaType.TEXT_HTML);
		FILES.forEach((name, type) -> serve(routes, page + "/" + name, name, type));
		return routes
			.GET(page + "/stream", (request) -> ServerResponse.ok().build((exchange, context) -> stream(exchange)))
			// Reached with a credential only, like every request that is no read.
			.POST(page + "/token", (request) -> ServerResponse.noContent().build())
			.build();
	}

	private static void serve(RouterFunctions.Builder routes, String path, String name, MediaType type) {
		byte[] content = read(name);
		MediaType full = new MediaType(type, StandardCharsets.UTF_8);
		routes.GET(path,
				(request) -> ServerResponse.ok()
					.contentType(full)
					.header("Content-Security-Policy", POLICY)
					.header("Referrer-Policy", "no-referrer")
					.header("X-Content-Type-Options", "nosniff")
					// After an update of the gateway its parts must fit together.
					.header("Cache-Control", "no-store")
					.bodyValue(content));
	}

	private static byte[] read(String name) {
		try (InputStream file = ConsoleHandler.class.getResourceAsStream(name)) {
			if (file == null) {
				throw new IllegalStateException("expected: " + name + " beside this class, got: nothing");
			}
			return file.readAllBytes();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private static MediaType script() {
		return new MediaType("text", "javascript");
	}

	/** Server-sent events. A viewer leaves by closing the connection. */
	private Mono<Void> stream(ServerWebExchange exchange) {
		ServerHttpResponse response = exchange.getResponse();
		return Mono.defer(() -> {
			if (!this.free.tryAcquire()) {
				response.setStatusCode(HttpStatus.TOO_MANY_REQUESTS);
				return response.setComplete();
			}
			response.getHeaders().setContentType(new MediaType("text", "event-stream", StandardCharsets.UTF_8));
			response.getHeaders().setCacheControl("no-store");
			DataBufferFactory buffers = response.bufferFactory();
			Flux<Mono<DataBuffer>> events = this.feed.updates()
				.map((json) -> Mono.just(buffers.wrap(("data: " + json + "\n\n").getBytes(StandardCharsets.UTF_8))))
				.doFinally((signal) -> this.free.release());
			return response.writeAndFlushWith(events);
		});
	}

}
