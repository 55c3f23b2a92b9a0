package org.hkpgateway.bench.cloud;

import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;

import com.google.protobuf.ByteString;
import io.grpc.stub.StreamObserver;
import org.hkpgateway.proto.HKPPluginGrpc;
import org.hkpgateway.proto.HandleRequestEvent;
import org.hkpgateway.proto.HandleResponse;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoSink;

import org.springframework.cloud.gateway.filter.GatewayFilter;
import org.springframework.cloud.gateway.filter.GatewayFilterChain;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.web.server.ServerWebExchange;

/**
 * Asks a decision with one unary call, then goes on or answers with the status that came.
 */
class DecisionFilter implements GatewayFilter {

	/** As long as every contender waits. */
	private static final long DEADLINE_SECONDS = 2;

	private final HKPPluginGrpc.HKPPluginStub decision;

	DecisionFilter(HKPPluginGrpc.HKPPluginStub decision) {
		this.decision = decision;
	}

	@Override
	public Mono<Void> filter(ServerWebExchange exchange, GatewayFilterChain chain) {
		return ask(event(exchange)).flatMap((answer) -> {
			if (answer.getContinueChain()) {
				return chain.filter(exchange);
			}
			exchange.getResponse().setStatusCode(HttpStatusCode.valueOf(answer.getStatusCode()));
			return exchange.getResponse().setComplete();
		});
	}

	private Mono<HandleResponse> ask(HandleRequestEvent event) {
		return Mono.create((sink) -> this.decision.withDeadlineAfter(DEADLINE_SECONDS, TimeUnit.SECONDS)
			.handleRequest(event, new Answer(sink)));
	}

	private static HandleRequestEvent event(ServerWebExchange exchange) {
		ServerHttpRequest request = exchange.getRequest();
		HandleRequestEvent.Builder event = HandleRequestEvent.newBuilder()
			.setRequestId(request.getId())
			.setMethod(request.getMethod().name())
			.setPath(request.getPath().value())
			.setRawTarget(ByteString.copyFrom(target(request), StandardCharsets.ISO_8859_1))
			.putAllQueryParams(request.getQueryParams().toSingleValueMap());
		request.getHeaders().forEach((name, values) -> event.putHeaders(name, String.join(", ", values)));
		InetSocketAddress client = request.getRemoteAddress();
		if (client != null) {
			event.setRemoteAddr(client.getAddress().getHostAddress() + ':' + client.getPort());
		}
		return event.build();
	}

	private static String target(ServerHttpRequest request) {
		String query = request.getURI().getRawQuery();
		String path = request.getURI().getRawPath();
		return (query != null) ? path + '?' + query : path;
	}

	private record Answer(MonoSink<HandleResponse> sink) implements StreamObserver<HandleResponse> {

		@Override
		public void onNext(HandleResponse answer) {
			this.sink.success(answer);
		}

		@Override
		public void onError(Throwable failure) {
			this.sink.error(failure);
		}

		@Override
		public void onCompleted() {
			this.sink.success();
		}

	}

}
