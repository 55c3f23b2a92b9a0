package org.hkpgateway.proxy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import org.hkpgateway.chain.ResponsePhase;
import org.hkpgateway.http.HeaderMutation;
import org.hkpgateway.http.Headers;
import org.hkpgateway.http.HopByHop;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.netty.ByteBufFlux;
import reactor.netty.channel.AbortedException;
import reactor.netty.NettyOutbound;
import reactor.netty.http.client.HttpClientRequest;
import reactor.netty.http.client.HttpClientResponse;
import reactor.netty.http.client.PrematureCloseException;
import reactor.netty.http.server.HttpServerResponse;
import reactor.netty.internal.shaded.reactor.pool.PoolAcquirePendingLimitException;
import reactor.netty.internal.shaded.reactor.pool.PoolAcquireTimeoutException;

/**
 * Forwards requests to keyservers and relays their answers: both bodies stream with
 * back-pressure, a client that goes away cancels the call. Thread-safe, never blocks.
 */
final class UpstreamClient implements AutoCloseable {

	/** Over another connection, when one had closed before anything was sent over it. */
	private static final int MOST_REPEATS = 2;

	private final Upstreams upstreams;

	private final KeyEvents keyEvents;

	/**
	 * Makes a client.
	 * @param upstreams the keyservers, closed with this
	 * @param keyEvents tells what becomes of uploaded keys
	 */
	UpstreamClient(Upstreams upstreams, KeyEvents keyEvents) {
		this.upstreams = upstreams;
		this.keyEvents = keyEvents;
	}

	/**
	 * Sends a request and relays the answer. Subscribe once. A request reaches one
	 * keyserver at most: what was sent is not repeated, for nobody knows what became of
	 * it, and it may be what brought the keyserver down. What was never sent, because no
	 * connection could be had, goes to another keyserver if it only reads.
	 * <p>
	 * One exception: HEAD is made of GET where the keyserver does not serve it. SKS
	 * closes the connection, Hockeypuck answers 405 to it for a lookup. The same
	 * keyserver then gets one GET.
	 * @param exchange where the answer goes
	 * @param head the request to send
	 * @param body its body
	 * @param responseHeaders changes of the answer's headers
	 * @return completes when the answer was relayed; a {@link Refusal} if there was no
	 * answer; any other error if it was cut short
	 */
	Mono<Void> forward(Exchange exchange, UpstreamHead head, UpstreamBody body, List<HeaderMutation> responseHeaders) {
		UploadTap upload = this.keyEvents.tap(exchange, head, body);
		if (upload == null) {
			return call(exchange, head, body, null, responseHeaders);
		}
		return call(exchange, head, upload.watched(), upload, responseHeaders).doFinally((signal) -> upload.close());
	}

	private Mono<Void> call(Exchange exchange, UpstreamHead head, UpstreamBody body, @Nullable UploadTap upload,
			List<HeaderMutation> responseHeaders) {
		boolean anywhere = Reading.only(head, body);
		Call call = new Call(exchange, head, body, upload, responseHeaders, anywhere);
		UpstreamServer first = anywhere ? this.upstreams.reader(List.of()) : null;
		return call.to((first != null) ? first : this.upstreams.primary());
	}

	/** One request, until a keyserver has answered it. Used on one event loop. */
	private final class Call {

		private final Exchange exchange;

		private final UpstreamHead head;

		private final UpstreamBody body;

		private final @Nullable UploadTap upload;

		private final List<HeaderMutation> responseHeaders;

		/** Whether any keyserver may have it. */
		private boolean anywhere;

		private final List<UpstreamServer> failed = new ArrayList<>(0);

		private int repeats;

		private int attempts;

		Call(Exchange exchange, UpstreamHead head, UpstreamBody body, @Nullable UploadTap upload,
				List<HeaderMutation> responseHeaders, boolean anywhere) {
			this.exchange = exchange;
			this.head = head;
			this.body = body;
			this.upload = upload;
			this.responseHeaders = responseHeaders;
			this.anywhere = anywhere;
		}

		Mono<Void> to(UpstreamServer server) {
			boolean fallback = this.head.method().equals("HEAD") && !server.heads().isWorthTrying(this.head.target());
			return as(fallback ? "GET" : this.head.method(), server);
		}

