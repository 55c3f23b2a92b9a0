package org.hkpgateway.actuate;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

import org.hkpgateway.lifecycle.PluginStatus;
import org.hkpgateway.proxy.PublicServer;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.core.io.buffer.DataBufferLimitException;
import org.springframework.core.io.buffer.DataBufferUtils;
import org.springframework.http.MediaType;
import org.springframework.web.reactive.function.BodyExtractors;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;

/**
 * {@code POST /actuator/explain}: what the gateway would do with a request, and why. Not
 * an endpoint of Spring's kind, because those take neither nested JSON nor bodies as
 * large as uploads are. Never blocks an event loop.
 */
public final class ExplainHandler {

	/** Each may hold a body of the largest size several times over. */
	static final int MOST_AT_A_TIME = 2;

	/** Of a request's body, from its first byte to its last. */
	private static final Duration LONGEST_READ = Duration.ofSeconds(10);

	/** Room for everything but the body that is to be explained. */
	private static final int HEADROOM = 256 * 1024;

	private final PublicServer server;

	private final Supplier<List<PluginStatus>> plugins;

	private final int maxBytes;

	private final Semaphore free = new Semaphore(MOST_AT_A_TIME);

	private final JsonMapper json = ExplanationView.mapper();

	/**
	 * Makes the handler.
	 * @param server explains
	 * @param plugins all plugins, also those that are not in the chain
	 * @param maxBody largest body that a request may have
	 */
	public ExplainHandler(PublicServer server, Supplier<List<PluginStatus>> plugins, long maxBody) {
		this.server = server;
		this.plugins = plugins;
		this.maxBytes = (int) Math.min(Integer.MAX_VALUE - 8, maxBody / 3 * 4 + HEADROOM);
	}

	/**
	 * Explains one request.
	 * @param request with a JSON object
	 * @return the explanation; 400, 408, 413 or 429 with a message if there is none
	 */
	public Mono<ServerResponse> explain(ServerRequest request) {
		AuditEntry.of(request.exchange()).wants("explain", "", "");
		return Mono.defer(() -> this.free.tryAcquire()
				? Mono.using(() -> this.free, (taken) -> answer(request), Semaphore::release) : message(429,
						"expected: at most " + MOST_AT_A_TIME + " explanations at a time, got: one more; try again"));
	}

	private Mono<ServerResponse> answer(ServerRequest request) {
		return DataBufferUtils.join(request.body(BodyExtractors.toDataBuffers()), this.maxBytes)
			.timeout(LONGEST_READ)
			.map((buffer) -> {
				byte[] bytes = new byte[buffer.readableByteCount()];
				buffer.read(bytes);
				DataBufferUtils.release(buffer);
				return bytes;
			})
			.defaultIfEmpty(new byte[0])
			// An upload takes its time to be decoded.
			.publishOn(Schedulers.boundedElastic())
			.map(ExplainRequests::read)
			.flatMap(this.server::explain)
			.publishOn(Schedulers.boundedElastic())
			.map((explanation) -> this.json.writeValueAsString(ExplanationView.of(explanation, this.plugins.get())))
			.flatMap((text) -> ServerResponse.ok().contentType(MediaType.APPLICATION_JSON).bodyValue(text))
			.onErrorResume(IllegalArgumentException.class, (ex) -> message(400, String.valueOf(ex.getMessage())))
			.onErrorResume(DataBufferLimitException.class,
					(ex) -> message(413, "expected: at most " + this.maxBytes + " bytes of JSON, got: more"))
			.onErrorResume(TimeoutException.class, (ex) -> message(408,
					"expected: all of the JSON within " + LONGEST_READ.toSeconds() + " s, got: a part"));
	}

	private Mono<ServerResponse> message(int status, String text) {
		return ServerResponse.status(status)
			.contentType(MediaType.APPLICATION_JSON)
			.bodyValue(this.json.writeValueAsString(Map.of("message", text)));
	}

}
