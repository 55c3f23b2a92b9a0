package org.hkpgateway.sdk.host;

import java.util.List;
import java.util.concurrent.CompletionStage;

/**
 * The events of the gateway and its plugins. Nothing blocks. Thread-safe. A plugin that
 * wants events for as long as it lives declares {@code PluginOptions.handlesEvents()}
 * instead of subscribing.
 */
public interface Events {

	/**
	 * Publishes one event; needs the grant {@code events.publish}.
	 * @param event of a type {@code plugin.<own name>.<what>}
	 * @return completes when the gateway has it, within five seconds; fails with a
	 * {@link HostException}, {@code INVALID} for an event that it refuses. A plugin that
	 * publishes very many is made to wait
	 */
	CompletionStage<Void> publish(Event event);

	/**
	 * Publishes events in order, at the pace at which the gateway takes them; needs the
	 * same grant.
	 * @param events of such types
	 * @return completes when the gateway has all of them, within a minute; fails as
	 * {@link #publish}, and then those before the one that is refused are published
	 */
	CompletionStage<Void> publishAll(List<Event> events);

	/**
	 * Reads events from now on; needs the grant {@code events.subscribe}. When the
	 * connection breaks, or the gateway ends the stream or is not connected to the
	 * plugin, it is opened again after 100 ms to 5 s; what happens meanwhile is lost and
	 * not counted. One that was opened in an {@code init} that failed ends with it. A
	 * reader that is slow loses the oldest, beyond 10 000 events or 4 MiB, and is told
	 * how many.
	 * @param filter which ones
	 * @param reader gets them, on a thread of the SDK, where it may block
	 * @return the subscription, which the gateway may have refused
	 */
	Subscription subscribe(EventFilter filter, Reader<EventBatch> reader);

	/** A subscription. */
	interface Subscription extends AutoCloseable {

		/** Ends it. Does not block, and may be called again. */
		@Override
		void close();

		/**
		 * When it has ended.
		 * @return completes after {@link #close}; fails with what the reader has thrown,
		 * or with a {@link HostException} that opening again would not help:
		 * {@code NOT_GRANTED}, {@code INVALID}, {@code QUOTA}
		 */
		CompletionStage<Void> ended();

	}

}
