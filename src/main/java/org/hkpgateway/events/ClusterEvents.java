package org.hkpgateway.events;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;

import com.github.benmanes.caffeine.cache.Ticker;
import org.hkpgateway.log.SparseLines;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;
import tools.jackson.databind.json.JsonMapper;

/**
 * Ties the buses of all replicas together: what is published here for all of them goes to
 * the others, and what is published there comes to the subscribers here, once at most.
 * What came from another replica goes nowhere else, and what comes back from here is left
 * out.
 * <p>
 * Nobody waits. Up to {@value #MOST_WAITING} events and {@value #MOST_BYTES} bytes wait
 * to be sent, also while there is no way, and as many to be read; then some are lost. The
 * number of the next one that arrives tells the receiver, who publishes {@value #GAP} in
 * front of it, for its own replica: {@code replica}, {@code source} and {@code missed} in
 * data and metadata. {@value #JOINED} says that from now on events of others come, and
 * that there was a time, from the start or between two connections, when they did not.
 * Thread-safe, never blocks.
 */
public final class ClusterEvents implements AutoCloseable {

	/** The type of the event that says what was missed. */
	public static final String GAP = "cluster.gap";

	/** The type of the event that says that events of other replicas come now. */
	public static final String JOINED = "cluster.joined";

	static final int MOST_WAITING = 10_000;

	static final int MOST_BYTES = 4 * 1024 * 1024;

	private static final BufferLimits WAITING = new BufferLimits(MOST_WAITING, MOST_BYTES, 512, 256 * 1024);

	/** How often it is looked whether there is a way again. */
	private static final Duration LOOK = Duration.ofMillis(100);

	private static final Logger logger = LoggerFactory.getLogger(ClusterEvents.class);

	private static final JsonMapper json = new JsonMapper();

	private final EventBus bus;

	private final ClusterListener listener;

	/** Of others; emitted to under its own lock. */
	private final Sinks.Many<byte[]> unread = Sinks.many()
		.unicast()
		.onBackpressureBuffer(new ArrayBlockingQueue<>(MOST_WAITING));

	private final AtomicInteger unreadBytes = new AtomicInteger();

	/** Touched by the thread that reads. */
	private final ClusterOrder order = new ClusterOrder(Ticker.systemTicker());

	private final SparseLines gapLines = new SparseLines();

	private final SparseLines unsentLines = new SparseLines();

	private final SparseLines malformedLines = new SparseLines();

	private final Scheduler reader;

	private final Disposable reading;

	private final Disposable.Swap sending = Disposables.swap();

	/**
	 * Begins to read what {@link #received} brings, and sends nothing yet.
	 * @param bus of this replica
	 * @param listener is told what becomes of events
	 */
	public ClusterEvents(EventBus bus, ClusterListener listener) {
		// Its own: as long as messages come, its thread does nothing else.
		this(bus, listener, Schedulers.newSingle("hkp-cluster-events", true));
	}

	ClusterEvents(EventBus bus, ClusterListener listener, Scheduler reader) {
		this.bus = bus;
		this.listener = listener;
		this.reader = reader;
		this.reading = this.unread.asFlux().publishOn(this.reader).subscribe(this::read);
	}

	/**
	 * Begins to send. From now on events for all replicas are always wanted. To be called
	 * once.
	 * @param transport the way to the others
	 */
	public void sendThrough(ClusterTransport transport) {
		this.sending
			.update(this.bus.relayed(WAITING, (lost) -> this.listener.dropped(ClusterListener.Dropped.UNSENT, lost))
				.concatMap((batch) -> ready(transport).then(send(transport, batch)), 0)
				.subscribe());
	}

	/** Nobody else wakes it; it looks while something waits. */
	private static Mono<Void> ready(ClusterTransport transport) {
		return Mono.defer(() -> transport.isReady() ? Mono.<Void>empty()
				: Mono.delay(LOOK).repeat(() -> !transport.isReady()).then());
	}

	private Mono<Void> send(ClusterTransport transport, EventBatch batch) {
		return Flux.fromIterable(batch.events())
			.flatMap((event) -> send(transport, event), batch.events().size())
			.then();
	}

	private Mono<Void> send(ClusterTransport transport, Event event) {
		return Mono.defer(() -> transport.send(ClusterMessage.write(event)))
			.doOnSuccess((sent) -> this.listener.sent(1))
			.onErrorResume((failure) -> {
				this.listener.dropped(ClusterListener.Dropped.UNSENT, 1);
				this.unsentLines.write((unsaid) -> logger.warn("An event {} of {} for the other replicas is lost: {}{}",
						event.type(), event.source(), failure.getMessage(), SparseLines.more(unsaid)));
				return Mono.empty();
			});
	}

	/**
	 * Takes a message of the transport, to be read soon. Two threads at once do no harm,
	 * but then nothing is said about the order.
	 * @param message not to be changed any more
	 */
	public void received(byte[] message) {
		boolean taken = false;
		synchronized (this.unread) {
			if (this.unreadBytes.get() + (long) message.length <= MOST_BYTES) {
				this.unreadBytes.addAndGet(message.length);
				taken = this.unread.tryEmitNext(message).isSuccess();
				if (!taken) {
					this.unreadBytes.addAndGet(-message.length);
				}
			}
		}
		if (!taken) {
			this.listener.dropped(ClusterListener.Dropped.UNREAD, 1);
		}
	}

	/** From now on messages of others come; before that some may have been missed. */
	public void joined() {
		this.bus.publish(JOINED, "gateway", Map.of(), () -> "{}");
	}

	private void read(byte[] message) {
		this.unreadBytes.addAndGet(-message.length);
		try {
			ClusterMessage known = ClusterMessage.read(message);
			if (!known.replica().equals(this.bus.replica())) {
				take(known.event());
			}
		}
		catch (IllegalArgumentException ex) {
			this.listener.dropped(ClusterListener.Dropped.MALFORMED, 1);
			this.malformedLines.write((unsaid) -> logger.warn("A message of another replica is left out: {}{}",
					ex.getMessage(), SparseLines.more(unsaid)));
		}
		catch (RuntimeException ex) {
			// It would be the last one that is read.
			this.malformedLines.write((unsaid) -> logger.error("A message of another replica could not be read", ex));
		}
	}

	private void take(Event event) {
		long missed = this.order.missedBefore(event);
		if (missed < 0) {
			this.listener.dropped(ClusterListener.Dropped.REPEATED, 1);
			return;
		}
		if (missed > 0) {
			tell(event, missed);
		}
		this.listener.received();
		this.bus.receive(event);
	}

	private void tell(Event next, long missed) {
		this.listener.missed(missed);
		this.gapLines.write((unsaid) -> logger.warn("Events of {} at replica {} were missed: {} before its number {}{}",
				next.source(), next.replica(), missed, next.clusterSequence(), SparseLines.more(unsaid)));
		this.bus.publish(GAP, "gateway",
				Map.of("replica", next.replica(), "source", next.source(), "missed", Long.toString(missed)),
				() -> json.createObjectNode()
					.put("replica", next.replica())
					.put("source", next.source())
					.put("missed", missed)
					.toString());
	}

	/** Sends and reads nothing more. */
	@Override
	public void close() {
		this.sending.dispose();
		this.reading.dispose();
		this.reader.dispose();
	}

}
