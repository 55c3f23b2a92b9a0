package org.hkpgateway.proxy;

import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.util.NetUtil;
import reactor.core.publisher.Mono;
import reactor.netty.NettyPipeline;
import reactor.netty.http.client.HttpClient;
import reactor.netty.resources.ConnectionProvider;
import reactor.netty.resources.LoopResources;

/**
 * One keyserver: the connections to it, and what is known of it. Its name is resolved by
 * the client library, which does not block. Thread-safe, never blocks.
 */
final class UpstreamServer implements AutoCloseable {

	/** Between two looks for connections that are idle for long, as after a rush. */
	private static final Duration EVICTION_PAUSE = Duration.ofSeconds(2);

	private static final int MAX_HEAD_BYTES = 64 * 1024;

	/** With fewer for each event loop one could lack what another has to spare. */
	private static final int FEWEST_PER_LOOP = 16;

	private final URI url;

	private final UpstreamSettings settings;

	private final InetSocketAddress address;

	private final String name;

	/** Most connections of each event loop. */
	private final int share;

	private final HttpClient prober;

	private final HttpClient shared;

	private final ConnectionProvider sharedConnections;

	private final Map<EventLoop, HttpClient> clients = new ConcurrentHashMap<>();

	private final Map<EventLoop, ConnectionProvider> connections = new ConcurrentHashMap<>();

	private final UpstreamPool pool = new UpstreamPool();

	private final AtomicInteger inFlight = new AtomicInteger();

	private final UpstreamState state;

	private final UpstreamFailures failures = new UpstreamFailures();

	private final HeadMemory heads = new HeadMemory(System::nanoTime);

	UpstreamServer(URI url, UpstreamSettings settings) {
		this.url = url;
		this.settings = settings;
		this.address = InetSocketAddress.createUnresolved(url.getHost().replaceAll("[\\[\\]]", ""),
				(url.getPort() >= 0) ? url.getPort() : 80);
		this.name = NetUtil.toSocketAddressString(this.address);
		this.share = settings.maxConnections() / LoopResources.DEFAULT_IO_WORKER_COUNT;
		this.state = new UpstreamState(this.name, settings.health());
		this.prober = client(ConnectionProvider.newConnection());
		this.sharedConnections = connections(settings.maxConnections());
		this.shared = client(this.sharedConnections);
	}

	private ConnectionProvider connections(int most) {
		return ConnectionProvider.builder("hkp-upstream")
			.maxConnections(most)
			.pendingAcquireMaxCount(2 * most)
			.pendingAcquireTimeout(this.settings.connectTimeout())
			.evictionPredicate(KeepAliveTime::isOver)
			.evictInBackground(EVICTION_PAUSE)
			.lifo()
			.metrics(true, () -> this.pool)
			.build();
	}

	private HttpClient client(ConnectionProvider connections) {
		return HttpClient.create(connections)
			.remoteAddress(() -> this.address)
			.option(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int) this.settings.connectTimeout().toMillis())
			.doOnChannelInit((observer, channel, remote) -> channel.pipeline()
				.addAfter(NettyPipeline.HttpCodec, "hkp.answer-wait",
						new AnswerWait(this.name, this.settings.responseTimeout()))
				.addAfter(NettyPipeline.HttpCodec, "hkp.keep-alive", new KeepAliveTime())
				.addAfter(NettyPipeline.HttpCodec, "hkp.interim-answers", new InterimAnswers())
				.addAfter(NettyPipeline.HttpCodec, "hkp.whole-answer", new WholeAnswer()))
			// Fields are checked when an answer is relayed, by NettyHeaders.
			.httpResponseDecoder((decoder) -> decoder.maxHeaderSize(MAX_HEAD_BYTES)
				.maxInitialLineLength(MAX_HEAD_BYTES)
				.validateHeaders(false))
			.disableRetry(true);
	}

	/**
	 * The client for requests that came on an event loop. Where there are connections
	 * enough, each loop has its share of them: an exchange that stays on one thread costs
	 * far less.
	 * @param loop of the public connection
	 * @return a client that the loops of one group may use
	 */
	HttpClient client(EventLoop loop) {
		if (this.share < FEWEST_PER_LOOP) {
			return this.shared;
		}
		HttpClient known = this.clients.get(loop);
		return (known != null) ? known : this.clients.computeIfAbsent(loop, this::clientOn);
	}

	private HttpClient clientOn(EventLoop loop) {
		return client(this.connections.computeIfAbsent(loop, (key) -> connections(this.share))).runOn(loop);
	}

	/**
	 * Asks whether the keyserver is well: {@code /pks/health}, or, for one that does not
	 * know it (4xx or 501), its statistics. One that says that it is not well is not
	 * asked for more. On a connection of its own, so that it needs none that clients wait
	 * for.
	 * @param timeout the longest to wait for each of the two answers
	 * @return empty if it is, else an error that says what was expected and what came
	 */
	Mono<Void> probe(Duration timeout) {
		return probe("/pks/health", timeout)
			.flatMap((health) -> isUnknown(health) ? probe("/pks/lookup?op=stats", timeout) : Mono.just(health))
			.flatMap((status) -> (status == 200) ? Mono.<Void>empty() : Mono.error(new IllegalStateException(
					"expected: 200 for /pks/health or /pks/lookup?op=stats, got: " + status)));
	}

	private static boolean isUnknown(int health) {
		return (health >= 400 && health < 500) || health == 501;
	}

	private Mono<Integer> probe(String target, Duration timeout) {
		return this.prober.get()
			.uri(target)
			.responseSingle((response, content) -> content.then(Mono.just(response.status().code())))
			.timeout(timeout,
					Mono.error(() -> new KeyserverSilentException(this.name, "to answer " + target, timeout)));
	}

	URI url() {
		return this.url;
	}

	/**
	 * Where it is.
	 * @return host and port
	 */
	String name() {
		return this.name;
	}

	String host() {
		return this.address.getHostString();
	}

	int port() {
		return this.address.getPort();
	}

	/** Its connections for clients' requests. */
	UpstreamStatus.Pool pool() {
		return this.pool.status(this.settings.maxConnections());
	}

	UpstreamState state() {
		return this.state;
	}

	UpstreamFailures failures() {
		return this.failures;
	}

	HeadMemory heads() {
		return this.heads;
	}

	int maxConnections() {
		return this.settings.maxConnections();
	}

	/**
	 * How many requests it is busy with, as far as they are counted.
	 * @return 0 or more
	 */
	int inFlight() {
		return this.inFlight.get();
	}

	/**
	 * Counts a request as in flight.
	 * @param exchange the request
	 * @return the same, counted from its subscription to its end
	 */
	Mono<Void> counted(Mono<Void> exchange) {
		return Mono.using(this.inFlight::incrementAndGet, (count) -> exchange,
				(count) -> this.inFlight.decrementAndGet());
	}

	@Override
	public void close() {
		this.sharedConnections.dispose();
		this.connections.values().forEach(ConnectionProvider::dispose);
	}

}
