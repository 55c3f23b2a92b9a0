package org.hkpgateway.plugin;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Brings events to one plugin process. Nothing here blocks.
 */
public interface EventClient {

	/**
	 * What it is to be brought.
	 * @return as the plugin says, or what is usual for its kind
	 */
	Wish wish();

	/**
	 * Brings it events, in their order, each once. One call after the other.
	 * @param events at least one, oldest first
	 * @param lost how many it wanted and will never get, from before these
	 * @return what came of it, in bounded time; or {@link NotTaken}: it knows no method
	 * for events and is to be left alone
	 */
	Mono<Receipt> deliver(List<? extends PluginEvent> events, long lost);

	/**
	 * Listens to what it emits, from the subscription on, and reads no more of it than is
	 * asked for.
	 * @return a cold sequence, on a thread that must not be blocked. Ends when the
	 * connection is closed, or with {@link NotTaken}: it knows no such method
	 */
	Flux<EmittedEvent> emitted();

	/**
	 * Which events.
	 *
	 * @param types whole types, or the beginning of types followed by {@code *}; empty
	 * for all
	 * @param metadata values that an event must have
	 */
	record Wish(List<String> types, Map<String, String> metadata) {

		public Wish {
			types = List.copyOf(types);
			metadata = Map.copyOf(metadata);
		}

	}

	/**
	 * What came of a delivery.
	 *
	 * @param failed how many events it did not take; they are lost
	 * @param failure why, of the first one; null if it took all
	 * @param emitted what it would like to publish in answer
	 */
	record Receipt(int failed, @Nullable PluginFailure failure, List<EmittedEvent> emitted) {

		/** It took everything and said nothing. */
		public static final Receipt TAKEN = new Receipt(0, null, List.of());

		public Receipt {
			emitted = List.copyOf(emitted);
		}

		/**
		 * It did not take events.
		 * @param events how many
		 * @param failure why
		 * @return a receipt
		 */
		public static Receipt failed(int events, PluginFailure failure) {
			return new Receipt(events, failure, List.of());
		}

		/**
		 * One for both.
		 * @param next of events that came after those of this
		 * @return a receipt
		 */
		public Receipt and(Receipt next) {
			List<EmittedEvent> all = new ArrayList<>(this.emitted);
			all.addAll(next.emitted);
			return new Receipt(this.failed + next.failed, (this.failure != null) ? this.failure : next.failure, all);
		}

	}

	/** The plugin knows no method for events, and will not learn one. */
	final class NotTaken extends RuntimeException {

		private static final long serialVersionUID = 1L;

		public NotTaken(String message) {
			super(message, null, false, false);
		}

	}

}
