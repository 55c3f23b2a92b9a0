package org.hkpgateway.proxy;

import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;

import io.github.bucket4j.TimeMeter;
import io.netty.channel.ChannelOption;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.handler.codec.http2.Http2StreamChannel;
import io.netty.util.concurrent.ImmediateEventExecutor;
import org.hkpgateway.chain.PluginChain;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.netty.Connection;
import reactor.netty.ConnectionObserver;
import reactor.netty.http.HttpProtocol;
import reactor.netty.http.server.HttpServer;
import reactor.netty.http.server.HttpServerConfig;
import reactor.netty.http.server.HttpServerRequest;
import reactor.netty.http.server.HttpServerRoutes;

/**
 * Everything behind the public port: configures Reactor Netty's server and routes every
 * request to the gateway, past WebFlux, which would re-encode targets.
 */
public final class PublicServer implements AutoCloseable {

	private static final Logger logger = LoggerFactory.getLogger(PublicServer.class);

	private static final Duration PROBE_TIMEOUT = Duration.ofSeconds(2);

	static final int MAX_STREAMS = 20;

	/** More are rapid reset (CVE-2023-44487) or made the gateway send them. */
	private static final int MAX_RESETS = 200;

	private static final int RESET_WINDOW_SECONDS = 30;

	private final EdgeSettings edge;

	private final BufferBudget budget;

	private final Pipelines pipelines;

	private final Connections connections;

	private final Upstreams upstreams;

	private final UpstreamChecks checks;

	private final UpstreamClient upstream;

	private final GatewayHandler handler;

	private final Explainer explainer;

	/**
	 * Wires an edge that records nothing but its log.
	 * @param chain the plugins
	 * @param upstreamUrls the keyservers, at least one, the primary first
	 * @param upstream how to talk to them
	 * @param clientAddress who clients are
	 * @param edge limits
	 * @param tls null for clear text only
	 * @param log what the log is made of
	 * @param listener told of connections, limits and refusals
	 */
	PublicServer(PluginChain chain, List<URI> upstreamUrls, UpstreamSettings upstream,
			ClientAddressSettings clientAddress, EdgeSettings edge, @Nullable ServerTls tls, LogForm log,
			EdgeListener listener) {
		this(chain, upstreamUrls, upstream, clientAddress, edge, tls, log, listener, Recording.nowhere());
	}

	/**
	 * Wires the edge, and starts to check keyservers.
	 * @param chain the plugins
	 * @param upstreamUrls the keyservers, at least one, the primary first
	 * @param upstream how to talk to them
	 * @param clientAddress who clients are
	 * @param edge limits
	 * @param tls null for clear text only
	 * @param log what the log is made of
	 * @param listener told of connections, limits and refusals
	 * @param recording where it is recorded what becomes of requests
	 */
	public PublicServer(PluginChain chain, List<URI> upstreamUrls, UpstreamSettings upstream,
			ClientAddressSettings clientAddress, EdgeSettings edge, @Nullable ServerTls tls, LogForm log,
			EdgeListener listener, Recording recording) {
		this.edge = edge;
		ClientAddressResolver clients = new ClientAddressResolver(clientAddress);
		LimitReport report = new LimitReport(listener, clientAddress.log(), System::nanoTime);
		this.connections = new Connections(edge.maxConnections(), edge.maxConnectionsPerAddress(),
				edge.maxRequestsPerAddress(), new NewConnections(edge.maxNewConnectionsPerAddress(),
						edge.newConnectionsWindow(), TimeMeter.SYSTEM_NANOTIME),
				clients::isTrusted, report);
		this.pipelines = new Pipelines(edge, clientAddress.proxyProtocol(), clients, tls,
				new RefusedConnections(listener, clientAddress.log(), System::nanoTime), report);
		this.upstreams = new Upstreams(upstreamUrls.stream().map((url) -> new UpstreamServer(url, upstream)).toList());
		this.checks = new UpstreamChecks(this.upstreams.all(), upstream.health(), UpstreamServer::probe,
				Schedulers.parallel());
		this.upstream = new UpstreamClient(this.upstreams, KeyEvents.to(recording.events(), listener));
		this.budget = new BufferBudget(edge.bufferBudget());
		warnOfLittleMemory(edge);
		RequestTracing tracing = recording.tracing();
		RequestReader reader = new RequestReader(clients, new AllowedHosts(edge.allowedHosts()), tracing != null);
		IncomingBody bodies = new IncomingBody((int) edge.maxBody().toBytes(), this.budget,
				upstream.contentLength() == UpstreamSettings.ContentLength.REQUIRE,
				new BodyRate(edge.minBodyRate().toBytes(), edge.idleTimeout(), report));
		StrictTransport strictTransport = StrictTransport.parse(edge.hsts());
		this.handler = new GatewayHandler(reader, chain, bodies, this.upstream, new AccessLog(clientAddress.log(), log),
				new ExchangeEvents(recording.events(), clientAddress.log()),
				decisions(recording.decisions(), clientAddress.log()),
				(tracing != null) ? new ExchangeTracing(tracing, clientAddress.log()) : null, strictTransport, report);
		this.explainer = new Explainer(reader, chain, bodies, this.upstreams, strictTransport,
				(int) edge.maxHeaderBytes().toBytes());
	}

