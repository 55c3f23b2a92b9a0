package org.hkpgateway.grpc;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

import com.google.protobuf.ByteString;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import org.hkpgateway.plugin.PluginFailure;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.proto.HKPPluginGrpc;
import org.hkpgateway.proto.HandleRequestEvent;
import org.hkpgateway.proto.HandleResponse;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One call of {@code HandleRequests}: many requests, answered in any order. Answers are
 * found by their id; those to nobody are counted and ignored.
 * <p>
 * When the call ends, whyever, what had been sent fails with
 * {@link PluginFailure.Unavailable}, and what had not been sent yet is given back with
 * {@link NotStreamed}. The failures are no evidence against the plugin: what the end says
 * about it, the listener judges once for all. Safe for any thread.
 */
final class RequestStream extends ClientCall.Listener<HandleResponse> {

	private static final Logger logger = LoggerFactory.getLogger(RequestStream.class);

	private static final MethodDescriptor<EncodedEvent, HandleResponse> METHOD = EncodedEvent
		.sentBy(HKPPluginGrpc.getHandleRequestsMethod());

	/** So many answers may come before more are asked for: a call to gRPC for each. */
	private static final int ANSWERS = 512;

	/** Longer than most budgets of requests that are in flight. */
	static final int CLOSE_SECONDS = 30;

	/** A bound of its own, whatever max-concurrent says. */
	static final int MAX_IN_FLIGHT = 2048;

	private final PluginId plugin;

	private final StreamCounters counters;

	private final EndListener listener;

	private final ClientCall<EncodedEvent, HandleResponse> call;

	private final StreamSender sender;

	private final Map<String, StreamedRequest> inFlight = new ConcurrentHashMap<>();

	private volatile boolean ended;

	private volatile boolean closing;

	/** Written before {@link #closing}. */
	private long closeBefore;

	/** Used by gRPC's callbacks only, which come one at a time. */
	private boolean heard;

	private int answers;

	RequestStream(PluginId plugin, Channel channel, StreamCounters counters, EndListener listener) {
		this.plugin = plugin;
		this.counters = counters;
		this.listener = listener;
		// No deadline: it lives as long as the connection.
		this.call = channel.newCall(METHOD, CallOptions.DEFAULT);
		this.sender = new StreamSender(this.call);
	}

	/** Opens it. Once; requests may have been submitted before. Does not block. */
	void start() {
		try {
			this.call.start(this, new Metadata());
			this.call.request(ANSWERS);
		}
		catch (RuntimeException ex) {
			this.call.cancel("could not be opened", ex);
			onClose(Status.fromThrowable(ex), new Metadata());
		}
		this.sender.open();
	}

	/**
	 * Takes a request.
	 * @param request to send
	 * @return false if it is not taken: the stream is full, closing or over, or one of
	 * the same id waits for its answer
	 */
	boolean submit(StreamedRequest request) {
		if (this.closing || this.ended || this.inFlight.size() >= MAX_IN_FLIGHT) {
			return false;
		}
		if (this.inFlight.putIfAbsent(request.id(), request) != null) {
			return false;
		}
		if (this.ended || request.isDone()) {
			// The end may have overlooked it, as may a cancellation just now.
			forget(request);
			return false;
		}
		return this.sender.offer(request);
	}

	void forget(StreamedRequest request) {
		this.inFlight.remove(request.id(), request);
	}

	/**
	 * Tells the plugin that nobody waits for an answer any longer. If there is no room
	 * for that, it is not told: it is a courtesy.
	 * @param id of a request that was sent
	 */
	void tellCancelled(String id) {
		if (!this.ended) {
			HandleRequestEvent notice = HandleRequestEvent.newBuilder().setRequestId(id).setCancel(true).build();
			this.sender.offer(new CancelNotice(new EncodedEvent(ByteString.EMPTY, notice)));
		}
	}

	/**
	 * Ends requests whose time is over, and itself if the plugin does not.
	 * @param nowNanos {@link System#nanoTime()}
	 */
	void expire(long nowNanos) {
		for (StreamedRequest request : this.inFlight.values()) {
			if (request.isOverdue(nowNanos)) {
				request.expire(StatusTranslation.toFailure(this.plugin, "HandleRequests", Status.DEADLINE_EXCEEDED));
			}
		}
		if (this.closing && !this.ended && this.inFlight.isEmpty() && nowNanos - this.closeBefore > 0) {
			this.call.cancel("this side ended " + CLOSE_SECONDS + " s ago, and the plugin's has not", null);
		}
	}

	/**
	 * Takes no more requests and ends this side; answers may still come, and then the
	 * plugin's end, for {@value #CLOSE_SECONDS} s.
	 */
	void close() {
		this.closeBefore = System.nanoTime() + TimeUnit.SECONDS.toNanos(CLOSE_SECONDS);
		this.closing = true;
		this.sender.close();
	}

	boolean isClosing() {
		return this.closing;
	}

	int inFlight() {
		return this.inFlight.size();
	}

	/** Whether a request was sent that is neither answered nor given up. */
	boolean owesAnswers() {
		return this.inFlight.values().stream().anyMatch(StreamedRequest::isSent);
	}

	@Override
	public void onHeaders(Metadata headers) {
		this.heard = true;
	}

	@Override
	public void onReady() {
		this.sender.drain();
	}

	@Override
	public void onMessage(HandleResponse answer) {
		this.heard = true;
		if (++this.answers == ANSWERS / 2) {
			this.answers = 0;
			this.call.request(ANSWERS / 2);
		}
		StreamedRequest request = this.inFlight.get(answer.getRequestId());
		try {
			if (request == null || !request.answer(answer)) {
				this.counters.answerIgnored();
			}
		}
		catch (RuntimeException ex) {
			// Thrown into gRPC it would end the stream for all others.
			logger.error("Plugin {}: whoever waited for an answer failed to take it", this.plugin, ex);
		}
	}

	@Override
	public void onClose(Status status, Metadata trailers) {
		this.ended = true;
		this.sender.ended();
		// UNIMPLEMENTED before any sign of a handler: it has seen no request.
		boolean unknown = !this.heard && status.getCode() == Status.Code.UNIMPLEMENTED;
		// First, so that what is given back below does not come here again.
		this.listener.ended(this, status, unknown);
		PluginFailure failure = PluginFailure.Unavailable.sharingTheCauseOfAnother(this.plugin,
				"HandleRequests: expected: an answer, got: the end of the stream: "
						+ StatusTranslation.describe(status));
		for (StreamedRequest request : this.inFlight.values()) {
			if (unknown) {
				request.divert();
			}
			else {
				request.interrupt(failure);
			}
		}
	}

	/** Is told when a stream has ended. */
	@FunctionalInterface
	interface EndListener {

		/**
		 * Called once, before the requests in flight are failed. Must not block.
		 * @param stream the stream
		 * @param status why it ended
		 * @param unknown whether the plugin does not know the method at all
		 */
		void ended(RequestStream stream, Status status, boolean unknown);

	}

	private record CancelNotice(EncodedEvent take) implements StreamSender.Outgoing {

		@Override
		public int size() {
			return this.take.size();
		}

	}

}
