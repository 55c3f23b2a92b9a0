package org.hkpgateway.proxy;

import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Consumer;

import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.HttpHeaderNames;
import org.hkpgateway.chain.BodyDemand;
import org.hkpgateway.chain.BodyTap;
import org.hkpgateway.chain.ChainResult;
import org.hkpgateway.chain.ChainTrace;
import org.hkpgateway.chain.ChainRun;
import org.hkpgateway.chain.PluginChain;
import org.hkpgateway.http.HeaderMutation;
import org.hkpgateway.http.Headers;
import org.hkpgateway.http.RequestHead;
import org.hkpgateway.http.ResponseHead;
import org.hkpgateway.log.LogFields;
import org.hkpgateway.plugin.RequestEvent;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;
import reactor.core.publisher.SignalType;
import reactor.core.scheduler.Schedulers;
import reactor.netty.http.server.HttpServerRequest;
import reactor.netty.http.server.HttpServerResponse;

/**
 * A request's life: understand it, read as much of its body as plugins want, run the
 * chain, then forward or answer. Every request that was parsed gets exactly one answer or
 * a reset connection. Runs on the connection's event loop and never blocks it.
 */
final class GatewayHandler implements BiFunction<HttpServerRequest, HttpServerResponse, Publisher<Void>> {

	private static final Logger logger = LoggerFactory.getLogger(GatewayHandler.class);

	/** Why a shadow does not see a body. */
	private static final String ANSWERED = "the request was answered before its body was read";

	private static final String REPLACED = "another plugin has replaced the body";

	private static final String ENDED = "the request ended before as much of its body had come as it wants";

	private final RequestReader reader;

	private final PluginChain chain;

	private final IncomingBody bodies;

	private final UpstreamClient upstream;

	private final AccessLog accessLog;

	private final ExchangeEvents events;

	private final Consumer<Exchange> decisions;

	private final @Nullable ExchangeTracing tracing;

	private final StrictTransport strictTransport;

	private final LimitReport report;

	GatewayHandler(RequestReader reader, PluginChain chain, IncomingBody bodies, UpstreamClient upstream,
			AccessLog accessLog, ExchangeEvents events, Consumer<Exchange> decisions, @Nullable ExchangeTracing tracing,
			StrictTransport strictTransport, LimitReport report) {
		this.strictTransport = strictTransport;
		this.reader = reader;
		this.chain = chain;
		this.bodies = bodies;
		this.upstream = upstream;
		this.accessLog = accessLog;
		this.events = events;
		this.decisions = decisions;
		this.tracing = tracing;
		this.report = report;
	}

	@Override
	public Publisher<Void> apply(HttpServerRequest request, HttpServerResponse response) {
		Exchange exchange = new Exchange(request, response, this.strictTransport);
		ClientShare share = Connections.share(exchange.connection());
		boolean within = share == null || share.beginRequest();
		return start(exchange, within).onErrorResume((error) -> failed(exchange, error)).doFinally((signal) -> {
			if (share != null && within) {
				exchange.whenOver(share::endRequest);
			}
			ended(exchange, signal);
		});
	}

	private void ended(Exchange exchange, SignalType signal) {
		if (signal == SignalType.CANCEL) {
			exchange.abandoned();
		}
		this.accessLog.write(exchange);
		this.report.listener().requestEnded(EndedRequest.of(exchange));
		this.events.publish(exchange);
		this.decisions.accept(exchange);
		if (this.tracing != null) {
			this.tracing.end(exchange);
		}
	}

	private Mono<Void> start(Exchange exchange, boolean within) {
		try {
			return handle(exchange, within);
		}
		catch (Exception ex) {
			return Mono.error(ex);
		}
	}

