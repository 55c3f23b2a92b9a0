package org.hkpgateway.proxy;

import io.netty.handler.codec.http.HttpHeaders;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * Where exchanges meet their spans. An exchange without a span is not traced, and costs
 * nothing but to see that.
 *
 * @param tracing makes the spans
 * @param addresses how much of addresses is shown
 */
record ExchangeTracing(RequestTracing tracing, ClientAddressSettings.Log addresses) {

	/**
	 * Traces an exchange from now on.
	 * @param exchange of which client and operation are known
	 */
	void start(Exchange exchange) {
		exchange.tracedBy(this.tracing.start(new TracedExchange(exchange, this.addresses)));
	}

	/**
	 * Ends the span of an exchange. One that was refused before it was understood has
	 * none yet.
	 * @param exchange which has ended
	 */
	void end(Exchange exchange) {
		if (exchange.span() == null) {
			start(exchange);
		}
		RequestTracing.RequestSpan span = exchange.span();
		if (span != null) {
			span.end();
		}
	}

	/**
	 * Begins the span of an attempt at a keyserver.
	 * @param exchange which may be traced
	 * @param method as it is sent
	 * @param server the keyserver
	 * @param attempt how many were made before
	 * @return null if the exchange is not traced
	 */
	static RequestTracing.@Nullable KeyserverSpan asking(Exchange exchange, String method, UpstreamServer server,
			int attempt) {
		RequestTracing.RequestSpan span = exchange.span();
		return (span != null) ? span.asking(method, server.host(), server.port(), attempt) : null;
	}

	/**
	 * Tells the keyserver which trace it is part of.
	 * @param span of the attempt; null if it is not traced
	 * @param headers of the request to it
	 */
	static void propagate(RequestTracing.@Nullable KeyserverSpan span, HttpHeaders headers) {
		if (span != null) {
			TraceContext.set(span, headers);
		}
	}

	static void answered(RequestTracing.@Nullable KeyserverSpan span, int status) {
		if (span != null) {
			span.answered(status);
		}
	}

	/**
	 * Ends the span with the attempt.
	 * @param span of the attempt; null if it is not traced
	 * @param attempt the attempt
	 * @return the same attempt
	 */
	static Mono<Void> ending(RequestTracing.@Nullable KeyserverSpan span, Mono<Void> attempt) {
		return (span == null) ? attempt
				: attempt.doOnSuccess((nothing) -> span.end(""))
					.doOnError((error) -> span.end(error.getClass().getName()))
					.doOnCancel(() -> span.end("cancelled"));
	}

}
