package org.hkpgateway.keyserver;

import java.net.InetAddress;
import java.net.URI;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;

import io.netty.handler.codec.http.HttpHeaderNames;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;
import reactor.netty.DisposableServer;
import reactor.netty.http.server.HttpServer;
import reactor.netty.http.server.HttpServerRequest;
import reactor.netty.http.server.HttpServerResponse;
import reactor.netty.resources.LoopResources;

/**
 * An HKP keyserver in memory, on a loopback port that the kernel picks. Its keys are gone
 * when it is closed. It holds at most 10 000 keys and 64 MiB of them, and takes bodies of
 * at most 8 MiB; beyond that it refuses (507, 413), it never evicts.
 *
 * <p>
 * Every answer has a Content-Length, because HTTP/1.0 clients cannot read chunks.
 */
public final class EmbeddedKeyserver implements AutoCloseable {

	private static final Logger logger = LoggerFactory.getLogger(EmbeddedKeyserver.class);

	private static final Duration START_DEADLINE = Duration.ofSeconds(10);

	private static final Duration STOP_DEADLINE = Duration.ofSeconds(5);

	private static final Duration IDLE_TIMEOUT = Duration.ofSeconds(60);

	private static final int MAX_REQUEST_LINE = 16 * 1024;

	private static final int WORKERS = 2;

	private static final int QUEUED_REQUESTS = 1024;

	/** Bounds the memory that bodies take before a worker gets to them. */
	private static final int CONCURRENT_UPLOADS = 8;

	private final Limits limits;

	private final RequestHandler handler;

	private final Semaphore uploads = new Semaphore(CONCURRENT_UPLOADS);

	private final Scheduler workers;

	private final LoopResources loops;

	private final DisposableServer server;

	private EmbeddedKeyserver(Limits limits) {
		this.limits = limits;
		this.handler = new RequestHandler(new KeyStore(limits));
		this.workers = Schedulers.newBoundedElastic(WORKERS, QUEUED_REQUESTS, "embedded-keyserver", 60, true);
		this.loops = LoopResources.create("embedded-keyserver-http", 1, true);
		try {
			this.server = HttpServer.create()
				.runOn(this.loops)
				.host(InetAddress.getLoopbackAddress().getHostAddress())
				.port(0)
				.httpRequestDecoder((decoder) -> decoder.maxInitialLineLength(MAX_REQUEST_LINE))
				.idleTimeout(IDLE_TIMEOUT)
				.handle(this::handle)
				.bindNow(START_DEADLINE);
		}
		catch (RuntimeException ex) {
			this.loops.dispose();
			this.workers.dispose();
			throw ex;
		}
	}

	/**
	 * Starts an empty keyserver. Blocks until it listens, at most 10 s.
	 * @return the running keyserver
	 * @throws IllegalStateException if it could not bind in time
	 */
	public static EmbeddedKeyserver start() {
		return start(Limits.DEFAULT);
	}

	static EmbeddedKeyserver start(Limits limits) {
		return new EmbeddedKeyserver(limits);
	}

	/**
	 * Where it listens.
	 * @return a port on the loopback address
	 */
	public int port() {
		return this.server.port();
	}

	/**
	 * The address for HTTP clients.
	 * @return for example {@code http://127.0.0.1:12345}
	 */
	public URI uri() {
		return URI.create("http://127.0.0.1:" + port());
	}

	/**
	 * Stops it; its keys are lost. Blocks at most 15 s, usually much less: requests that
	 * are being worked on are finished. May be called again.
	 */
	@Override
	public void close() {
		this.server.disposeNow(STOP_DEADLINE);
		this.workers.disposeGracefully().timeout(STOP_DEADLINE).onErrorComplete(TimeoutException.class).block();
		this.workers.dispose();
		this.loops.disposeLater(Duration.ZERO, STOP_DEADLINE).block(STOP_DEADLINE);
	}

	private Publisher<Void> handle(HttpServerRequest request, HttpServerResponse response) {
		AtomicReference<Executor> eventLoop = new AtomicReference<>();
		request.withConnection((connection) -> eventLoop.set(connection.channel().eventLoop()));
		return answer(request).onErrorResume((error) -> Mono.just(failure(error, response)))
			.publishOn(Schedulers.fromExecutor(Objects.requireNonNull(eventLoop.get())))
			.flatMap((answer) -> send(request, response, answer));
	}

	private Mono<Answer> answer(HttpServerRequest request) {
		if (!request.method().name().equals("POST")) {
			return work(request, new byte[0]);
		}
		return Mono.defer(() -> {
			if (!this.uploads.tryAcquire()) {
				return Mono.error(new RejectedExecutionException("too many uploads"));
			}
			return BoundedBody.read(request, this.limits.bodyBytes())
				.flatMap((body) -> work(request, body))
				.doFinally((signal) -> this.uploads.release());
		});
	}

	private Mono<Answer> work(HttpServerRequest request, byte[] body) {
		@Nullable String contentType = request.requestHeaders().get(HttpHeaderNames.CONTENT_TYPE);
		return Mono.fromCallable(() -> this.handler.answer(request.method().name(), request.uri(), contentType, body))
			.subscribeOn(this.workers);
	}

	private static Answer failure(Throwable error, HttpServerResponse response) {
		response.keepAlive(false);
		if (error instanceof RefusedException refused) {
			return Answer.sentence(refused.status(), refused.sentence());
		}
		if (error instanceof RejectedExecutionException) {
			response.header(HttpHeaderNames.RETRY_AFTER, "1");
			return Answer.sentence(429, "The embedded keyserver is busy. Try again in a second.");
		}
		if (error instanceof TimeoutException) {
			return Answer.sentence(408, "expected: the whole body within 60 seconds, got: a part");
		}
		logger.warn("The embedded keyserver failed to answer a request", error);
		return Answer.sentence(500, "The embedded keyserver failed to answer this request.");
	}

	private static Mono<Void> send(HttpServerRequest request, HttpServerResponse response, Answer answer) {
		response.status(answer.status());
		response.header(HttpHeaderNames.ACCESS_CONTROL_ALLOW_ORIGIN, "*");
		if (answer.allow() != null) {
			response.header(HttpHeaderNames.ALLOW, answer.allow());
			response.header(HttpHeaderNames.ACCESS_CONTROL_ALLOW_METHODS, answer.allow());
		}
		if (answer.status() == 204) {
			return response.send().then();
		}
		response.header(HttpHeaderNames.CONTENT_TYPE, answer.contentType());
		response.header(HttpHeaderNames.CONTENT_LENGTH, String.valueOf(answer.body().length));
		boolean head = request.method().name().equals("HEAD");
		return head ? response.send().then() : response.sendByteArray(Mono.just(answer.body())).then();
	}

}
