package org.hkpgateway.grpc;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.function.BiConsumer;

import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import org.hkpgateway.proto.HandleRequestEvent;
import org.hkpgateway.proto.HandleResponse;

/**
 * One stream of {@link FakePlugin}. Called on one thread.
 */
final class FakeStream implements StreamObserver<HandleRequestEvent> {

	/**
	 * So many requests make the group of {@code OUT_OF_ORDER} and {@code BREAKS_LATE}.
	 */
	static final int GROUP = 8;

	private final FakePlugin plugin;

	private final ServerCallStreamObserver<HandleResponse> out;

	private final BiConsumer<HandleRequestEvent, StreamObserver<HandleResponse>> unary;

	private final Map<String, Runnable> cancelHandlers = new HashMap<>();

	private final Deque<HandleRequestEvent> group = new ArrayDeque<>();

	private int seen;

	FakeStream(FakePlugin plugin, ServerCallStreamObserver<HandleResponse> out,
			BiConsumer<HandleRequestEvent, StreamObserver<HandleResponse>> unary) {
		this.plugin = plugin;
		this.out = out;
		this.unary = unary;
		out.setOnCancelHandler(() -> {
		});
		if (plugin.streamManners == FakePlugin.StreamManners.READS_NOTHING) {
			out.disableAutoRequest();
			out.request(1);
		}
		if (plugin.streamManners == FakePlugin.StreamManners.BREAKS_AT_ONCE) {
			fail();
		}
	}

	@Override
	public void onNext(HandleRequestEvent event) {
		if (event.getCancel()) {
			cancelled(event.getRequestId());
			return;
		}
		this.seen++;
		switch (this.plugin.streamManners) {
			case OFF, BEHAVES, UNIMPLEMENTED, READS_NOTHING, NEVER_ENDS -> behave(event);
			case NEVER_ANSWERS -> note(event);
			case ANSWERS_AND_BREAKS -> {
				behave(event);
				fail();
			}
			case BREAKS_AT_ONCE -> {
				// Nobody waits for an answer here any longer.
			}
			case ANSWERS_AFTER_CANCEL -> {
				note(event);
				this.cancelHandlers.put(event.getRequestId(), () -> answer(event.getRequestId()));
			}
			case UNKNOWN_IDS -> {
				answer("no-such-id");
				answer("");
				behave(event);
			}
			case ANSWERS_TWICE -> {
				behave(event);
				answer(event.getRequestId());
			}
			case OUT_OF_ORDER -> {
				this.group.push(event);
				if (this.group.size() == GROUP) {
					this.group.forEach(this::behave);
					this.group.clear();
				}
			}
			case BREAKS_LATE -> {
				note(event);
				if (this.seen == GROUP) {
					fail();
				}
			}
			case BREAKS -> {
				note(event);
				fail();
			}
			case BREAKS_AT_SECOND -> {
				if (this.seen == 2) {
					fail();
				}
				else {
					behave(event);
				}
			}
			case COMPLETES -> {
				note(event);
				this.out.onCompleted();
			}
			case FIRST_ANSWER_MALFORMED -> {
				if (this.seen == 1) {
					note(event);
					this.out.onNext(HandleResponse.newBuilder()
						.setRequestId(event.getRequestId())
						.setReason("out of memory")
						.build());
				}
				else {
					behave(event);
				}
			}
			case FIRST_NOT_ANSWERED -> {
				if (this.seen > 1) {
					behave(event);
				}
			}
			case HALTS_AT_SECOND -> {
				if (this.seen == 2) {
					Runtime.getRuntime().halt(3);
				}
				behave(event);
			}
		}
	}

	@Override
	public void onError(Throwable failure) {
		this.plugin.streamsEnded.incrementAndGet();
	}

	@Override
	public void onCompleted() {
		this.plugin.streamsEnded.incrementAndGet();
		if (this.plugin.streamManners != FakePlugin.StreamManners.NEVER_ENDS) {
			this.out.onCompleted();
		}
	}

	private void behave(HandleRequestEvent event) {
		this.unary.accept(event, new Answer(event.getRequestId()));
	}

	private void note(HandleRequestEvent event) {
		this.plugin.events.add(event);
		this.plugin.requestArrived.countDown();
	}

	private void answer(String id) {
		this.out.onNext(HandleResponse.newBuilder().setContinueChain(true).setRequestId(id).build());
	}

	private void fail() {
		this.out.onError(Status.INTERNAL.withDescription("bug").asRuntimeException());
	}

	private void cancelled(String id) {
		this.plugin.cancelledIds.add(id);
		Runnable handler = this.cancelHandlers.remove(id);
		if (handler != null) {
			handler.run();
		}
	}

	/** One answer, as if it were that of a unary call; an error breaks the stream. */
	final class Answer implements StreamObserver<HandleResponse> {

		private final String id;

		private Answer(String id) {
			this.id = id;
		}

		@Override
		public void onNext(HandleResponse answer) {
			FakeStream.this.out.onNext(answer.toBuilder().setRequestId(this.id).build());
		}

		@Override
		public void onError(Throwable failure) {
			FakeStream.this.out.onError(failure);
		}

		@Override
		public void onCompleted() {
			// The stream goes on.
		}

		void onCancel(Runnable handler) {
			FakeStream.this.cancelHandlers.put(this.id, handler);
		}

	}

}
