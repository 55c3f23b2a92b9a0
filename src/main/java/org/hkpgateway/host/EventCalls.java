package org.hkpgateway.host;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import org.hkpgateway.events.EventBatch;
import org.hkpgateway.events.PluginEvents;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.proto.Empty;
import org.hkpgateway.proto.Event;
import org.hkpgateway.proto.EventFilter;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Events as the protocol has them.
 */
final class EventCalls {

	/** For a few readers in each of two processes, while a plugin is swapped. */
	static final int MOST_READERS = 16;

	private final PluginEvents events;

	/** How many streams of events each plugin reads; no entry for none. */
	private final Map<PluginId, Integer> readers = new ConcurrentHashMap<>();

	EventCalls(PluginEvents events) {
		this.events = events;
	}

	/** Answered when the plugin may publish more. */
	void publish(Event request, StreamObserver<Empty> answer) {
		PluginId plugin = CallerIdentity.current().plugin().id();
		Reply.with(() -> {
			Duration pause = this.events.publish(plugin, EventMessages.toEmitted(request));
			Mono<Empty> published = Mono.just(Empty.getDefaultInstance());
			return pause.isZero() ? published : published.delayElement(pause);
		}, answer);
	}

	StreamObserver<Event> publishAll(StreamObserver<Empty> answer) {
		PluginId plugin = CallerIdentity.current().plugin().id();
		return new EventWriter((ServerCallStreamObserver<Empty>) answer, (event) -> this.events.publish(plugin, event));
	}

	void subscribe(EventFilter request, StreamObserver<org.hkpgateway.proto.EventBatch> answer) {
		PluginId plugin = CallerIdentity.current().plugin().id();
		Flux<EventBatch> batches;
		try {
			batches = this.events.subscribe(plugin, EventMessages.toFilter(request));
		}
		catch (IllegalArgumentException ex) {
			answer.onError(Status.INVALID_ARGUMENT.withDescription(ex.getMessage()).asRuntimeException());
			return;
		}
		if (!enter(plugin)) {
			answer.onError(Status.RESOURCE_EXHAUSTED
				.withDescription("expected: at most " + MOST_READERS
						+ " streams of events at once, got: another; end one, or read more types from one")
				.asRuntimeException());
			return;
		}
		batches.doFinally((end) -> leave(plugin))
			.subscribe(new EventReader((ServerCallStreamObserver<org.hkpgateway.proto.EventBatch>) answer,
					(sent) -> this.events.delivered(plugin, sent)));
	}

	private boolean enter(PluginId plugin) {
		boolean[] entered = new boolean[1];
		this.readers.compute(plugin, (id, before) -> {
			int now = (before != null) ? before : 0;
			entered[0] = now < MOST_READERS;
			return entered[0] ? now + 1 : now;
		});
		return entered[0];
	}

	private void leave(PluginId plugin) {
		this.readers.computeIfPresent(plugin, (id, before) -> (before > 1) ? before - 1 : null);
	}

}