		private Mono<Void> as(String method, UpstreamServer server) {
			boolean[] sent = new boolean[1];
			Channel[] connection = new Channel[1];
			this.exchange.asksUpstream(server);
			RequestTracing.KeyserverSpan span = ExchangeTracing.asking(this.exchange, method, server, this.attempts++);
			Mono<Void> attempt = server.client(this.exchange.channel().eventLoop())
				.request(HttpMethod.valueOf(method))
				.uri(this.head.target())
				.send((request, outbound) -> {
					// The library writes on return, and has a connection that is open.
					sent[0] = true;
					outbound.withConnection((used) -> connection[0] = used.channel());
					Publisher<Void> sending = send(request, outbound, method, this.head, this.body);
					ExchangeTracing.propagate(span, request.requestHeaders());
					return sending;
				})
				.response((response, content) -> {
					ExchangeTracing.answered(span, response.status().code());
					return relay(this.exchange, method, response, watched(response, content),
							WholeAnswer.isThere(connection[0]), this.responseHeaders);
				})
				.then();
			Mono<Void> traced = ExchangeTracing.ending(span, attempt);
			return (UpstreamClient.this.upstreams.isSeveral() ? server.counted(traced) : traced)
				.onErrorResume((error) -> failed(server, method, sent[0], error));
		}

		private Flux<ByteBuf> watched(HttpClientResponse response, ByteBufFlux content) {
			return (this.upload != null)
					? this.upload.watched(response.status().code(), response.responseHeaders(), content) : content;
		}

		private Mono<Void> failed(UpstreamServer server, String method, boolean sent, Throwable error) {
			if (error instanceof Refusal || !this.exchange.channel().isActive()) {
				// The client's doing.
				return Mono.error(error);
			}
			if (this.exchange.isHeadSent()) {
				server.failures().cut();
				return Mono.error(error);
			}
			if (!sent) {
				return unsent(server, error);
			}
			if (method.equals("HEAD") && (isClosed(error) || error instanceof HeadNotServedException)) {
				server.heads().notServed(this.head.target());
				// Whatever HEAD has done to this one, no other is to have the same.
				this.anywhere = false;
				return as("GET", server);
			}
			server.failures().unanswered();
			return Mono.error(Refusal.unanswered(error));
		}

		private Mono<Void> unsent(UpstreamServer server, Throwable error) {
			server.failures().unsent();
			if (isOverload(error)) {
				return Mono.error(Refusal.noConnection(server.maxConnections()));
			}
			boolean closed = isClosed(error);
			if (!closed) {
				server.state().unreachable(error);
			}
			UpstreamServer next = this.anywhere ? other(server) : null;
			if (next == null && closed && this.repeats < MOST_REPEATS) {
				this.repeats++;
				next = server;
			}
			if (next == null) {
				return Mono.error(Refusal.unreachable(error));
			}
			server.failures().retried();
			return to(next);
		}

		private @Nullable UpstreamServer other(UpstreamServer server) {
			this.failed.add(server);
			return UpstreamClient.this.upstreams.reader(this.failed);
		}

	}

	private static Publisher<Void> send(HttpClientRequest request, NettyOutbound outbound, String method,
			UpstreamHead head, UpstreamBody body) {
		HttpHeaders headers = request.requestHeaders();
		String defaultHost = headers.get(HttpHeaderNames.HOST);
		headers.clear().add(head.fields());
		if (!headers.contains(HttpHeaderNames.HOST)) {
			headers.set(HttpHeaderNames.HOST, defaultHost);
		}
		RawTarget.keepOctets(outbound, head.target());
		frame(headers, method, body);
		if (body instanceof UpstreamBody.Held held) {
			return outbound.send(Mono.fromSupplier(held.body()::content));
		}
		if (body instanceof UpstreamBody.Replaced replaced) {
			return outbound.send(Mono.fromSupplier(() -> Unpooled.wrappedBuffer(replaced.bytes())));
		}
		return (body instanceof UpstreamBody.Streamed streamed) ? outbound.send(streamed.bytes()) : outbound;
	}