	private static Consumer<Exchange> decisions(DecisionListener listener, ClientAddressSettings.Log addresses) {
		return (exchange) -> {
			RequestDecision decision = RequestDecision.of(exchange, addresses);
			if (decision != null) {
				listener.decided(decision);
			}
		};
	}

	private static void warnOfLittleMemory(EdgeSettings edge) {
		if (edge.bufferBudget() < 2 * edge.maxBody().toBytes()) {
			logger.warn(
					"expected: memory for twice hkp.edge.max-body, {}, got: {} for all uploads together; larger ones that "
							+ "have to be held are refused with 413; raise hkp.edge.max-buffered-bytes and "
							+ "-XX:MaxDirectMemorySize (four times as much), or lower hkp.edge.max-body",
					edge.maxBody(), edge.bufferBudget());
		}
	}

	/**
	 * Configures the server of the public port: HTTP/1 and HTTP/2, and TLS if there is
	 * any. Of times, the server library is told none: it would count a slow keyserver as
	 * the client's silence. Nor does it read forwarded headers, which Spring Boot lets it
	 * do in what looks like a cloud: it would believe anybody.
	 * @param server the server
	 * @return the configured server
	 */
	public HttpServer customize(HttpServer server) {
		int maxHead = (int) this.edge.maxHeaderBytes().toBytes();
		HttpServer http1 = server.noSSL()
			.forwarded(false)
			.protocol(HttpProtocol.HTTP11)
			// WireGuard has checked fields, more strictly; answers are checked where they
			// come from.
			.httpRequestDecoder(
					(decoder) -> decoder.maxHeaderSize(maxHead).maxInitialLineLength(maxHead).validateHeaders(false))
			.childOption(ChannelOption.ALLOW_HALF_CLOSURE, true)
			.childObserve(this::connected)
			.doOnBound(
					(bound) -> bound.channel().pipeline().addFirst("hkp.admission", new Admission(this.connections)));
		HttpServerConfig http2 = http2(http1).configuration();
		return http1.doOnChannelInit((observer, channel, remote) -> this.pipelines.opened(channel.pipeline(),
				http2.channelInitializer(observer, remote, true)));
	}

	/**
	 * The same server for HTTP/2 alone. It is never bound: connections are handed to it.
	 * Limits that are not named are the codec's own: control frames in the queue, empty
	 * DATA frames, small CONTINUATION frames.
	 */
	private HttpServer http2(HttpServer server) {
		int maxHead = (int) this.edge.maxHeaderBytes().toBytes();
		return server.protocol(HttpProtocol.H2C)
			.httpRequestDecoder((decoder) -> decoder.validateHeaders(true))
			// Whoever has a group ends gracefully: streams that are open go on until the
			// drain is over.
			.channelGroup(new DefaultChannelGroup(ImmediateEventExecutor.INSTANCE))
			.http2Settings((settings) -> settings.maxConcurrentStreams(MAX_STREAMS)
				.maxHeaderListSize(Pipelines.maxHeaderList(maxHead))
				.maxDecodedRstFramesPerWindow(MAX_RESETS, RESET_WINDOW_SECONDS)
				.maxEncodedRstFramesPerWindow(MAX_RESETS, RESET_WINDOW_SECONDS));
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
	 * Explains what would be done with a request. Nothing is sent to a keyserver, counted
	 * or logged, and plugins that keep to their word change no state. Non-blocking; takes
	 * as long as the plugins do, which have the time that they have for a real request,
	 * and each one in shadow mode as much again.
	 * @param request the request
	 * @return what would be done; an {@link IllegalArgumentException} if the length of
	 * the body is not what the request says
	 */
	public Mono<Explanation> explain(ExplainedRequest request) {
		return this.explainer.explain(request);
	}

	/**
	 * The keyservers and what is known of them, without asking them.
	 * @return one entry for each, the primary first
	 */
	public List<UpstreamStatus> upstreams() {
		return this.upstreams.all().stream().map((server) -> this.upstreams.status(server, "")).toList();
	}

	/**
	 * How many bytes of request bodies are held in memory at the moment.
	 * @return 0 to {@link #bufferLimit()}
	 */
	public long bufferedBytes() {
		return this.budget.used();
	}

	/**
	 * How many there may be.
	 * @return bytes, all requests together
	 */
	public long bufferLimit() {
		return this.budget.limit();
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
				.thenReturn(this.upstreams.status(server, ""))
				.onErrorResume((error) -> Mono.just(this.upstreams.status(server, String.valueOf(error.getMessage())))))
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

	@Override
	public void close() {
		this.checks.dispose();
		this.upstream.close();
	}

}
