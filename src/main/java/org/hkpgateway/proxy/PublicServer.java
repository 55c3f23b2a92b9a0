package org.hkpgateway.proxy;

import java.net.URI;
import java.time.Duration;

import io.netty.channel.ChannelOption;
import io.netty.handler.codec.http2.Http2StreamChannel;
import io.netty.util.internal.PlatformDependent;
import org.hkpgateway.chain.PluginChain;
import reactor.core.publisher.Mono;
import reactor.netty.Connection;
import reactor.netty.ConnectionObserver;
import reactor.netty.http.server.HttpServer;
import reactor.netty.http.server.HttpServerRequest;
import reactor.netty.http.server.HttpServerRoutes;

/**
 * Everything behind the public port: configures Reactor Netty's server and routes every
 * request to the gateway, past WebFlux, which would re-encode targets.
 */
public final class PublicServer implements AutoCloseable {

	private static final Duration PROBE_TIMEOUT = Duration.ofSeconds(2);

	private final EdgeSettings edge;

	private final Pipelines pipelines;

	private final Connections connections;

	private final UpstreamClient upstream;

	private final GatewayHandler handler;

	/**
	 * Wires the edge.
	 * @param chain the plugins
	 * @param upstreamUrl the keyserver
	 * @param upstream how to talk to it
	 * @param clientAddress who clients are
	 * @param edge limits
	 * @param listener told of connections, limits and refusals
	 */
	public PublicServer(PluginChain chain, URI upstreamUrl, UpstreamSettings upstream,
			ClientAddressSettings clientAddress, EdgeSettings edge, EdgeListener listener) {
		this.edge = edge;
		LimitReport report = new LimitReport(listener, clientAddress.log(), System::nanoTime);
		ClientAddressResolver clients = new ClientAddressResolver(clientAddress);
		this.pipelines = new Pipelines(edge, report);
		this.connections = new Connections(edge.maxConnections(), edge.maxConnectionsPerAddress(), clients::isTrusted,
				report);
		this.upstream = new UpstreamClient(upstreamUrl, upstream);
		BufferBudget budget = new BufferBudget(
				Math.min(edge.maxBufferedBytes().toBytes(), PlatformDependent.maxDirectMemory() / 4));
		this.handler = new GatewayHandler(new RequestReader(clients), chain,
				new IncomingBody((int) edge.maxBody().toBytes(), budget,
						upstream.contentLength() == UpstreamSettings.ContentLength.REQUIRE,
						new BodyRate(edge.minBodyRate().toBytes(), edge.idleTimeout(), report)),
				this.upstream, new AccessLog(clientAddress.log()), listener);
	}

	/**
	 * Configures the server of the public port.
	 * @param server the server
	 * @return the configured server
	 */
	public HttpServer customize(HttpServer server) {
		int maxHead = (int) this.edge.maxHeaderBytes().toBytes();
		// Times of connections are kept by handlers of the gateway's own, which know whom
		// is
		// waited for and count; the library's would take a slow keyserver for an idle
		// client.
		return server.httpRequestDecoder((decoder) -> decoder.maxHeaderSize(maxHead).maxInitialLineLength(maxHead))
			.childOption(ChannelOption.ALLOW_HALF_CLOSURE, true)
			.childObserve(this::connected)
			.doOnBound((bound) -> bound.channel().pipeline().addFirst("hkp.admission", new Admission(this.connections)))
			.doOnChannelInit((observer, channel, remote) -> this.pipelines.opened(channel.pipeline()));
	}

	/** Streams of HTTP/2 are connections too, to the server library. */
	private void connected(Connection connection, ConnectionObserver.State state) {
		if (state == ConnectionObserver.State.CONNECTED && connection.channel() instanceof Http2StreamChannel stream) {
			this.pipelines.http2Stream(stream.pipeline());
		}
	}

	/**
	 * Routes every request to the gateway.
	 * @param routes the routes of the server
	 * @return the same
	 */
	public HttpServerRoutes route(HttpServerRoutes routes) {
		return routes.route((HttpServerRequest request) -> true, this.handler);
	}

	/**
	 * Asks whether the keyserver is there: {@code /pks/health}, or, for one that does not
	 * know it, its statistics. Non-blocking, at most 4 s.
	 * @return empty if it is, else an error that says what was expected and what came
	 */
	public Mono<Void> probeUpstream() {
		return this.upstream.probe("/pks/health", PROBE_TIMEOUT)
			.flatMap((health) -> (health == 200) ? Mono.just(health)
					: this.upstream.probe("/pks/lookup?op=stats", PROBE_TIMEOUT))
			.flatMap((status) -> (status == 200) ? Mono.<Void>empty() : Mono.error(new IllegalStateException(
					"expected: 200 for /pks/health or /pks/lookup?op=stats, got: " + status)));
	}

	@Override
	public void close() {
		this.upstream.close();
	}

}
