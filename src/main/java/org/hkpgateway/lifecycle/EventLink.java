package org.hkpgateway.lifecycle;

import java.time.Duration;

import org.hkpgateway.events.EventBatch;
import org.hkpgateway.events.EventFilter;
import org.hkpgateway.events.PluginEvents;
import org.hkpgateway.log.SparseLines;
import org.hkpgateway.plugin.Capability;
import org.hkpgateway.plugin.EmittedEvent;
import org.hkpgateway.plugin.EventClient;
import org.hkpgateway.plugin.PluginFailure;
import org.hkpgateway.plugin.PluginSpec;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * One process and the event bus. Events are brought to it one call after the other, each
 * with what has come meanwhile; what a call did not bring is lost. A process that fails
 * is left alone for a moment, and what it misses then waits in the bounded buffer of the
 * bus.
 */
final class EventLink {

	/** After a call that failed. */
	static final Duration REST = Duration.ofSeconds(1);

	private static final Logger logger = LoggerFactory.getLogger(EventLink.class);

	private final PluginSpec spec;

	private final EventClient client;

	private final PluginEvents events;

	/** Lost by calls, and not told yet. Touched by one call after the other. */
	private long untold;

	private boolean failing;

	private final SparseLines refusals = new SparseLines();

	EventLink(PluginSpec spec, EventClient client, PluginEvents events) {
		this.spec = spec;
		this.client = client;
		this.events = events;
	}

	/**
	 * Begins.
	 * @return ends it
	 */
	Disposable open() {
		Disposable.Composite link = Disposables.composite();
		if (this.spec.granted().contains(Capability.EVENTS_SUBSCRIBE)) {
			link.add(deliveries().subscribe(null,
					(failure) -> logger.error("plugin {}: no more events are brought to it", this.spec.id(), failure)));
		}
		if (this.spec.granted().contains(Capability.EVENTS_PUBLISH)) {
			link.add(publish(this.client.emitted()).subscribe(null, (end) -> logger
				.debug("plugin {}: nobody listens to events that it emits: {}", this.spec.id(), end.getMessage())));
		}
		return link;
	}

	private Flux<Void> deliveries() {
		EventClient.Wish wish = this.client.wish();
		Flux<EventBatch> batches;
		try {
			batches = this.events.subscribe(this.spec.id(), new EventFilter(wish.types(), wish.metadata()));
		}
		catch (IllegalArgumentException ex) {
			logger.warn("plugin {}: no events are brought to it: event_filter of its answer to Initialize: {}",
					this.spec.id(), ex.getMessage());
			return Flux.empty();
		}
		return batches.concatMap(this::deliver, 0).onErrorResume(EventClient.NotTaken.class, (why) -> {
			logger.info("plugin {}: no events are brought to it: {}", this.spec.id(), why.getMessage());
			return Flux.empty();
		});
	}

	private Mono<Void> deliver(EventBatch batch) {
		long lost = batch.lost() + this.untold;
		return this.client.deliver(batch.events(), lost).flatMap((receipt) -> {
			int taken = batch.events().size() - receipt.failed();
			// Who took a part of the events was told what was lost before them.
			this.untold = receipt.failed() + ((taken > 0) ? 0 : lost);
			if (taken > 0) {
				this.events.delivered(this.spec.id(), taken);
			}
			if (receipt.failed() > 0) {
				this.events.lost(this.spec.id(), receipt.failed());
			}
			tell(receipt.failure());
			Mono<Void> rest = (receipt.failed() > 0) ? Mono.delay(REST).then() : Mono.empty();
			return receipt.emitted().isEmpty() ? rest : publish(Flux.fromIterable(receipt.emitted())).then(rest);
		});
	}

	private Mono<Void> publish(Flux<EmittedEvent> emitted) {
		return this.spec.granted().contains(Capability.EVENTS_PUBLISH)
				? this.events.publishAll(this.spec.id(), emitted, this::refused) : Mono.empty();
	}

	/** Tells it at most once in ten seconds, so that a plugin cannot fill the log. */
	private void refused(String why) {
		this.refusals.write((unsaid) -> logger.warn("plugin {}: an event that it emitted is left out: {}{}",
				this.spec.id(), why, SparseLines.more(unsaid)));
	}

	/** The first failure in a row, and its end. */
	private void tell(@Nullable PluginFailure failure) {
		if (failure != null && !this.failing) {
			logger.warn("events are lost, because it does not take them: {}", failure.getMessage());
		}
		else if (failure == null && this.failing) {
			logger.info("plugin {}: takes events again", this.spec.id());
		}
		this.failing = failure != null;
	}

}
