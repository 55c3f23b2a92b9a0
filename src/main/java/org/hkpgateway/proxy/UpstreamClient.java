package org.hkpgateway.proxy;

import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.List;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelOption;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import org.hkpgateway.chain.ResponsePhase;
import io.netty.util.NetUtil;
import org.hkpgateway.http.HeaderMutation;
import org.hkpgateway.http.Headers;
import org.hkpgateway.http.HopByHop;
import org.hkpgateway.http.RequestHead;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.Exceptions;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.netty.ByteBufFlux;
import reactor.netty.channel.AbortedException;
import reactor.netty.NettyOutbound;
import reactor.netty.NettyPipeline;
import reactor.netty.http.client.HttpClient;
import reactor.netty.http.client.HttpClientRequest;
import reactor.netty.http.client.HttpClientResponse;
import reactor.netty.http.client.PrematureCloseException;
import reactor.netty.http.server.HttpServerResponse;
import reactor.netty.internal.shaded.reactor.pool.PoolAcquirePendingLimitException;
import reactor.netty.internal.shaded.reactor.pool.PoolAcquireTimeoutException;
import reactor.netty.resources.ConnectionProvider;
import reactor.util.retry.Retry;

/**
 * Forwards requests to the keyserver and relays its answers: both bodies stream with
 * back-pressure, a client that goes away cancels the call. Thread-safe, never blocks.
 */
final class UpstreamClient implements AutoCloseable {

	/**
	 * Idle connections are dropped before the keyserver is likely to drop them: a request
	 * sent on a connection that is closing at that moment would be lost.
	 */
	private static final Duration MAX_IDLE = Duration.ofSeconds(10);

	private static final int MAX_HEAD_BYTES = 64 * 1024;

	private final ConnectionProvider connections;

	private final HttpClient client;

	private final int maxConnections;

	private final String name;

