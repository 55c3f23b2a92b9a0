package org.hkpgateway.host;

import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.grpc.stub.StreamObserver;
import org.hkpgateway.proto.Empty;
import org.hkpgateway.proto.Event;
import org.hkpgateway.proto.EventBatch;
import org.hkpgateway.proto.EventFilter;
import org.hkpgateway.testsupport.EventTally;

/**
 * In the process of a plugin: what it does with events at its host.
 */
public final class HostEvents {

	private static final HostEvents own = new HostEvents();

	private static final ByteString DATA = ByteString.copyFromUtf8("{\"text\":\"" + "x".repeat(100) + "\"}");

	private final HostClient client = HostClient.of(System.getenv());

	private final EventTally tally = new EventTally();

	private boolean watching;

	private final Set<String> ids = new HashSet<>();

	private final Map<String, Long> byReplica = new TreeMap<>();

	private long twice;

	private long missed;

	private volatile String floodEnd = "flooding";

	private HostEvents() {
	}

	/**
	 * Does what a query names. Blocks.
	 * @param query {@code call} and what it needs
	 * @return what came of it, or the refusal of the host
	 */
	public static String ask(Map<String, String> query) {
		try {
			return switch (query.get("call")) {
				case "publish" -> own.publish(event(query), number(query, "count"));
				case "stream" -> own.stream(event(query), number(query, "count"));
				case "flood" -> own.flood(query.get("type"), number(query, "seconds"), number(query, "count"),
						number(query, "most-seconds"));
				case "flooded" -> own.floodEnd;
				case "read" -> own.read(query.get("type"));
				case "told" -> own.tally.told();
				case "watch" -> own.watch(query.get("type"));
				case "watched" -> own.watched();
				case "replica" -> own.replica();
				default -> "expected: a call that this program knows, got: " + query;
			};
		}
		catch (StatusRuntimeException ex) {
			return text(ex.getStatus());
		}
		catch (Exception ex) {
			return ex.toString();
		}
	}

	private static int number(Map<String, String> query, String name) {
		return Integer.parseInt(query.get(name));
	}

	private static String text(Status status) {
		return status.getCode() + ": " + status.getDescription();
	}

	private static Event event(String type) {
		return Event.newBuilder().setType(type).setData(DATA).build();
	}

	private static Event event(Map<String, String> query) {
		return event(query.get("type")).toBuilder().setCluster(query.containsKey("cluster")).build();
	}

	private String publish(Event event, int count) {
		for (int i = 0; i < count; i++) {
			this.client.token(System.getenv()).publishEvent(event);
		}
		return "published";
	}

	private String replica() {
		return this.client.token(System.getenv())
			.getHostInfo(Empty.getDefaultInstance())
			.getConfigurationOrThrow("replica");
	}

	private String stream(Event event, int count) throws Exception {
		Answer answer = new Answer();
		StreamObserver<Event> writer = this.client.streams(System.getenv()).publishEvents(answer);
		for (int i = 0; i < count; i++) {
			writer.onNext(event);
		}
		writer.onCompleted();
		return answer.end.get(20, TimeUnit.SECONDS);
	}

	/**
	 * As fast as the host takes them: until time and number are reached, or the most
	 * time.
	 */
	private String flood(String type, int seconds, int count, int mostSeconds) {
		AtomicLong sent = new AtomicLong();
		long start = System.nanoTime();
		BooleanSupplier over = () -> {
			long passed = System.nanoTime() - start;
			return passed > TimeUnit.SECONDS.toNanos(mostSeconds)
					|| (passed > TimeUnit.SECONDS.toNanos(seconds) && sent.get() >= count);
		};
		Event event = event(type);
		Answer answer = new Answer() {

			@Override
			public void beforeStart(ClientCallStreamObserver<Event> call) {
				call.setOnReadyHandler(() -> {
					while (call.isReady() && !over.getAsBoolean()) {
						call.onNext(event);
						sent.incrementAndGet();
					}
					if (over.getAsBoolean() && !this.completed) {
						this.completed = true;
						call.onCompleted();
					}
				});
			}

		};
		var unused = this.client.streams(System.getenv()).publishEvents(answer);
		answer.end.thenAccept((end) -> this.floodEnd = end.equals("answered")
				? "sent " + sent + " in " + Duration.ofNanos(System.nanoTime() - start).toMillis() + " ms" : end);
		return "flooding";
	}

	private String read(String type) {
		EventFilter filter = EventFilter.newBuilder().addAllEventTypes(List.of(type.split(","))).build();
		this.client.streams(System.getenv()).subscribeEvents(filter, new StreamObserver<EventBatch>() {

			@Override
			public void onNext(EventBatch batch) {
				HostEvents.this.note(batch);
			}

			@Override
			public void onError(Throwable failure) {
				HostEvents.this.tally.end(text(Status.fromThrowable(failure)));
			}

			@Override
			public void onCompleted() {
				HostEvents.this.tally.end("completed");
			}

		});
		return "reading";
	}

	/** Remembers what came, and what came twice: for thousands of events. */
	private String watch(String type) {
		synchronized (this) {
			this.watching = true;
		}
		return read(type);
	}

	private void watch(Event event) {
		if (!this.ids.add(event.getId())) {
			this.twice++;
		}
		if (event.getType().equals("cluster.gap")) {
			this.missed += Long.parseLong(event.getMetadataOrThrow("missed"));
		}
		else {
			this.byReplica.merge(event.getReplica(), 1L, Long::sum);
		}
	}

	private synchronized String watched() {
		return this.tally.end() + " twice=" + this.twice + " missed=" + this.missed + " dropped=" + this.tally.dropped()
				+ " " + this.byReplica + " " + this.tally.types();
	}

	private synchronized void note(EventBatch batch) {
		this.tally.note(batch);
		if (this.watching) {
			batch.getEventsList().forEach(this::watch);
		}
	}

	private static class Answer implements ClientResponseObserver<Event, Empty> {

		final CompletableFuture<String> end = new CompletableFuture<>();

		boolean completed;

		@Override
		public void beforeStart(ClientCallStreamObserver<Event> call) {
		}

		@Override
		public void onNext(Empty answer) {
		}

		@Override
		public void onError(Throwable failure) {
			this.end.complete(text(Status.fromThrowable(failure)));
		}

		@Override
		public void onCompleted() {
			this.end.complete("answered");
		}

	}

}
