package org.hkpgateway.proxy;

import java.net.URI;
import java.time.Duration;

import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;
import io.netty.util.internal.PlatformDependent;
import org.hkpgateway.chain.PluginChain;
import reactor.core.publisher.Mono;
import reactor.netty.NettyPipeline;
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

	private final UpstreamClient upstream;

	private final GatewayHandler handler;

	/**
	 * Wires the edge.
	 * @param chain the plugins
	 * @param upstreamUrl the keyserver
	 * @param upstream how to talk to it
	 * @param clientAddress who clients are
	 * @param edge limits
	 * @param log what the log is made of
	 */
	public PublicServer(PluginChain chain, URI upstreamUrl, UpstreamSettings upstream,
			ClientAddressSettings clientAddress, EdgeSettings edge, LogForm log) {
		this.edge = edge;
		this.upstream = new UpstreamClient(upstreamUrl, upstream);
		BufferBudget budget = new BufferBudget(
				Math.min(edge.maxBufferedBytes().toBytes(), PlatformDependent.maxDirectMemory() / 4));
		RequestReader reader = new RequestReader(new ClientAddressResolver(clientAddress),
				new AllowedHosts(edge.allowedHosts()));
		this.handler = new GatewayHandler(reader, chain,
				new IncomingBody((int) edge.maxBody().toBytes(), budget,
						upstream.contentLength() == UpstreamSettings.ContentLength.REQUIRE),
				this.upstream, new AccessLog(clientAddress.log(), log), StrictTransport.parse(edge.hsts()));
	}

	/**
	 * Configures the server of the public port.
	 * @param server the server
	 * @return the configured server
	 */
	public HttpServer customize(HttpServer server) {
		int maxHead = (int) this.edge.maxHeaderBytes().toBytes();
		return server.idleTimeout(this.edge.idleTimeout())
			.readTimeout(this.edge.idleTimeout())
			.httpRequestDecoder((decoder) -> decoder.maxHeaderSize(maxHead).maxInitialLineLength(maxHead))
			.childOption(ChannelOption.ALLOW_HALF_CLOSURE, true)
			.doOnChannelInit((observer, channel, remote) -> guard(channel));
	}

	private void guard(Channel channel) {
		int maxHead = (int) this.edge.maxHeaderBytes().toBytes();
		channel.pipeline()
			.addBefore(NettyPipeline.HttpCodec, "hkp.wire-guard", new WireGuard(maxHead))
			.addAfter(NettyPipeline.HttpCodec, "hkp.connection-end", new ConnectionEnd(this.edge.maxBody().toBytes()))
			.addAfter(NettyPipeline.HttpCodec, "hkp.refusals", new Refusals(maxHead))
			.addAfter(NettyPipeline.HttpCodec, "hkp.cors", CorsHeader.INSTANCE);
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
