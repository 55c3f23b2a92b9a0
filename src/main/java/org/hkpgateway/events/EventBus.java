package org.hkpgateway.events;

import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.FluxSink;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/**
 * Hands events to subscribers. Publishing never blocks and does not wait for a
 * subscriber: each has a bounded buffer of its own, from which the oldest event is
 * dropped when it is full. The events of a source arrive in the order of their
 * {@link Event#sequence()}, whichever threads publish them; that is the order in which
 * one thread publishes. Those of other replicas come through {@link ClusterEvents}.
 * Thread-safe.
 */
public final class EventBus implements AutoCloseable {

	/** Of all subscribers together; they do not block. */
	private static final int THREADS = 2;

	private final List<Subscriber> subscribers = new CopyOnWriteArrayList<>();

	/** One for each plugin that ever published, and the gateway's own. */
	private final Map<String, Source> sources = new ConcurrentHashMap<>();

	private final Clock clock;

	private final Scheduler scheduler;

	private final EventListener listener;

	/** Of this run: after a restart numbers begin anew. */
	private final String replica = UUID.randomUUID().toString();

	/** Takes what is for all replicas; null: there are no others. */
	private volatile @Nullable Subscriber relay;

	/** A bus without subscribers, of which nobody keeps count. */
	public EventBus() {
		this(EventListener.NONE);
	}

	/**
	 * A bus without subscribers. Its daemon threads are named {@code hkp-events-…}.
	 * @param listener is told what is published and lost
	 */
	public EventBus(EventListener listener) {
		this(Clock.systemUTC(), Schedulers.newParallel("hkp-events", THREADS, true), listener);
	}

	EventBus(Clock clock, Scheduler scheduler, EventListener listener) {
		this.clock = clock;
		this.scheduler = scheduler;
		this.listener = listener;
	}

	/**
	 * Names this run of this gateway, in its events.
	 * @return as in {@link Event#replica()}
	 */
	public String replica() {
		return this.replica;
	}

	/**
	 * Publishes an event for this replica, if anybody wants it.
	 * @param type as in {@link Event#type()}
	 * @param source as in {@link Event#source()}
	 * @param metadata as in {@link Event#metadata()}
	 * @param data makes {@link Event#data()}; called once at most, on this thread, and
	 * not at all if nobody wants the event
	 */
	public void publish(String type, String source, Map<String, String> metadata, Supplier<String> data) {
		publish(type, source, false, metadata, data);
	}

	/**
	 * Publishes an event, if anybody wants it.
	 * @param type as in {@link Event#type()}
	 * @param source as in {@link Event#source()}
	 * @param cluster whether it is for all replicas; what others want is not known, so if
	 * there can be some, somebody wants it
	 * @param metadata as in {@link Event#metadata()}
	 * @param data makes {@link Event#data()}; called once at most, on this thread, and
	 * not at all if nobody wants the event
	 */
	public void publish(String type, String source, boolean cluster, Map<String, String> metadata,
			Supplier<String> data) {
		List<Subscriber> wanting = wanting(type, metadata, cluster ? this.relay : null);
		if (wanting.isEmpty()) {
			return;
		}
		String text = data.get();
		Source from = this.sources.computeIfAbsent(source, (name) -> new Source());
		synchronized (from) {
			long sequence = ++from.published;
			Event event = new Event(Event.id(this.replica, source, sequence), type, this.replica, source, sequence,
					cluster ? ++from.clustered : 0, this.clock.instant(), text, metadata);
			for (Subscriber subscriber : wanting) {
				subscriber.add(event);
			}
		}
		this.listener.published(type);
		for (Subscriber subscriber : wanting) {
			subscriber.wake();
		}
	}

	/**
	 * Hands on what another replica has published, to this one's subscribers alone. Does
	 * not block. The events of a source keep the order in which one thread brings them.
	 */
	void receive(Event event) {
		List<Subscriber> wanting = wanting(event.type(), event.metadata(), null);
		for (Subscriber subscriber : wanting) {
			subscriber.add(event);
			subscriber.wake();
		}
	}

	private List<Subscriber> wanting(String type, Map<String, String> metadata, @Nullable Subscriber relay) {
		List<Subscriber> wanting = (relay != null) ? new ArrayList<>(List.of(relay)) : List.of();
		for (Subscriber subscriber : this.subscribers) {
			if (subscriber.filter().matches(type, metadata)) {
				if (wanting.isEmpty()) {
					wanting = new ArrayList<>();
				}
				wanting.add(subscriber);
			}
		}
		return wanting;
	}

