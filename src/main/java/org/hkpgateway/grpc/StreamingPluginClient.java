package org.hkpgateway.grpc;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

import io.grpc.Channel;
import io.grpc.Status;
import org.hkpgateway.plugin.Decision;
import org.hkpgateway.plugin.PluginClient;
import org.hkpgateway.plugin.PluginFailure;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.RequestEvent;
import org.hkpgateway.plugin.StreamListener;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * Asks for decisions on one long stream. A request goes by a call of its own instead
 * <ul>
 * <li>when its body is larger than {@value #MAX_BODY_BYTES} bytes, for it would hold up
 * the others;</li>
 * <li>when it is a rehearsal (see {@link RequestEvent#dryRun});</li>
 * <li>when too much waits for room on the stream already (see {@link StreamSender});</li>
 * <li>while there is no stream: one that broke is opened again by the first request after
 * a pause, see {@link ReopenPause};</li>
 * <li>for good, when the plugin does not know the method after all.</li>
 * </ul>
 * No request is sent twice: only one that the plugin has certainly not seen takes the
 * other way.
 * <p>
 * A stream has broken when it ended though this side had not ended it, or when it ended
 * with answers outstanding. That is reported once for each stream. The end of a stream
 * that this side ends, at a stop or because the connection ends, is none.
 * <p>
 * Whoever asks cancels when the time is over. Should nobody do, a request ends at most
 * {@value #SWEEP_MILLIS} ms after its budget, so that none stays in memory.
 */
final class StreamingPluginClient implements EndpointClient {

	static final int MAX_BODY_BYTES = 256 * 1024;

	static final int SWEEP_MILLIS = 50;

	private static final Logger logger = LoggerFactory.getLogger(StreamingPluginClient.class);

	private final PluginId plugin;

	private final Channel channel;

	private final EventConverter events;

	private final GrpcPluginClient unary;

	private final StreamCounters counters;

	private final Disposable sweeper;

	private final Object lock = new Object();

	private final ReopenPause pause = new ReopenPause();

	/** All that have not ended: {@link #stream} and those that this side has ended. */
	private final Set<RequestStream> open = ConcurrentHashMap.newKeySet();

	/** Used under the lock. */
	private @Nullable Consumer<PluginFailure> guard;

	/**
	 * Used under the lock. One is enough: until there is a guard nobody asks, and then no
	 * other stream is opened.
	 */
	private @Nullable PluginFailure untold;

	/** Written under the lock. */
	private volatile @Nullable RequestStream stream;

	/** Written under the lock: no stream is opened any more. */
	private volatile boolean givenUp;

	private StreamingPluginClient(PluginId plugin, Channel channel, EventConverter events, GrpcPluginClient unary,
			StreamCounters counters) {
		this.plugin = plugin;
		this.counters = counters;
		this.channel = channel;
		this.events = events;
		this.unary = unary;
		this.sweeper = Schedulers.parallel()
			.schedulePeriodically(() -> expire(System.nanoTime()), SWEEP_MILLIS, SWEEP_MILLIS, TimeUnit.MILLISECONDS);
	}

	/**
	 * Makes a client and opens its stream, without waiting for it.
	 * @param plugin who is asked
	 * @param channel connected
	 * @param events makes the messages
	 * @param unary for what does not go on the stream
	 * @param listener is told what happens on the stream
	 * @return the client, to be closed
	 */
	static StreamingPluginClient open(PluginId plugin, Channel channel, EventConverter events, GrpcPluginClient unary,
			StreamListener listener) {
		StreamingPluginClient client = new StreamingPluginClient(plugin, channel, events, unary,
				new StreamCounters(plugin, listener));
		client.reopen();
		return client;
	}

	@Override
	public Mono<Decision> decide(RequestEvent event, Duration budget) {
		return Mono.deferContextual((context) -> attempt(event, CallTerms.of(budget, context)))
			.onErrorMap(NotSent.class, NotSent::failure);
	}

	@Override
	public @Nullable GrpcResponseClient responses() {
		return this.unary.responses();
	}

	@Override
	public @Nullable GrpcKeyProvider keys() {
		return this.unary.keys();
	}

	@Override
	public boolean declaresDryRun() {
		return this.unary.declaresDryRun();
	}

	@Override
	public Mono<Decision> attempt(RequestEvent event, CallTerms terms) {
		// A rehearsal that breaks the stream would take real requests with it.
		if (event.dryRun() || event.body().bytes().remaining() > MAX_BODY_BYTES) {
			return this.unary.attempt(event, terms);
		}
		RequestStream current = this.stream;
		if (current == null) {
			current = reopen();
		}
		return (current != null) ? attempt(current, event, terms) : divert(event, terms);
	}

	private Mono<Decision> attempt(RequestStream current, RequestEvent event, CallTerms terms) {
		EncodedEvent message = this.events.encode(event, event.id(), terms.millisLeft(), terms.traceparent());
		if (!this.unary.accepts(message)) {
			// Is refused there.
			return this.unary.attempt(event, terms);
		}
		return StreamedRequest
			.on(current, message, System.nanoTime() + terms.deadline().timeRemaining(TimeUnit.NANOSECONDS))
			.map(this.unary::toDecision)
			.onErrorResume(NotStreamed.class, (diverted) -> divert(event, terms));
	}

	private Mono<Decision> divert(RequestEvent event, CallTerms terms) {
		this.counters.diverted();
		return this.unary.attempt(event, terms);
	}

	private @Nullable RequestStream reopen() {
		if (this.givenUp) {
			return null;
		}
		RequestStream opened;
		synchronized (this.lock) {
			if (this.stream != null || this.givenUp || !this.pause.isOver(System.nanoTime())) {
				return this.stream;
			}
			this.pause.opened(System.nanoTime());
			opened = new RequestStream(this.plugin, this.channel, this.counters, this::onEnd);
			this.stream = opened;
			this.open.add(opened);
		}
		// Not under the lock: gRPC may call back at once.
		opened.start();
		return opened;
	}

	private void onEnd(RequestStream ended, Status status, boolean unknown) {
		boolean asked = ended.isClosing();
		synchronized (this.lock) {
			this.open.remove(ended);
			if (this.stream == ended) {
				this.stream = null;
			}
			if (unknown && !asked) {
				this.givenUp = true;
			}
			else if (!asked) {
				this.pause.broken(System.nanoTime());
			}
		}
		if (isClosed() || (asked && (unknown || !ended.owesAnswers()))) {
			return;
		}
		if (unknown) {
			logger.warn(
					"Plugin {} declares the feature 'stream', but HandleRequests: expected: a stream, got: {}; "
							+ "each request is sent by a call of its own",
					this.plugin, StatusTranslation.describe(status));
		}
		else {
			report(new PluginFailure.Unavailable(this.plugin,
					"HandleRequests: expected: an open stream, got: its end: " + StatusTranslation.describe(status)));
			this.counters.streamBroken();
			logger.warn("Stream to plugin {} broke with {} requests in flight: {}", this.plugin, ended.inFlight(),
					StatusTranslation.describe(status));
		}
	}

	private void report(PluginFailure failure) {
		Consumer<PluginFailure> current;
		synchronized (this.lock) {
			current = this.guard;
			if (current == null) {
				this.untold = failure;
				return;
			}
		}
		current.accept(failure);
	}

	@Override
	public void reportTo(Consumer<PluginFailure> guard) {
		PluginFailure earlier;
		synchronized (this.lock) {
			this.guard = guard;
			earlier = this.untold;
			this.untold = null;
		}
		if (earlier != null) {
			guard.accept(earlier);
		}
	}

	/** Ends what has waited too long, by {@link System#nanoTime()}. */
	void expire(long nowNanos) {
		this.open.forEach((stream) -> stream.expire(nowNanos));
	}

	/** Streams that have not ended, whoever is to end them. */
	int streams() {
		return this.open.size();
	}

	StreamCounters counters() {
		return this.counters;
	}

	int inFlight() {
		return this.open.stream().mapToInt(RequestStream::inFlight).sum();
	}

	/** Whether nothing of it is left to run. */
	boolean isClosed() {
		return this.sweeper.isDisposed();
	}

	/**
	 * Ends this side of the stream: its connection is about to end. Requests in flight
	 * may still be answered; the next one opens another stream.
	 */
	void renew() {
		RequestStream current;
		synchronized (this.lock) {
			current = this.stream;
			this.stream = null;
		}
		if (current != null) {
			current.close();
		}
	}

	/**
	 * Ends this side of the stream, so that the plugin can end its own before it exits.
	 * Requests in flight may still be answered; later ones go by a call of their own.
	 */
	void halfClose() {
		RequestStream current;
		synchronized (this.lock) {
			this.givenUp = true;
			current = this.stream;
		}
		if (current != null) {
			current.close();
		}
	}

	/** The same, and frees what this client holds. */
	void close() {
		// First: a plugin that ends the stream at once has not broken it.
		this.sweeper.dispose();
		halfClose();
	}

}
