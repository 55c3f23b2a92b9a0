package org.hkpgateway.grpc;

import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

import com.google.protobuf.ByteString;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import org.hkpgateway.plugin.RequestEvent;
import org.hkpgateway.proto.HKPPluginGrpc;
import org.hkpgateway.proto.HandleRequestEvent;
import org.hkpgateway.proto.HandleResponse;
import org.jspecify.annotations.Nullable;

/**
 * One stream of requests, and all that comes back on it. To be used by one thread.
 */
public final class ProbeStream implements AutoCloseable {

	private static final MethodDescriptor<EncodedEvent, HandleResponse> METHOD = EncodedEvent
		.sentBy(HKPPluginGrpc.getHandleRequestsMethod());

	private final EventConverter events;

	private final ClientCall<EncodedEvent, HandleResponse> call;

	private final StreamObserver<EncodedEvent> requests;

	private final Set<String> sent = new HashSet<>();

	/** Below, what comes in on another thread. */
	private final Object lock = new Object();

	private final Map<String, ProbeAnswer> answers = new HashMap<>();

	private int surplus;

	private @Nullable Status end;

	ProbeStream(Channel channel, EventConverter events) {
		this.events = events;
		this.call = channel.newCall(METHOD, CallOptions.DEFAULT);
		this.requests = ClientCalls.asyncBidiStreamingCall(this.call, new Answers());
	}

	/**
	 * Sends a request. Nothing if the stream has ended.
	 * @param event the request, whose id the answer has to have
	 * @param timeout what the plugin is told of the time that it has
	 */
	public void send(RequestEvent event, Duration timeout) {
		this.sent.add(event.id());
		send(this.events.encode(event, event.id(), timeout.toMillis(), ""));
	}

	/**
	 * Takes a request back.
	 * @param id of the request
	 */
	public void cancel(String id) {
		send(new EncodedEvent(ByteString.EMPTY,
				HandleRequestEvent.newBuilder().setRequestId(id).setCancel(true).build()));
	}

	private void send(EncodedEvent event) {
		if (!ended()) {
			this.requests.onNext(event);
		}
	}

	/** Sends no more, as the gateway does before Shutdown. */
	public void halfClose() {
		if (!ended()) {
			this.requests.onCompleted();
		}
	}

	/**
	 * Waits for the answer to a request.
	 * @param id of the request
	 * @param deadline in the time of {@link System#nanoTime()}
	 * @return null if there is none by then, or the stream has ended
	 * @throws InterruptedException if the thread is interrupted
	 */
	public @Nullable ProbeAnswer await(String id, long deadline) throws InterruptedException {
		synchronized (this.lock) {
			await(() -> this.answers.containsKey(id), deadline);
			return this.answers.get(id);
		}
	}

	/**
	 * Waits for the end of the stream.
	 * @param deadline in the time of {@link System#nanoTime()}
	 * @return its status, {@code OK} for an orderly end; null if it is open
	 * @throws InterruptedException if the thread is interrupted
	 */
	public @Nullable String awaitEnd(long deadline) throws InterruptedException {
		synchronized (this.lock) {
			await(() -> false, deadline);
			return describeEnd();
		}
	}

	/** Or for the end. To be called with the lock. */
	private void await(BooleanSupplier enough, long deadline) throws InterruptedException {
		long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
		while (!enough.getAsBoolean() && this.end == null && left > 0) {
			this.lock.wait(left);
			left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
		}
	}

	/**
	 * How it has ended.
	 * @return null if it is open
	 */
	public @Nullable String end() {
		synchronized (this.lock) {
			return describeEnd();
		}
	}

	/**
	 * gRPC's name for how it has ended.
	 * @return null if it is open
	 */
	public @Nullable String endCode() {
		synchronized (this.lock) {
			Status status = this.end;
			return (status != null) ? status.getCode().name() : null;
		}
	}

	private @Nullable String describeEnd() {
		Status status = this.end;
		if (status == null) {
			return null;
		}
		return status.isOk() ? "OK" : StatusTranslation.describe(status);
	}

	private boolean ended() {
		synchronized (this.lock) {
			return this.end != null;
		}
	}

	/** How many answers came to no request, or to one that was answered already. */
	public int surplus() {
		synchronized (this.lock) {
			return this.surplus + (int) this.answers.keySet().stream().filter((id) -> !this.sent.contains(id)).count();
		}
	}

	@Override
	public void close() {
		this.call.cancel("the probe has seen enough", null);
	}

	private final class Answers implements StreamObserver<HandleResponse> {

		@Override
		public void onNext(HandleResponse message) {
			synchronized (ProbeStream.this.lock) {
				ProbeAnswer answer = ProbeAnswer.of(message);
				if (ProbeStream.this.answers.putIfAbsent(answer.requestId(), answer) != null) {
					ProbeStream.this.surplus++;
				}
				ProbeStream.this.lock.notifyAll();
			}
		}

		@Override
		public void onError(Throwable failure) {
			end(Status.fromThrowable(failure));
		}

		@Override
		public void onCompleted() {
			end(Status.OK);
		}

		private void end(Status status) {
			synchronized (ProbeStream.this.lock) {
				ProbeStream.this.end = status;
				ProbeStream.this.lock.notifyAll();
			}
		}

	}

}
