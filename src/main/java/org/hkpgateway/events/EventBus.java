package org.hkpgateway.events;

import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.IntConsumer;
import java.util.function.Supplier;

import reactor.core.publisher.Flux;
import reactor.core.publisher.FluxSink;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/**
 * Hands events to subscribers. Publishing never blocks and does not wait for a
 * subscriber: each has a bounded buffer of its own, from which the oldest event is
 * dropped when it is full. The events of a source arrive in the order of their
 * {@link Event#sequence()}, whichever threads publish them; that is the order in which
 * one thread publishes. Thread-safe.
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

	private final String idPrefix = UUID.randomUUID() + "-";

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
	 * Publishes an event, if anybody wants it.
	 * @param type as in {@link Event#type()}
	 * @param source as in {@link Event#source()}
	 * @param metadata as in {@link Event#metadata()}
	 * @param data makes {@link Event#data()}; called once at most, on this thread, and
	 * not at all if nobody wants the event
	 */
	public void publish(String type, String source, Map<String, String> metadata, Supplier<String> data) {
		List<Subscriber> wanting = wanting(type, metadata);
		if (wanting.isEmpty()) {
			return;
		}
		String text = data.get();
		Source from = this.sources.computeIfAbsent(source, (name) -> new Source());
		synchronized (from) {
			long sequence = ++from.published;
			Event event = new Event(this.idPrefix + source + "-" + sequence, type, source, sequence,
					this.clock.instant(), text, metadata);
			for (Subscriber subscriber : wanting) {
				subscriber.add(event);
			}
		}
		this.listener.published(type);
		for (Subscriber subscriber : wanting) {
			subscriber.wake();
		}
	}

	private List<Subscriber> wanting(String type, Map<String, String> metadata) {
		List<Subscriber> wanting = List.of();
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
	 * Whether nobody listens to anything: then there is nothing to publish, and nothing
	 * to be made for it. Costs one look.
	 * @return false if there is a subscriber
	 */
	public boolean isQuiet() {
		return this.subscribers.isEmpty();
	}

	/**
	 * Whether somebody wants events of a type, whatever metadata those must have. For a
	 * publisher to whom the metadata alone are too much to make in vain.
	 * @param type as in {@link Event#type()}
	 * @return false if {@link #publish} would do nothing
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
		return Flux.create((sink) -> subscribe(filter, limits, dropped, sink), FluxSink.OverflowStrategy.IGNORE);
	}

	private void subscribe(EventFilter filter, BufferLimits limits, IntConsumer dropped, FluxSink<EventBatch> sink) {
		Scheduler.Worker worker = this.scheduler.createWorker();
		Subscriber subscriber = new Subscriber(filter, limits, sink, worker, dropped);
		this.subscribers.add(subscriber);
		sink.onDispose(() -> {
			this.subscribers.remove(subscriber);
			worker.dispose();
		});
		sink.onRequest((wanted) -> subscriber.wake());
	}

	/** Its threads, for work on events that does not block. */
	Scheduler scheduler() {
		return this.scheduler;
	}

	/**
	 * How many listen at the moment: plugins, and the gateway itself.
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

	}

}