	private Mono<Void> handle(Exchange exchange, boolean within) {
		RequestReader.Understood understood = this.reader.read(exchange);
		if (this.tracing != null) {
			this.tracing.start(exchange);
		}
		if (!within) {
			throw Refusal.tooManyRequests();
		}
		if (!this.chain.hasPlugins()) {
			this.chain.passedBy();
			return this.bodies.read(exchange, BodyDemand.NONE,
					(shown, body) -> forwardUnasked(exchange, understood, body));
		}
		ChainRun run = this.chain.start(event(exchange, understood), exchange.callSpans());
		BodyTap tap = run.bodyTap();
		Mono<Void> handled = this.bodies.read(exchange, run.bodyDemand(), (shown, body) -> {
			Mono<ChainResult> decision = run.decide(shown, IncomingBody.memory(shown, body));
			if (!run.isEmpty()) {
				exchange.asksPlugins(run);
				decision = decision.publishOn(Schedulers.fromExecutor(exchange.channel().eventLoop()));
			}
			return decision.flatMap((result) -> act(exchange, understood, body, tap, result));
		});
		return (tap != null) ? handled.doFinally((signal) -> tap.close(ENDED)) : handled;
	}

	private Mono<Void> act(Exchange exchange, RequestReader.Understood understood, UpstreamBody body,
			@Nullable BodyTap tap, ChainResult result) {
		if (result instanceof ChainResult.Answer answer) {
			unsent(body, tap);
			exchange.decided("answer", answer.trace());
			return answer(exchange, answer.head(), answer.body());
		}
		ChainResult.Forward forward = (ChainResult.Forward) result;
		if (exchange.method().equals("OPTIONS")) {
			unsent(body, tap);
			return preflight(exchange, understood, forward.responseHeaders(), forward.trace());
		}
		exchange.decided("forward", forward.trace());
		exchange.changesAnswer(forward.responseHeaders());
		exchange.answerPasses(this.chain.review(forward, exchange.callSpans()));
		UpstreamHead head = understood.upstreamHead(forward.request().head(), forward.request().hkp());
		if (!forward.bodyReplaced()) {
			return forward(exchange, head, body, tap, forward.responseHeaders());
		}
		if (tap != null) {
			tap.close(REPLACED);
		}
		return this.bodies.replaced(body, forward.request().body().bytes(),
				(replaced) -> forward(exchange, head, replaced, tap, forward.responseHeaders()));
	}

	/** No more of it is read than was. */
	private static void unsent(UpstreamBody body, @Nullable BodyTap tap) {
		if (tap != null) {
			IncomingBody.show(body, tap);
			tap.close(ANSWERED);
		}
	}

	/** The short way of most gateways' most requests. */
	private Mono<Void> forwardUnasked(Exchange exchange, RequestReader.Understood understood, UpstreamBody body) {
		if (exchange.method().equals("OPTIONS")) {
			return preflight(exchange, understood, List.of(), ChainTrace.EMPTY);
		}
		exchange.decided("forward", ChainTrace.EMPTY);
		return forward(exchange, understood.upstreamHead(), body, null, List.of());
	}

	private Mono<Void> forward(Exchange exchange, UpstreamHead head, UpstreamBody body, @Nullable BodyTap tap,
			List<HeaderMutation> responseHeaders) {
		return this.bodies.toSend(exchange, body, tap,
				(sized) -> this.upstream.forward(exchange, head, sized, responseHeaders));
	}

	private static Mono<Void> preflight(Exchange exchange, RequestReader.Understood understood,
			List<HeaderMutation> responseHeaders, ChainTrace trace) {
		exchange.decided("answer", trace);
		return answer(exchange, OptionsAnswer.to(understood.head().headers(), responseHeaders), ByteBuffer.allocate(0));
	}

	/** Without the body, of which nobody knows yet how much is to be read. */
	private static RequestEvent event(Exchange exchange, RequestReader.Understood understood) {
		return RequestEvent.arrived(exchange.id(), understood.head(), understood.hkp(), understood.client().client(),
				understood.client().tls());
	}

