package org.hkpgateway.grpc;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import org.hkpgateway.proto.Empty;
import org.hkpgateway.proto.Event;
import org.hkpgateway.proto.EventBatch;
import org.hkpgateway.proto.EventFilter;
import org.hkpgateway.proto.InitResponse;
import org.hkpgateway.proto.KeyChangeEvent;
import org.hkpgateway.testsupport.EventTally;

/**
 * What {@link FakePlugin} does with the events that it is brought.
 */
final class FakeEvents {

	/** What it does with them. */
	enum Manners {

		/** Does not declare the feature, and knows no method. */
		OFF,
		/** Takes batches of what is usual. */
		BATCHES,
		/** Takes batches of everything. */
		EVERYTHING,
		/** Takes batches of what {@code writer} emits, and only counts them. */
		COUNTS,
		/** Takes one at a time. */
		SINGLES,
		/** Takes one at a time, and goes away over it. */
		SINGLES_UNTIL_AWAY,
		/** As plugins of the earlier generation. */
		KEY_CHANGES,
		/** Declares the feature and knows no method. */
		UNKNOWN,
		/** Takes batches, and fails each second one. */
		FAILS_EVERY_OTHER, NEVER_ANSWERS,
		/** Emits three events, the second of which it may not, and no more. */
		EMITS,
		/** Emits one and ends the stream. */
		EMITS_AND_ENDS,
		/** Emits as many as anybody takes. */
		EMITS_A_FLOOD

	}

	volatile Manners manners = Manners.OFF;

	final Queue<EventBatch> batches = new ConcurrentLinkedQueue<>();

	final Queue<Event> singles = new ConcurrentLinkedQueue<>();

	final Queue<KeyChangeEvent> keyChanges = new ConcurrentLinkedQueue<>();

	/** How often somebody began to listen to it. */
	final AtomicLong listened = new AtomicLong();

	/** Events of the flood that gRPC has taken. */
	final AtomicLong flooded = new AtomicLong();

	private final AtomicLong calls = new AtomicLong();

	private final EventTally tally = new EventTally();

	void declare(InitResponse.Builder answer) {
		if (this.manners != Manners.OFF && this.manners != Manners.KEY_CHANGES
				&& !this.manners.name().startsWith("EMITS")) {
			answer.addFeatures("events");
		}
		if (this.manners == Manners.EVERYTHING) {
			answer.setEventFilter(EventFilter.getDefaultInstance());
		}
		if (this.manners == Manners.COUNTS) {
			answer.setEventFilter(EventFilter.newBuilder().addEventTypes("plugin.writer.*"));
		}
	}

	void take(EventBatch batch, StreamObserver<Empty> answer) {
		switch (this.manners) {
			case BATCHES, EVERYTHING -> {
				this.batches.add(batch);
				taken(answer);
			}
			case COUNTS -> {
				this.tally.note(batch);
				taken(answer);
			}
			case FAILS_EVERY_OTHER -> {
				if (this.calls.incrementAndGet() % 2 == 0) {
					answer.onError(Status.INTERNAL.withDescription("cannot").asRuntimeException());
				}
				else {
					this.batches.add(batch);
					taken(answer);
				}
			}
			case NEVER_ANSWERS -> this.batches.add(batch);
			case OFF, SINGLES, SINGLES_UNTIL_AWAY, KEY_CHANGES, UNKNOWN, EMITS, EMITS_AND_ENDS, EMITS_A_FLOOD ->
				unknown(answer);
		}
	}

	void take(Event event, StreamObserver<Empty> answer) {
		if (this.manners == Manners.SINGLES) {
			this.singles.add(event);
			taken(answer);
		}
		else if (this.manners == Manners.SINGLES_UNTIL_AWAY) {
			this.singles.add(event);
			answer.onError(Status.UNAVAILABLE.withDescription("away").asRuntimeException());
		}
		else {
			unknown(answer);
		}
	}

	/** Answers with an event of its own. */
	void take(KeyChangeEvent change, StreamObserver<Event> answer) {
		if (this.manners == Manners.KEY_CHANGES) {
			this.keyChanges.add(change);
			String name = System.getenv("PLUGIN_NAME");
			answer.onNext(Event.newBuilder()
				// In a process of its own by the rule for types, else as plugins of then.
				.setType((name != null) ? "plugin." + name + ".seen" : "key.seen")
				.setData(ByteString.copyFromUtf8("{\"key\":\"" + change.getFingerprint() + "\"}"))
				.build());
			answer.onCompleted();
		}
		else {
			unknown(answer);
		}
	}

	void emit(EventFilter filter, StreamObserver<Event> answer) {
		if (!this.manners.name().startsWith("EMITS")) {
			unknown(answer);
			return;
		}
		long turn = this.listened.incrementAndGet();
		String own = filter.getEventTypes(0).replace("*", "");
		switch (this.manners) {
			case EMITS -> List.of(own + "one", "key.changed", own + "three")
				.forEach((type) -> answer.onNext(Event.newBuilder().setType(type).build()));
			case EMITS_AND_ENDS -> {
				answer.onNext(Event.newBuilder().setType(own + "turn-" + turn).build());
				answer.onCompleted();
			}
			default -> flood(own + "flood", (ServerCallStreamObserver<Event>) answer);
		}
	}

	private void flood(String type, ServerCallStreamObserver<Event> answer) {
		Event event = Event.newBuilder()
			.setType(type)
			.setData(ByteString.copyFromUtf8("{\"text\":\"" + "x".repeat(1000) + "\"}"))
			.build();
		answer.setOnCancelHandler(() -> {
		});
		answer.setOnReadyHandler(() -> {
			while (answer.isReady()) {
				answer.onNext(event);
				this.flooded.incrementAndGet();
			}
		});
	}

	private static void taken(StreamObserver<Empty> answer) {
		answer.onNext(Empty.getDefaultInstance());
		answer.onCompleted();
	}

	private static void unknown(StreamObserver<?> answer) {
		answer.onError(Status.UNIMPLEMENTED.asRuntimeException());
	}

	/** What it was brought, one event in a line, or counted. */
	String told() {
		if (this.manners == Manners.COUNTS) {
			return this.tally.told();
		}
		List<String> lines = new ArrayList<>();
		if (this.listened.get() > 0) {
			lines.add("listened " + this.listened);
		}
		for (EventBatch batch : this.batches) {
			if (batch.getDropped() > 0) {
				lines.add("dropped " + batch.getDropped());
			}
			batch.getEventsList().forEach((event) -> lines.add("batch " + line(event)));
		}
		this.singles.forEach((event) -> lines.add("single " + line(event)));
		this.keyChanges.forEach((change) -> lines
			.add(change.getChangeType().name().toLowerCase(Locale.ROOT) + " " + change.getFingerprint()));
		return String.join("\n", lines);
	}

	private static String line(Event event) {
		return event.getSource() + " " + event.getType() + " " + event.getData().toStringUtf8();
	}

}