	UpstreamClient(URI url, UpstreamSettings settings) {
		this.maxConnections = settings.maxConnections();
		this.connections = ConnectionProvider.builder("hkp-upstream")
			.maxConnections(settings.maxConnections())
			.pendingAcquireMaxCount(2 * settings.maxConnections())
			.pendingAcquireTimeout(settings.connectTimeout())
			.maxIdleTime(MAX_IDLE)
			.lifo()
			.build();
		InetSocketAddress address = InetSocketAddress.createUnresolved(url.getHost().replaceAll("[\\[\\]]", ""),
				(url.getPort() >= 0) ? url.getPort() : 80);
		this.name = NetUtil.toSocketAddressString(address);
		this.client = HttpClient.create(this.connections)
			.remoteAddress(() -> address)
			.option(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int) settings.connectTimeout().toMillis())
			.responseTimeout(settings.responseTimeout())
			.doOnChannelInit((observer, channel, remote) -> channel.pipeline()
				.addAfter(NettyPipeline.HttpCodec, "hkp.interim-answers", new InterimAnswers()))
			.httpResponseDecoder(
					(decoder) -> decoder.maxHeaderSize(MAX_HEAD_BYTES).maxInitialLineLength(MAX_HEAD_BYTES))
			.disableRetry(true);
	}

	/**
	 * Sends a request and relays the answer. Subscribe once. HEAD is made of GET where
	 * the keyserver does not serve it: SKS closes the connection, Hockeypuck answers 405
	 * to it for a lookup.
	 * @param exchange where the answer goes
	 * @param head the request to send
	 * @param body its body
	 * @param responseHeaders changes of the answer's headers
	 * @return completes when the answer was relayed; a {@link Refusal} if there was no
	 * answer; any other error if it was cut short
	 */
	Mono<Void> forward(Exchange exchange, RequestHead head, UpstreamBody body, List<HeaderMutation> responseHeaders) {
		exchange.asksUpstream(this.name);
		Mono<Void> once = this.client.request(HttpMethod.valueOf(head.method()))
			.uri(head.target())
			.send((request, outbound) -> send(request, outbound, head, body))
			.response((response, content) -> relay(exchange, head.method(), response, content, responseHeaders))
			.then();
		if (head.method().equals("HEAD")) {
			RequestHead get = new RequestHead("GET", head.target(), head.headers());
			return once
				.onErrorResume(
						(error) -> !exchange.isHeadSent()
								&& (error instanceof HeadNotServedException || isClosed(error)),
						(error) -> forward(exchange, get, body, responseHeaders))
				.onErrorMap((error) -> exchange.isHeadSent() ? error : refusal(error));
		}
		boolean repeatable = body instanceof UpstreamBody.None && head.method().equals("GET");
		// The keyserver may close a kept connection at the moment of the request. Only
		// one
		// that changes nothing can be sent again; the next connection may be as old.
		Mono<Void> repeated = repeatable
				? once.retryWhen(Retry.max(2).filter((error) -> !exchange.isHeadSent() && isClosed(error))) : once;
		return repeated.onErrorMap(Exceptions::isRetryExhausted, Throwable::getCause)
			.onErrorMap((error) -> exchange.isHeadSent() ? error : refusal(error));
	}

	/**
	 * Asks the keyserver something on the gateway's own behalf.
	 * @param target path and query
	 * @param timeout the longest to wait for the whole answer
	 * @return the status
	 */
	Mono<Integer> probe(String target, Duration timeout) {
		return this.client.responseTimeout(timeout)
			.get()
			.uri(target)
			.responseSingle((response, content) -> content.then(Mono.just(response.status().code())))
			.timeout(timeout);
	}

	private static Publisher<Void> send(HttpClientRequest request, NettyOutbound outbound, RequestHead head,
			UpstreamBody body) {
		HttpHeaders headers = request.requestHeaders();
		String defaultHost = headers.get(HttpHeaderNames.HOST);
		headers.clear();
		NettyHeaders.add(head.headers(), headers);
		if (!headers.contains(HttpHeaderNames.HOST)) {
			headers.set(HttpHeaderNames.HOST, defaultHost);
		}
		RawTarget.keepOctets(outbound, head.target());
		if (body instanceof UpstreamBody.Held held) {
			headers.set(HttpHeaderNames.CONTENT_LENGTH, held.body().length());
			return outbound.send(Mono.fromSupplier(held.body()::content));
		}
		if (body instanceof UpstreamBody.Replaced replaced) {
			headers.set(HttpHeaderNames.CONTENT_LENGTH, replaced.bytes().remaining());
			return outbound.send(Mono.fromSupplier(() -> Unpooled.wrappedBuffer(replaced.bytes())));
		}
		if (body instanceof UpstreamBody.Streamed streamed) {
			if (streamed.length() >= 0) {
				headers.set(HttpHeaderNames.CONTENT_LENGTH, streamed.length());
			}
			else {
				// Without any framing the body would be read as the next request.
				headers.set(HttpHeaderNames.TRANSFER_ENCODING, HttpHeaderValues.CHUNKED);
			}
			return outbound.send(streamed.bytes());
		}
		boolean bodyExpected = !head.method().equals("GET") && !head.method().equals("HEAD");
		if (bodyExpected) {
			headers.set(HttpHeaderNames.CONTENT_LENGTH, 0);
		}
		return outbound;
	}

	private static Publisher<Void> relay(Exchange exchange, String sentMethod, HttpClientResponse from,
			ByteBufFlux content, List<HeaderMutation> mutations) {
		if (sentMethod.equals("HEAD") && (from.status().code() == 405 || from.status().code() == 501)) {
			return Mono.error(new HeadNotServedException());
		}
		exchange.upstreamAnswers();
		Headers received = NettyHeaders.copy(from.responseHeaders());
		Headers passed = received.without(HopByHop.names(received.all("Connection"))).apply(mutations);
		ResponsePhase.Review review = exchange.review();
		if (review == null) {
			return answer(exchange, sentMethod, from, content, passed);
		}
		// Nobody asks for bytes of the body yet, so none are read.
		return review.of(from.status().code(), passed, Duration.ofNanos(exchange.upstreamFirstNanos()))
			.publishOn(Schedulers.fromExecutor(exchange.channel().eventLoop()))
			.flatMapMany((reviewed) -> {
				exchange.reviewed(reviewed.outcomes());
				return answer(exchange, sentMethod, from, content, reviewed.headers());
			});
	}

	private static Publisher<Void> answer(Exchange exchange, String sentMethod, HttpClientResponse from,
			ByteBufFlux content, Headers headers) {
		HttpServerResponse to = exchange.response();
		to.status(from.status());
		NettyHeaders.add(headers, to.responseHeaders());
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
		boolean bodiless = exchange.method().equals("HEAD") || status == 204 || status == 304;
		return bodiless ? content.then().then(to.send()) : to.send(content.retain().doOnNext(exchange::sent));
	}

	private static boolean isClosed(Throwable error) {
		return error instanceof PrematureCloseException || AbortedException.isConnectionReset(error);
	}

	private Throwable refusal(Throwable error) {
		if (error instanceof Refusal) {
			return error;
		}
		if (error instanceof PoolAcquireTimeoutException || error instanceof PoolAcquirePendingLimitException) {
			return Refusal.overloaded("all " + this.maxConnections + " connections to the keyserver are in use");
		}
		return Refusal.unreachable(error);
	}

	@Override
	public void close() {
		this.connections.dispose();
	}

	/** The keyserver knows HEAD not at all, or not for this target. */
	private static final class HeadNotServedException extends RuntimeException {

		private static final long serialVersionUID = 1L;

		HeadNotServedException() {
			super("expected: an answer to HEAD, got: 405 or 501", null, false, false);
		}

	}

}
