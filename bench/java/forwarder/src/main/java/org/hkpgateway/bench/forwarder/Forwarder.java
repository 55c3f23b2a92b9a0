package org.hkpgateway.bench.forwarder;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.util.AsciiString;
import org.hkpgateway.proto.HandleResponse;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.netty.http.client.HttpClient;
import reactor.netty.http.client.HttpClientRequest;
import reactor.netty.http.server.HttpServer;
import reactor.netty.http.server.HttpServerRequest;
import reactor.netty.http.server.HttpServerResponse;
import reactor.netty.NettyOutbound;
import reactor.netty.resources.ConnectionProvider;

/**
 * Takes requests with Reactor Netty's server and sends them on with its client, both on
 * the same event loops. It copies headers and streams bodies; it checks nothing, limits
 * nothing and logs nothing. If there are decision processes, it asks each of them first,
 * one after the other, and answers 403 when one refuses.
 */
public final class Forwarder {

	private static final List<AsciiString> HOP_BY_HOP = List.of(HttpHeaderNames.CONNECTION,
			AsciiString.cached("keep-alive"), HttpHeaderNames.TE, HttpHeaderNames.TRAILER,
			HttpHeaderNames.TRANSFER_ENCODING, HttpHeaderNames.UPGRADE);

	private final HttpClient client;

	private final List<DecisionStream> decisions = new ArrayList<>();

	private Forwarder(String host, int port, List<String> sockets) {
		ConnectionProvider pool = ConnectionProvider.builder("upstream")
			.maxConnections(500)
			.pendingAcquireTimeout(Duration.ofSeconds(5))
			.lifo()
			.build();
		this.client = HttpClient.create(pool).host(host).port(port);
		if (!sockets.isEmpty()) {
			// As many threads as the gateway has for its plugins.
			int threads = Math.max(1, Math.min(4, Runtime.getRuntime().availableProcessors() / 2));
			EventLoopGroup loops = new MultiThreadIoEventLoopGroup(threads, EpollIoHandler.newFactory());
			sockets.forEach((socket) -> this.decisions.add(new DecisionStream(Path.of(socket), loops)));
		}
	}

	/**
	 * Runs until it is killed.
	 * @param args the port to listen on (on loopback), the upstream's host, its port, and
	 * the sockets of decision processes
	 */
	public static void main(String[] args) {
		if (args.length < 3) {
			throw new IllegalArgumentException("expected: own port, upstream's host, upstream's port, and perhaps "
					+ "sockets, got: " + args.length + " arguments");
		}
		List<String> sockets = List.of(args).subList(3, args.length);
		Forwarder forwarder = new Forwarder(args[1], Integer.parseInt(args[2]), sockets);
		HttpServer.create()
			.host("127.0.0.1")
			.port(Integer.parseInt(args[0]))
			.handle(sockets.isEmpty() ? forwarder::forward : forwarder::ask)
			.bindNow()
			.onDispose()
			.block();
	}

	private Publisher<Void> ask(HttpServerRequest request, HttpServerResponse response) {
		Mono<Boolean> allowed = Mono.just(true);
		for (DecisionStream decision : this.decisions) {
			allowed = allowed
				.flatMap((all) -> all ? decision.ask(request).map(HandleResponse::getContinueChain) : Mono.just(false));
		}
		EventLoop[] own = new EventLoop[1];
		request.withConnection((connection) -> own[0] = connection.channel().eventLoop());
		return allowed.publishOn(Schedulers.fromExecutor(own[0]))
			.flatMap((all) -> all ? Mono.from(forward(request, response)) : response.status(403).send());
	}

	private Publisher<Void> forward(HttpServerRequest request, HttpServerResponse response) {
		return this.client.request(request.method())
			.uri(request.uri())
			.send((upstream, out) -> send(request, upstream, out))
			.response((answer, body) -> {
				response.status(answer.status());
				copy(answer.responseHeaders(), response.responseHeaders());
				return response.send(body.retain());
			});
	}

	private static Publisher<Void> send(HttpServerRequest request, HttpClientRequest upstream, NettyOutbound out) {
		HttpHeaders from = request.requestHeaders();
		copy(from, upstream.requestHeaders());
		boolean chunked = from.contains(HttpHeaderNames.TRANSFER_ENCODING);
		if (!chunked && !from.contains(HttpHeaderNames.CONTENT_LENGTH)) {
			return out;
		}
		if (chunked) {
			upstream.header(HttpHeaderNames.TRANSFER_ENCODING, HttpHeaderValues.CHUNKED);
		}
		return out.send(request.receive().retain());
	}

	private static void copy(HttpHeaders from, HttpHeaders to) {
		// All at once is faster than one by one, and there is hardly ever one to remove.
		to.set(from);
		HOP_BY_HOP.forEach(to::remove);
	}

}