	/**
	 * Sets the field that says how long the body is.
	 * @param headers of a request, without framing
	 * @param method as sent
	 * @param body its body
	 */
	static void frame(HttpHeaders headers, String method, UpstreamBody body) {
		if (body instanceof UpstreamBody.Held held) {
			headers.set(HttpHeaderNames.CONTENT_LENGTH, held.body().length());
		}
		else if (body instanceof UpstreamBody.Replaced replaced) {
			headers.set(HttpHeaderNames.CONTENT_LENGTH, replaced.bytes().remaining());
		}
		else if (body instanceof UpstreamBody.Streamed streamed) {
			if (streamed.length() >= 0) {
				headers.set(HttpHeaderNames.CONTENT_LENGTH, streamed.length());
			}
			else {
				// Without any framing the body would be read as the next request.
				headers.set(HttpHeaderNames.TRANSFER_ENCODING, HttpHeaderValues.CHUNKED);
			}
		}
		else if (!method.equals("GET") && !method.equals("HEAD")) {
			headers.set(HttpHeaderNames.CONTENT_LENGTH, 0);
		}
	}

	private static Publisher<Void> relay(Exchange exchange, String sentMethod, HttpClientResponse from,
			Flux<ByteBuf> content, boolean whole, List<HeaderMutation> mutations) {
		if (sentMethod.equals("HEAD") && (from.status().code() == 405 || from.status().code() == 501)) {
			return Mono.error(new HeadNotServedException());
		}
		exchange.upstreamAnswers();
		HttpHeaders received = from.responseHeaders();
		try {
			NettyHeaders.check(received);
		}
		catch (IllegalArgumentException ex) {
			// Not thrown: then nobody would drop the body, nor end the connection.
			return Mono.error(ex);
		}
		Predicate<String> hopByHop = HopByHop.names(received.getAll(HttpHeaderNames.CONNECTION));
		ResponsePhase.Review review = exchange.review();
		if (review == null) {
			HttpHeaders to = exchange.response().responseHeaders();
			NettyHeaders.pass(received, hopByHop, to);
			NettyHeaders.apply(mutations, to);
			return answer(exchange, sentMethod, from, content, whole);
		}
		Headers passed = NettyHeaders.copy(received, hopByHop).apply(mutations);
		// Nobody asks for bytes of the body yet, so none are read.
		return review.of(from.status().code(), passed, Duration.ofNanos(exchange.upstreamFirstNanos()))
			.publishOn(Schedulers.fromExecutor(exchange.channel().eventLoop()))
			.flatMapMany((headers) -> {
				NettyHeaders.add(headers, exchange.response().responseHeaders());
				return answer(exchange, sentMethod, from, content, whole);
			});
	}

	private static Publisher<Void> answer(Exchange exchange, String sentMethod, HttpClientResponse from,
			Flux<ByteBuf> content, boolean whole) {
		HttpServerResponse to = exchange.response();
		to.status(from.status());
		if (exchange.http10()) {
			to.keepAlive(false);
			to.chunkedTransfer(false);
		}
		exchange.headSent();
		int status = from.status().code();
		if (exchange.method().equals("HEAD") && sentMethod.equals("GET")) {
			// The body is not read, which ends its connection.
			return to.send();
		}
		if (exchange.method().equals("HEAD") || status == 204 || status == 304) {
			return content.then().then(to.send());
		}
		Flux<ByteBuf> body = content.doOnNext((part) -> exchange.sent(part.retain()));
		// The library answers in one piece with the client's version, and else with its
		// own.
		return to.send((whole && !exchange.http10()) ? body.single() : body);
	}

	private static boolean isClosed(Throwable error) {
		return error instanceof PrematureCloseException || AbortedException.isConnectionReset(error);
	}

	private static boolean isOverload(Throwable error) {
		return error instanceof PoolAcquireTimeoutException || error instanceof PoolAcquirePendingLimitException;
	}

	@Override
	public void close() {
		this.upstreams.all().forEach(UpstreamServer::close);
	}

	/** The keyserver knows HEAD not at all, or not for this target. */
	private static final class HeadNotServedException extends RuntimeException {

		private static final long serialVersionUID = 1L;

		HeadNotServedException() {
			super("expected: an answer to HEAD, got: 405 or 501", null, false, false);
		}

	}

}
