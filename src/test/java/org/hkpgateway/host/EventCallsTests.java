package org.hkpgateway.host;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.grpc.stub.StreamObserver;
import org.hkpgateway.plugin.Capability;
import org.hkpgateway.plugin.HostAccess;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.TestSpec;
import org.hkpgateway.proto.Empty;
import org.hkpgateway.proto.Event;
import org.hkpgateway.proto.EventBatch;
import org.hkpgateway.proto.PluginHostGrpc.PluginHostBlockingStub;
import org.hkpgateway.proto.PluginHostGrpc.PluginHostStub;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

/**
 * Events as plugins see them, over their socket.
 */
@Timeout(60)
class EventCallsTests {

	private static final PluginSpec ALPHA = TestSpec.named("alpha")
		.granted(Capability.EVENTS_PUBLISH, Capability.EVENTS_SUBSCRIBE)
		.build();

	private final TestHost host = new TestHost();

	private final HostAccess.Session session = this.host.open(ALPHA, "a");

	private final HostClient client = HostClient.of(this.session.environment());

	private final PluginHostBlockingStub stub = this.client.token(this.session.environment());

	private final PluginHostStub streams = this.client.streams(this.session.environment());

	@AfterEach
	void close() {
		this.client.close();
		this.session.close();
		this.host.close();
	}

	private static Event event(String type) {
		return Event.newBuilder().setType(type).setData(ByteString.copyFromUtf8("{\"a\":1}")).build();
	}

	private static org.hkpgateway.proto.EventFilter filter(String... types) {
		return org.hkpgateway.proto.EventFilter.newBuilder().addAllEventTypes(List.of(types)).build();
	}

	@Test
	void whatIsPublishedArrivesWithTheGatewaysSourceAndNumber() {
		Reader reader = new Reader(Integer.MAX_VALUE);
		this.streams.subscribeEvents(filter("plugin.alpha.*"), reader);
		awaitSubscriber();
		Event forged = event("plugin.alpha.a").toBuilder()
			.setId("mine")
			.setSource("gateway")
			.setSequence(77)
			.setReplica("other")
			.setTimestamp(1)
			.putMetadata("k", "v")
			.build();
		assertThat(this.stub.publishEvent(forged)).isEqualTo(Empty.getDefaultInstance());
		assertThat(this.stub.publishEvent(event("plugin.alpha.b"))).isEqualTo(Empty.getDefaultInstance());
		Event first = reader.next();
		assertThat(first.getType()).isEqualTo("plugin.alpha.a");
		assertThat(first.getData().toStringUtf8()).isEqualTo("{\"a\":1}");
		assertThat(first.getMetadataMap()).isEqualTo(Map.of("k", "v"));
		assertThat(first.getId()).isNotEqualTo("mine").isNotEmpty();
		assertThat(first.getSource()).isEqualTo("alpha");
		assertThat(first.getSequence()).isEqualTo(1);
		assertThat(first.getReplica()).isEqualTo(this.host.bus.replica());
		assertThat(first.getCluster()).isFalse();
		assertThat(first.getTimestamp()).isBetween(System.currentTimeMillis() / 1000 - 60,
				System.currentTimeMillis() / 1000 + 1);
		assertThat(reader.next().getSequence()).isEqualTo(2);
		this.stub.publishEvent(event("plugin.alpha.c").toBuilder().setCluster(true).build());
		assertThat(reader.next().getCluster()).isTrue();
	}

