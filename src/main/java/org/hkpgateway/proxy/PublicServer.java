package org.hkpgateway.proxy;

import java.net.URI;
import java.time.Duration;
import java.util.List;

import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;
import io.netty.util.internal.PlatformDependent;
import org.hkpgateway.chain.PluginChain;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
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

	private final Upstreams upstreams;

	private final UpstreamChecks checks;

	private final UpstreamClient upstream;

	private final GatewayHandler handler;

	/**
	 * Wires the edge, and starts to check keyservers.
	 * @param chain the plugins
	 * @param upstreamUrls the keyservers, at least one, the primary first
	 * @param upstream how to talk to them
	 * @param clientAddress who clients are
	 * @param edge limits
	 */
	public PublicServer(PluginChain chain, List<URI> upstreamUrls, UpstreamSettings upstream,
			ClientAddressSettings clientAddress, EdgeSettings edge) {
		this.edge = edge;
		this.upstreams = new Upstreams(upstreamUrls.stream().map((url) -> new UpstreamServer(url, upstream)).toList());
		this.checks = new UpstreamChecks(this.upstreams.all(), upstream.health(), UpstreamServer::probe,
				Schedulers.parallel());
		this.upstream = new UpstreamClient(this.upstreams);
		BufferBudget budget = new BufferBudget(
				Math.min(edge.maxBufferedBytes().toBytes(), PlatformDependent.maxDirectMemory() / 4));
		this.handler = new GatewayHandler(new RequestReader(new ClientAddressResolver(clientAddress)), chain,
				new IncomingBody((int) edge.maxBody().toBytes(), budget,
						upstream.contentLength() == UpstreamSettings.ContentLength.REQUIRE),
				this.upstream, new AccessLog(clientAddress.log()));
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
	 * The keyservers and what is known of them, without asking them.
	 * @return one entry for each, the primary first
	 */
	public List<UpstreamStatus> upstreams() {
		return this.upstreams.all().stream().map((server) -> status(server, "")).toList();
	}

	/**
	 * Asks each keyserver whether it is there: {@code /pks/health}, or, for one that does
	 * not know it, its statistics. Non-blocking, at most 4 s. Routing does not depend on
	 * what they say here.
	 * @return one entry for each, the primary first, with an error for those that are not
	 */
	public Mono<List<UpstreamStatus>> probeUpstreams() {
		return Flux.fromIterable(this.upstreams.all())
			.flatMapSequential((server) -> server.probe(PROBE_TIMEOUT)
				.thenReturn(status(server, ""))
				.onErrorResume((error) -> Mono.just(status(server, String.valueOf(error.getMessage())))))
			.collectList();
	}

	/**
	 * Asks whether any keyserver is there.
	 * @return empty if one is, else an error that says what was expected and what came
	 */
	public Mono<Void> probeUpstream() {
		return probeUpstreams().flatMap((all) -> all.stream().anyMatch((one) -> one.error().isEmpty())
				? Mono.<Void>empty() : Mono.error(new IllegalStateException(all.get(0).error())));
	}

	private UpstreamStatus status(UpstreamServer server, String error) {
		return new UpstreamStatus(server.url(), server == this.upstreams.primary(), server.state().isUp(), error);
	}

	@Override
	public void close() {
		this.checks.dispose();
		this.upstream.close();
	}

}
