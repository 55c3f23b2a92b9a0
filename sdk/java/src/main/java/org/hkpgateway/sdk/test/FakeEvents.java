package org.hkpgateway.sdk.test;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;

import org.hkpgateway.sdk.host.Event;
import org.hkpgateway.sdk.host.EventBatch;
import org.hkpgateway.sdk.host.EventFilter;
import org.hkpgateway.sdk.host.Events;
import org.hkpgateway.sdk.host.HostException;
import org.hkpgateway.sdk.host.Reader;

/**
 * Events in memory: keeps what the plugin publishes, and brings its subscriptions what
 * the test emits.
 */
public final class FakeEvents implements Events {

	static final String REPLICA = "test";

	private final FakeHost host;

	private final VirtualClock clock;

	private final AtomicLong sequence = new AtomicLong();

	private final List<Event> published = new CopyOnWriteArrayList<>();

	private final List<FakeSubscription> subscriptions = new CopyOnWriteArrayList<>();

	FakeEvents(FakeHost host, VirtualClock clock) {
		this.host = host;
		this.clock = clock;
	}

	/**
	 * What the plugin has published.
	 * @return oldest first, immutable
	 */
	public List<Event> published() {
		return List.copyOf(this.published);
	}

	/**
	 * Lets something happen: the plugin's subscriptions get it, on this thread.
	 * @param events of one batch
	 */
	public void emit(Event... events) {
		List<Event> stamped = List.of(events).stream().map((event) -> stamp(event, "gateway")).toList();
		this.subscriptions.forEach((subscription) -> subscription.take(stamped));
	}

	@Override
	public CompletionStage<Void> publish(Event event) {
		return publishAll(List.of(event));
	}

	@Override
	public CompletionStage<Void> publishAll(List<Event> events) {
		return this.host.answer("events.publish", () -> {
			for (Event event : events) {
				if (!event.type().startsWith("plugin." + PluginHarness.NAME + ".")) {
					throw new HostException(HostException.Reason.INVALID,
							"type: expected: plugin." + PluginHarness.NAME + ".*, got: " + event.type());
				}
				this.published.add(stamp(event, PluginHarness.NAME));
			}
			return events;
		}).thenAccept((taken) -> {
		});
	}

	@Override
	public Subscription subscribe(EventFilter filter, Reader<EventBatch> reader) {
		FakeSubscription subscription = new FakeSubscription(filter, reader);
		HostException refusal = this.host.refusal("events.subscribe");
		if (refusal != null) {
			subscription.ended.completeExceptionally(refusal);
		}
		this.subscriptions.add(subscription);
		return subscription;
	}

	Event stamp(Event event, String source) {
		long number = this.sequence.incrementAndGet();
		return new Event(Long.toString(number), event.type(), event.data(), this.clock.instant(), source,
				event.metadata(), REPLICA, number, event.cluster());
	}

	private static final class FakeSubscription implements Subscription {

		private final EventFilter filter;

		private final Reader<EventBatch> reader;

		private final CompletableFuture<Void> ended = new CompletableFuture<>();

		FakeSubscription(EventFilter filter, Reader<EventBatch> reader) {
			this.filter = filter;
			this.reader = reader;
		}

		void take(List<Event> events) {
			List<Event> wanted = events.stream().filter(this.filter::matches).toList();
			if (wanted.isEmpty() || this.ended.isDone()) {
				return;
			}
			try {
				this.reader.read(new EventBatch(wanted, 0));
			}
			catch (Exception ex) {
				this.ended.completeExceptionally(ex);
			}
		}

		@Override
		public void close() {
			this.ended.complete(null);
		}

		@Override
		public CompletionStage<Void> ended() {
			return this.ended.minimalCompletionStage();
		}

	}

}
