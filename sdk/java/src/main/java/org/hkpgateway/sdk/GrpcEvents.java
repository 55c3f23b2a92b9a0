package org.hkpgateway.sdk;

import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.ClientResponseObserver;
import org.hkpgateway.proto.Empty;
import org.hkpgateway.proto.PluginHostGrpc;
import org.hkpgateway.sdk.host.Event;
import org.hkpgateway.sdk.host.EventBatch;
import org.hkpgateway.sdk.host.EventFilter;
import org.hkpgateway.sdk.host.Events;
import org.hkpgateway.sdk.host.HostException;
import org.hkpgateway.sdk.host.Reader;

import org.jspecify.annotations.Nullable;

/**
 * Events as the host service has them.
 */
final class GrpcEvents implements Events {

	static final String SUBSCRIBE = "events.subscribe";

	private static final String PUBLISH = "events.publish";

	private static final Duration ALL = Duration.ofMinutes(1);

	private final HostLink link;

	GrpcEvents(HostLink link) {
		this.link = link;
	}

	@Override
	public CompletionStage<Void> publish(Event event) {
		return done(this.link.call(PUBLISH, PluginHostGrpc.getPublishEventMethod(), EventMessages.message(event),
				GrpcHost.TIMEOUT, (answer) -> answer));
	}

	@Override
	public CompletionStage<Void> publishAll(List<Event> events) {
		CompletableFuture<Empty> future = new CompletableFuture<>();
		try {
			ClientCalls.asyncClientStreamingCall(
					this.link.channel(PUBLISH).call(PluginHostGrpc.getPublishEventsMethod(), ALL),
					new Publication(List.copyOf(events).iterator(), new HostAnswer<>(future, (answer) -> answer)));
		}
		catch (HostException ex) {
			future.completeExceptionally(ex);
		}
		return done(future);
	}

	@Override
	public Subscription subscribe(EventFilter filter, Reader<EventBatch> reader) {
		EventSubscription subscription = new EventSubscription(this.link, filter, reader);
		this.link.keep(subscription);
		subscription.open();
		return subscription;
	}

	private static CompletionStage<Void> done(CompletionStage<Empty> stage) {
		return stage.thenAccept((answer) -> {
		});
	}

	/** Sends events as long as there is room, and goes on when there is room again. */
	private static final class Publication implements ClientResponseObserver<org.hkpgateway.proto.Event, Empty> {

		private final Iterator<Event> events;

		private final HostAnswer<Empty, Empty> answer;

		private @Nullable ClientCallStreamObserver<org.hkpgateway.proto.Event> out;

		private boolean ended;

		Publication(Iterator<Event> events, HostAnswer<Empty, Empty> answer) {
			this.events = events;
			this.answer = answer;
		}

		@Override
		public void beforeStart(ClientCallStreamObserver<org.hkpgateway.proto.Event> out) {
			this.out = out;
			out.setOnReadyHandler(this::send);
		}

		private void send() {
			ClientCallStreamObserver<org.hkpgateway.proto.Event> stream = this.out;
			if (stream == null || this.ended) {
				return;
			}
			while (stream.isReady() && this.events.hasNext()) {
				stream.onNext(EventMessages.message(this.events.next()));
			}
			if (!this.events.hasNext()) {
				this.ended = true;
				stream.onCompleted();
			}
		}

		@Override
		public void onNext(Empty message) {
			this.answer.onNext(message);
		}

		@Override
		public void onError(Throwable failure) {
			this.answer.onError(failure);
		}

		@Override
		public void onCompleted() {
			this.answer.onCompleted();
		}

	}

}