	private Mono<Void> failed(Exchange exchange, Throwable error) {
		if (!exchange.channel().isActive()) {
			exchange.abandoned();
			return Mono.empty();
		}
		if (exchange.isHeadSent()) {
			logger.atWarn()
				.addKeyValue(LogFields.REQUEST, exchange.id())
				.log("Answer cut short, connection reset [{}]: {}", about(exchange), error.toString());
			exchange.reset();
			return Mono.empty();
		}
		if (error instanceof Refusal refusal) {
			if (refusal.getCause() != null) {
				logger.atWarn()
					.addKeyValue(LogFields.REQUEST, exchange.id())
					.log("{} [{}]: {}", refusal.text(), about(exchange), refusal.getCause().toString());
			}
			exchange.refused(refusal.text());
			this.report.listener().requestRefused(refusal.status());
			if (refusal.limit() != null) {
				this.report.reached(refusal.limit(), whose(exchange, refusal.limit()));
			}
			if (refusal.endsConnection()) {
				exchange.response().keepAlive(false);
			}
			return answerItself(exchange, refusalHead(refusal),
					ByteBuffer.wrap((refusal.text() + "\n").getBytes(StandardCharsets.UTF_8)));
		}
		logger.atError()
			.addKeyValue(LogFields.REQUEST, exchange.id())
			.setCause(error)
			.log("Unexpected error; the client gets 500 [request {}]", exchange.id());
		exchange.refused("unexpected error");
		this.report.listener().requestRefused(500);
		return answerItself(exchange,
				new ResponseHead(500,
						Headers.of("Content-Type", "text/plain; charset=utf-8", "Cache-Control", "no-store")),
				ByteBuffer.wrap("The request could not be processed.\n".getBytes(StandardCharsets.UTF_8)));
	}

	/** Requests in flight are counted for who has the connection, as connections are. */
	private static @Nullable SocketAddress whose(Exchange exchange, EdgeLimit limit) {
		ClientAddress client = exchange.client();
		return (client != null && limit != EdgeLimit.MAX_REQUESTS_PER_ADDRESS) ? client.client()
				: LimitReport.peer(exchange.channel());
	}

	private static String about(Exchange exchange) {
		return "request " + exchange.id() + (exchange.upstream().isEmpty() ? "" : ", keyserver " + exchange.upstream());
	}

	static ResponseHead refusalHead(Refusal refusal) {
		Headers headers = Headers.of("Content-Type", "text/plain; charset=utf-8", "Cache-Control", "no-store");
		if (refusal.retryAfter() != null) {
			headers = headers.with("Retry-After", Long.toString(refusal.retryAfter().toSeconds()));
		}
		if (refusal.status() == 405) {
			headers = headers.with("Allow", OptionsAnswer.METHODS);
		}
		return new ResponseHead(refusal.status(), headers);
	}

	/** What plugins wanted in the keyserver's answer is in this one, too. */
	private static Mono<Void> answerItself(Exchange exchange, ResponseHead head, ByteBuffer body) {
		Headers headers = head.headers().completedBy(exchange.answerChanges());
		return answer(exchange, new ResponseHead(head.status(), headers), body);
	}

	/**
	 * Answers in the keyserver's place. When the client may still be uploading, the
	 * connection ends after the answer; {@link ConnectionEnd}, or {@link StreamEnd} for a
	 * stream of HTTP/2, sees to it that it arrives.
	 */
	private static Mono<Void> answer(Exchange exchange, ResponseHead head, ByteBuffer body) {
		HttpServerResponse response = exchange.response();
		response.status(head.status());
		NettyHeaders.add(head.headers(), response.responseHeaders());
		if (exchange.bodyLength() != 0 || exchange.http10()) {
			response.keepAlive(false);
		}
		exchange.headSent();
		if (head.status() == 204 || head.status() == 304) {
			return response.send();
		}
		response.header(HttpHeaderNames.CONTENT_LENGTH, Integer.toString(body.remaining()));
		if (exchange.method().equals("HEAD")) {
			return response.send();
		}
		return response.send(Mono.fromSupplier(() -> Unpooled.wrappedBuffer(body)).doOnNext(exchange::sent)).then();
	}

}