	/**
	 * Whether there can be other replicas, to which events go that are for all of them.
	 * @return true: such an event is always wanted
	 */
	public boolean hasReplicas() {
		return this.relay != null;
	}

	/**
	 * Whether nobody here listens to anything: then there is nothing to publish, unless
	 * {@link #hasReplicas() for others}, and nothing to be made for it. Costs one look.
	 * @return false if there is a subscriber
	 */
	public boolean isQuiet() {
		return this.subscribers.isEmpty();
	}

	/**
	 * Whether somebody here wants events of a type, whatever metadata those must have.
	 * For a publisher to whom the metadata alone are too much to make in vain.
	 * @param type as in {@link Event#type()}
	 * @return false if nobody here would get one
	 */
	public boolean isWanted(String type) {
		for (Subscriber subscriber : this.subscribers) {
			if (subscriber.filter().matches(type)) {
				return true;
			}
		}
		return false;
	}

	/**
	 * The events from the subscription on. It never ends by itself. Deliveries come on a
	 * thread of the bus that others share, so a subscriber must not block there; one that
	 * is slow requests less.
	 * @param filter which events
	 * @param capacity how many may wait for the subscriber, at least 1
	 * @return a cold sequence: each subscription to it is one of the bus
	 */
	public Flux<Delivery> events(EventFilter filter, int capacity) {
		return batches(filter, BufferLimits.single(capacity), (lost) -> {
		}).map((batch) -> new Delivery(batch.events().get(0), batch.lost()));
	}

	/**
	 * The same, as many events at a time as there are when the subscriber asks.
	 * @param filter which events
	 * @param limits of what waits and of a batch
	 * @param dropped is told of each loss, on a thread that publishes: must be quick, and
	 * must not block or throw
	 * @return a cold sequence: each subscription to it is one of the bus
	 */
	Flux<EventBatch> batches(EventFilter filter, BufferLimits limits, IntConsumer dropped) {
		return Flux.create(
				(sink) -> subscribe(filter, limits, dropped, sink, this.subscribers::add, this.subscribers::remove),
				FluxSink.OverflowStrategy.IGNORE);
	}

	/**
	 * What is published here for all replicas, and nothing that came from others. For one
	 * subscriber; {@link #hasReplicas} is true as long as it is there.
	 * @param limits of what waits and of a batch
	 * @param dropped as in {@link #batches}
	 * @return a cold sequence
	 */
	Flux<EventBatch> relayed(BufferLimits limits, IntConsumer dropped) {
		return Flux.create(
				(sink) -> subscribe(EventFilter.ofTypes(), limits, dropped, sink,
						(subscriber) -> this.relay = subscriber, (gone) -> this.relay = null),
				FluxSink.OverflowStrategy.IGNORE);
	}

	private void subscribe(EventFilter filter, BufferLimits limits, IntConsumer dropped, FluxSink<EventBatch> sink,
			Consumer<Subscriber> enter, Consumer<Subscriber> leave) {
		Scheduler.Worker worker = this.scheduler.createWorker();
		Subscriber subscriber = new Subscriber(filter, limits, sink, worker, dropped);
		enter.accept(subscriber);
		sink.onDispose(() -> {
			leave.accept(subscriber);
			worker.dispose();
		});
		sink.onRequest((wanted) -> subscriber.wake());
	}

	/** Its threads, for work on events that does not block. */
	Scheduler scheduler() {
		return this.scheduler;
	}

	/**
	 * How many listen here at the moment: plugins, and the gateway itself.
	 * @return 0 or more
	 */
	public int subscribers() {
		return this.subscribers.size();
	}

	/**
	 * How many events wait for all subscribers together. One that waits for two counts
	 * twice.
	 * @return 0 or more
	 */
	public long waiting() {
		return this.subscribers.stream().mapToLong(Subscriber::waiting).sum();
	}

	/**
	 * About how much memory these take: what several wait for counts for each of them.
	 * @return bytes
	 */
	public long waitingBytes() {
		return this.subscribers.stream().mapToLong(Subscriber::waitingBytes).sum();
	}

	/** Ends the threads: nobody gets anything any more. Does not block. */
	@Override
	public void close() {
		this.scheduler.dispose();
	}

	/**
	 * An event for one subscriber.
	 *
	 * @param event what has happened
	 * @param lost how many events this subscriber lost since the delivery before
	 */
	public record Delivery(Event event, long lost) {
	}

	/** Also the lock that keeps the events of a source in order. */
	private static final class Source {

		/** Guarded by this. */
		private long published;

		/** Of them those for all replicas. Guarded by this. */
		private long clustered;

	}

}