	@Test
	void anEventThatIsNotThePluginsIsRefused() {
		Status status = catchThrowableOfType(StatusRuntimeException.class,
				() -> this.stub.publishEvent(event("key.changed")))
			.getStatus();
		assertThat(status.getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
		assertThat(status.getDescription()).isEqualTo("type: expected: plugin.alpha.<words>, at most 128 letters, "
				+ "digits, '-', '_' and dots, got: 'key.changed'");
	}

	@Test
	void aStreamOfEventsKeepsItsOrder() throws Exception {
		Reader reader = new Reader(Integer.MAX_VALUE);
		this.streams.subscribeEvents(filter(), reader);
		awaitSubscriber();
		Answer answer = new Answer();
		StreamObserver<Event> writer = this.streams.publishEvents(answer);
		for (int i = 0; i < 5_000; i++) {
			writer.onNext(event("plugin.alpha.number-" + i));
		}
		writer.onCompleted();
		assertThat(answer.status()).isEqualTo("answered");
		for (int i = 0; i < 5_000; i++) {
			Event event = reader.next();
			assertThat(event.getType()).isEqualTo("plugin.alpha.number-" + i);
			assertThat(event.getSequence()).isEqualTo(i + 1);
		}
	}

	@Test
	void theFirstRefusedEventEndsTheStream() throws Exception {
		Reader reader = new Reader(Integer.MAX_VALUE);
		this.streams.subscribeEvents(filter(), reader);
		awaitSubscriber();
		Answer answer = new Answer();
		StreamObserver<Event> writer = this.streams.publishEvents(answer);
		writer.onNext(event("plugin.alpha.a"));
		writer.onNext(event("plugin.beta.a"));
		writer.onNext(event("plugin.alpha.b"));
		assertThat(answer.status()).startsWith("INVALID_ARGUMENT: event 2 of the stream: type: expected: plugin.alpha.")
			.endsWith("(those before it are published)");
		assertThat(reader.next().getType()).isEqualTo("plugin.alpha.a");
		this.host.bus.publish("key.changed", "gateway", Map.of(), () -> "{}");
		assertThat(reader.next().getType()).isEqualTo("key.changed");
	}

	@Test
	void filtersChooseByTypeAndMetadata() {
		Reader reader = new Reader(Integer.MAX_VALUE);
		this.streams.subscribeEvents(filter("key.*").toBuilder().putMetadataFilters("change", "inserted").build(),
				reader);
		awaitSubscriber();
		this.host.bus.publish("key.changed", "gateway", Map.of("change", "updated"), () -> "{\"n\":1}");
		this.host.bus.publish("plugin.state", "gateway", Map.of("change", "inserted"), () -> "{\"n\":2}");
		this.host.bus.publish("key.changed", "gateway", Map.of("change", "inserted", "a", "b"), () -> "{\"n\":3}");
		assertThat(reader.next().getData().toStringUtf8()).isEqualTo("{\"n\":3}");
		assertThat(catchThrowableOfType(StatusRuntimeException.class,
				() -> this.stub.subscribeEvents(filter("x".repeat(129))).hasNext())
			.getStatus()
			.getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
	}

	@Test
	void whoDoesNotReadLosesTheOldestAndIsToldHowMany() {
		int published = 60_000;
		String data = "{\"a\":\"" + "x".repeat(200) + "\"}";
		Reader reader = new Reader(0);
		this.streams.subscribeEvents(filter("x"), reader);
		awaitSubscriber();
		for (int i = 0; i < published; i++) {
			this.host.bus.publish("x", "gateway", Map.of(), () -> data);
			if (i % 500 == 0) {
				// Time to send whatever would be sent.
				LockSupport.parkNanos(1_000_000);
			}
		}
		reader.request(Integer.MAX_VALUE);
		long last = 0;
		while (last < published) {
			Event event = reader.next();
			assertThat(event.getSequence()).isGreaterThan(last);
			last = event.getSequence();
		}
		assertThat(reader.dropped).isPositive();
		assertThat(reader.received + reader.dropped).isEqualTo(published);
		// What waits at the bus, and about as much in the buffers of the connection.
		assertThat(reader.received).isLessThan(published / 2);
	}

	@Test
	void aPluginReadsAFewStreamsAtOnce() {
		// Calls wait for the connection in any order, and go out on it in turn.
		assertThat(this.stub.publishEvent(event("plugin.alpha.a"))).isEqualTo(Empty.getDefaultInstance());
		List<Reader> readers = new ArrayList<>();
		for (int i = 0; i < EventCalls.MOST_READERS; i++) {
			Reader reader = new Reader(1);
			this.streams.subscribeEvents(filter("x"), reader);
			readers.add(reader);
		}
		assertThat(catchThrowableOfType(StatusRuntimeException.class,
				() -> this.stub.subscribeEvents(filter("x")).hasNext())
			.getStatus()
			.toString()).contains("RESOURCE_EXHAUSTED", "expected: at most 16 streams of events at once, got: another");
		readers.get(3).cancel();
		TestHost.await("a place for another stream", () -> {
			Iterator<EventBatch> another = this.stub.withDeadlineAfter(100, TimeUnit.MILLISECONDS)
				.subscribeEvents(filter("x"));
			return catchThrowableOfType(StatusRuntimeException.class, another::hasNext).getStatus()
				.getCode() == Status.Code.DEADLINE_EXCEEDED;
		});
	}

	@Test
	void theEndOfASessionEndsItsStreams() throws Exception {
		Reader reader = new Reader(1);
		this.streams.subscribeEvents(filter(), reader);
		awaitSubscriber();
		this.session.close();
		reader.ended.get(20, TimeUnit.SECONDS);
		TestHost.await("an end of the subscription", this.host.bus::isQuiet);
	}

	private void awaitSubscriber() {
		TestHost.await("a subscriber", () -> !this.host.bus.isQuiet());
	}

	/** Counts what it is sent. */
	private static final class Reader implements ClientResponseObserver<org.hkpgateway.proto.EventFilter, EventBatch> {

		private final BlockingQueue<Event> events = new LinkedBlockingQueue<>();

		private final int first;

		final CompletableFuture<String> ended = new CompletableFuture<>();

		volatile long dropped;

		volatile long received;

		private volatile ClientCallStreamObserver<org.hkpgateway.proto.EventFilter> call;

		Reader(int first) {
			this.first = first;
		}

		@Override
		public void beforeStart(ClientCallStreamObserver<org.hkpgateway.proto.EventFilter> started) {
			started.disableAutoRequestWithInitial(this.first);
			this.call = started;
		}

		void request(int batches) {
			this.call.request(batches);
		}

		void cancel() {
			this.call.cancel("enough", null);
		}

		@Override
		public void onNext(EventBatch batch) {
			this.dropped += batch.getDropped();
			this.received += batch.getEventsCount();
			this.events.addAll(batch.getEventsList());
		}

		@Override
		public void onError(Throwable failure) {
			this.ended.complete(failure.toString());
		}

		@Override
		public void onCompleted() {
			this.ended.complete("completed");
		}

		Event next() {
			try {
				Event event = this.events.poll(Duration.ofSeconds(20).toNanos(), TimeUnit.NANOSECONDS);
				assertThat(event).as("an event within 20 s").isNotNull();
				return event;
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
				throw new IllegalStateException(ex);
			}
		}

	}

	/** How a stream of a plugin's ended. */
	private static final class Answer implements StreamObserver<Empty> {

		private final CompletableFuture<String> end = new CompletableFuture<>();

		@Override
		public void onNext(Empty answer) {
		}

		@Override
		public void onError(Throwable failure) {
			Status status = Status.fromThrowable(failure);
			this.end.complete(status.getCode() + ": " + status.getDescription());
		}

		@Override
		public void onCompleted() {
			this.end.complete("answered");
		}

		String status() throws Exception {
			return this.end.get(20, TimeUnit.SECONDS);
		}

	}

}
