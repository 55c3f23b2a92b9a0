package org.hkpgateway.lifecycle;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;

import org.hkpgateway.plugin.EmittedEvent;
import org.hkpgateway.plugin.EventClient;
import org.hkpgateway.plugin.PluginEvent;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * Notes what it is brought, and takes it unless told otherwise.
 */
final class FakeEventClient implements EventClient {

	/** Each delivery as the data of its events, and what was lost before them. */
	final List<String> deliveries = new ArrayList<>();

	/** What comes of the next ones. */
	final Deque<Mono<Receipt>> answers = new ArrayDeque<>();

	/** What it emits, for one listener. */
	final Sinks.Many<EmittedEvent> emitted = Sinks.many().unicast().onBackpressureBuffer();

	Wish wish = new Wish(List.of("x"), Map.of());

	@Override
	public Wish wish() {
		return this.wish;
	}

	@Override
	public Mono<Receipt> deliver(List<? extends PluginEvent> events, long lost) {
		this.deliveries.add(events.stream().map(PluginEvent::data).toList() + ((lost > 0) ? " lost " + lost : ""));
		return this.answers.isEmpty() ? Mono.just(Receipt.TAKEN) : this.answers.remove();
	}

	@Override
	public Flux<EmittedEvent> emitted() {
		return this.emitted.asFlux();
	}

}
