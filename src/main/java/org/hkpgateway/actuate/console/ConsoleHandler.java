package org.hkpgateway.actuate.console;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;

import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DataBufferFactory;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.server.reactive.ServerHttpRequest;
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

	private final Predicate<ServerHttpRequest> own;

	private final Semaphore free;

	/**
	 * Makes the handler.
	 * @param feed what the page is told
	 * @param own whether a request is from a page of this port, or from no page
	 */
	public ConsoleHandler(ConsoleFeed feed, Predicate<ServerHttpRequest> own) {
		this(feed, own, MOST_VIEWERS);
	}

	ConsoleHandler(ConsoleFeed feed, Predicate<ServerHttpRequest> own, int viewers) {
		this.feed = feed;
		this.own = own;
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

	/**
	 * Server-sent events. A viewer leaves by closing the connection. A page of another
	 * site could read none of it, but take the places of those who can.
	 */
	Mono<Void> stream(ServerWebExchange exchange) {
		ServerHttpResponse response = exchange.getResponse();
		if (!this.own.test(exchange.getRequest())) {
			response.setStatusCode(HttpStatus.FORBIDDEN);
			return response.setComplete();
		}
		return Mono.defer(() -> {
			Place place = new Place(this.free);
			if (!place.taken()) {
				response.setStatusCode(HttpStatus.TOO_MANY_REQUESTS);
				return response.setComplete();
			}
			response.getHeaders().setContentType(new MediaType("text", "event-stream", StandardCharsets.UTF_8));
			response.getHeaders().setCacheControl("no-store");
			DataBufferFactory buffers = response.bufferFactory();
			Flux<Mono<DataBuffer>> events = this.feed.updates()
				.map((json) -> Mono.just(buffers.wrap(("data: " + json + "\n\n").getBytes(StandardCharsets.UTF_8))))
				.doFinally((signal) -> place.giveBack());
			return response.writeAndFlushWith(events).doOnError((ex) -> place.giveBack()).doOnCancel(place::giveBack);
		});
	}

	/**
	 * A viewer's place, if there was one. It is given back once, by whoever learns first
	 * that the viewer has left: the events, or the answer that they never became.
	 */
	private static final class Place {

		private final Semaphore free;

		private final boolean taken;

		private final AtomicBoolean held;

		Place(Semaphore free) {
			this.free = free;
			this.taken = free.tryAcquire();
			this.held = new AtomicBoolean(this.taken);
		}

		boolean taken() {
			return this.taken;
		}

		void giveBack() {
			if (this.held.compareAndSet(true, false)) {
				this.free.release();
			}
		}

	}

}
