package org.hkpgateway.grpc;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import org.hkpgateway.proto.Empty;
import org.hkpgateway.proto.Event;
import org.hkpgateway.proto.EventBatch;
import org.hkpgateway.proto.EventFilter;
import org.hkpgateway.proto.InitResponse;
import org.hkpgateway.proto.KeyChangeEvent;

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
		/** Takes one at a time. */
		SINGLES,
		/** As plugins of the earlier generation. */
		KEY_CHANGES,
		/** Declares the feature and knows no method. */
		UNKNOWN,
		/** Takes batches, and fails each second one. */
		FAILS_EVERY_OTHER, NEVER_ANSWERS

	}

	volatile Manners manners = Manners.OFF;

	final Queue<EventBatch> batches = new ConcurrentLinkedQueue<>();

	final Queue<Event> singles = new ConcurrentLinkedQueue<>();

	final Queue<KeyChangeEvent> keyChanges = new ConcurrentLinkedQueue<>();

	private final AtomicLong calls = new AtomicLong();

	void declare(InitResponse.Builder answer) {
		if (this.manners != Manners.OFF && this.manners != Manners.KEY_CHANGES) {
			answer.addFeatures("events");
		}
		if (this.manners == Manners.EVERYTHING) {
			answer.setEventFilter(EventFilter.getDefaultInstance());
		}
	}

	void take(EventBatch batch, StreamObserver<Empty> answer) {
		switch (this.manners) {
			case BATCHES, EVERYTHING -> {
				this.batches.add(batch);
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
			case OFF, SINGLES, KEY_CHANGES, UNKNOWN -> unknown(answer);
		}
	}

	void take(Event event, StreamObserver<Empty> answer) {
		if (this.manners == Manners.SINGLES) {
			this.singles.add(event);
			taken(answer);
		}
		else {
			unknown(answer);
		}
	}

	/** Answers with an event of its own. */
	void take(KeyChangeEvent change, StreamObserver<Event> answer) {
		if (this.manners == Manners.KEY_CHANGES) {
			this.keyChanges.add(change);
			answer.onNext(Event.newBuilder()
				.setType("plugin." + System.getenv("PLUGIN_NAME") + ".seen")
				.setData(ByteString.copyFromUtf8("{\"key\":\"" + change.getFingerprint() + "\"}"))
				.build());
			answer.onCompleted();
		}
		else {
			unknown(answer);
		}
	}

	private static void taken(StreamObserver<Empty> answer) {
		answer.onNext(Empty.getDefaultInstance());
		answer.onCompleted();
	}

	private static void unknown(StreamObserver<?> answer) {
		answer.onError(Status.UNIMPLEMENTED.asRuntimeException());
	}

	/** What it was brought, one event in a line. */
	String told() {
		List<String> lines = new ArrayList<>();
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
