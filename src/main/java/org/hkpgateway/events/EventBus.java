package org.hkpgateway.events;

import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

import reactor.core.publisher.BufferOverflowStrategy;
import reactor.core.publisher.Flux;
import reactor.core.publisher.FluxSink;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/**
 * Hands events to subscribers. Publishing never blocks and does not wait for a
 * subscriber: each has a bounded buffer of its own, from which the oldest event is
 * dropped when it is full. What one thread publishes arrives in that order. Thread-safe.
 */
public final class EventBus {

	private final List<Subscription> subscriptions = new CopyOnWriteArrayList<>();

	private final Clock clock;

	private final Scheduler scheduler;

	private final String idPrefix = UUID.randomUUID() + "-";

	private final AtomicLong ids = new AtomicLong();

	/** A bus without subscribers. */
	public EventBus() {
		this(Clock.systemUTC(), Schedulers.parallel());
	}

	EventBus(Clock clock, Scheduler scheduler) {
		this.clock = clock;
		this.scheduler = scheduler;
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
		Event event = null;
		for (Subscription subscription : this.subscriptions) {
			if (subscription.filter().matches(type, metadata)) {
				if (event == null) {
					event = new Event(this.idPrefix + this.ids.incrementAndGet(), type, source, this.clock.instant(),
							data.get(), metadata);
				}
				subscription.sink().next(event);
			}
		}
	}

	/**
	 * Whether nobody listens to anything: then there is nothing to publish, and nothing
	 * to be made for it. Costs one look.
	 * @return false if there is a subscriber
	 */
	public boolean isQuiet() {
		return this.subscriptions.isEmpty();
	}

	/**
	 * Whether somebody wants events of a type, whatever metadata those must have. For a
	 * publisher to whom the metadata alone are too much to make in vain.
	 * @param type as in {@link Event#type()}
	 * @return false if {@link #publish} would do nothing
	 */
	public boolean isWanted(String type) {
		for (Subscription subscription : this.subscriptions) {
			if (subscription.filter().matches(type)) {
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
		return Flux.defer(() -> {
			AtomicLong lost = new AtomicLong();
			return Flux.<Event>create((sink) -> subscribe(filter, sink), FluxSink.OverflowStrategy.IGNORE)
				.onBackpressureBuffer(capacity, (dropped) -> lost.incrementAndGet(), BufferOverflowStrategy.DROP_OLDEST)
				.publishOn(this.scheduler, 1)
				.map((event) -> new Delivery(event, lost.getAndSet(0)));
		});
	}

	private void subscribe(EventFilter filter, FluxSink<Event> sink) {
		Subscription subscription = new Subscription(filter, sink);
		this.subscriptions.add(subscription);
		sink.onDispose(() -> this.subscriptions.remove(subscription));
	}

	/** How many listen at the moment. */
	int subscribers() {
		return this.subscriptions.size();
	}

	/**
	 * An event for one subscriber.
	 *
	 * @param event what has happened
	 * @param lost how many events this subscriber lost since the delivery before
	 */
	public record Delivery(Event event, long lost) {
	}

	/** Compared by identity: two subscribers may want the same. */
	private static final class Subscription {

		private final EventFilter filter;

		private final FluxSink<Event> sink;

		Subscription(EventFilter filter, FluxSink<Event> sink) {
			this.filter = filter;
			this.sink = sink;
		}

		EventFilter filter() {
			return this.filter;
		}

		FluxSink<Event> sink() {
			return this.sink;
		}

	}

}
