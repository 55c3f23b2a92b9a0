package org.hkpgateway.grpc;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Deadline;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import org.hkpgateway.log.BoundedText;
import org.hkpgateway.plugin.PluginEvent;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.RequestEvent;
import org.hkpgateway.plugin.ResponseDecision;
import org.hkpgateway.plugin.ResponseEvent;
import org.hkpgateway.proto.Empty;
import org.hkpgateway.proto.Event;
import org.hkpgateway.proto.EventFilter;
import org.hkpgateway.proto.HKPPluginGrpc;
import org.hkpgateway.proto.HandleResponse;
import org.hkpgateway.proto.InitRequest;
import org.hkpgateway.proto.KeyChangeEvent;
import org.hkpgateway.proto.ShutdownRequest;
import org.jspecify.annotations.Nullable;

/**
 * A connection to a plugin for somebody who wants to know what it says and not only what
 * the gateway would make of it: each call is one of the protocol, and its end is told as
 * it comes. Calls block, for at most their timeout, unless they say otherwise.
 */
public final class Probe implements AutoCloseable {

	private static final MethodDescriptor<EncodedEvent, HandleResponse> CURRENT = EncodedEvent
		.sentBy(HKPPluginGrpc.getHandleRequestMethod());

	private static final MethodDescriptor<EncodedEvent, HandleResponse> LEGACY = EncodedEvent
		.sentBy(HKPPluginGrpc.getHandleHTTPRequestMethod());

	private static final int MAX_TEXT_BYTES = 1024;

	/** So many are enough to know. */
	private static final int MOST_EVENTS = 100;

	private final PluginSpec spec;

	private final Gateway gateway;

	private final ManagedChannel channel;

	private final @Nullable SharedSecret secret;

	private final EventConverter events = new EventConverter();

	Probe(PluginSpec spec, Gateway gateway, ManagedChannel channel, @Nullable SharedSecret secret) {
		this.spec = spec;
		this.gateway = gateway;
		this.channel = channel;
		this.secret = secret;
	}

	/**
	 * Waits until the connection stands.
	 * @param timeout the longest to wait
	 * @return null once it does, else how the latest attempt ended
	 * @throws InterruptedException if the thread is interrupted
	 */
	public @Nullable String connect(Duration timeout) throws InterruptedException {
		Status status = ChannelReadiness.await(this.channel, timeout, (failure) -> false);
		return status.isOk() ? null : StatusTranslation.describe(status);
	}

	/**
	 * Calls {@code Initialize}.
	 * @param configJson the configuration, valid or not
	 * @param instanceId names the incarnation
	 * @param timeout the longest to wait
	 * @return the answer, refusals included
	 */
	public ProbeReply<ProbeIntroduction> initialize(String configJson, String instanceId, Duration timeout) {
		byte[] nonce = (this.secret != null) ? this.secret.newNonce() : new byte[0];
		InitRequest request = IntroductionConverter.toRequest(this.spec, this.gateway, instanceId, nonce)
			.toBuilder()
			.setConfigJson(configJson)
			.build();
		return ProbeReply.to(request, stub(timeout)::initialize)
			.map((answer) -> ProbeIntroduction.of(answer, this.secret, nonce));
	}

	/** Calls {@code GetInfo}. */
	public ProbeReply<ProbeInfo> info(Duration timeout) {
		return ProbeReply.to(Empty.getDefaultInstance(), stub(timeout)::getInfo).map(ProbeInfo::of);
	}

	/**
	 * Calls {@code HealthCheck}.
	 * @param timeout the longest to wait
	 * @return the name of a status, and what is said of it
	 */
	public ProbeReply<String> health(Duration timeout) {
		return ProbeReply.to(Empty.getDefaultInstance(), stub(timeout)::healthCheck)
			.map((answer) -> (answer.getStatus() + " " + BoundedText.oneLine(answer.getMessage(), MAX_TEXT_BYTES))
				.strip());
	}

	/**
	 * Asks {@code grpc.health.v1.Health} about the service {@code plugin}.
	 * @param timeout the longest to wait
	 * @return the name of a status; {@code UNIMPLEMENTED} if it does not offer it
	 */
	public ProbeReply<String> standardHealth(Duration timeout) {
		return ProbeReply.to(deadline(timeout),
				(deadline) -> StandardHealth.ask(this.channel, deadline)
					.map(Enum::name)
					.orElseThrow(Status.UNIMPLEMENTED::asRuntimeException));
	}

	/**
	 * Calls {@code HandleRequest}. Does not block. The answer comes on a thread that must
	 * not be blocked; to cancel the future is to cancel the call.
	 * @param event the request
	 * @param timeout the deadline of the call
	 * @return completes with the answer, never exceptionally
	 */
	public CompletableFuture<ProbeReply<ProbeAnswer>> ask(RequestEvent event, Duration timeout) {
		return ask(CURRENT, event, timeout);
	}

	/** The same by the older name, {@code HandleHTTPRequest}. */
	public CompletableFuture<ProbeReply<ProbeAnswer>> askByOlderName(RequestEvent event, Duration timeout) {
		return ask(LEGACY, event, timeout);
	}

	private CompletableFuture<ProbeReply<ProbeAnswer>> ask(MethodDescriptor<EncodedEvent, HandleResponse> method,
			RequestEvent event, Duration timeout) {
		ClientCall<EncodedEvent, HandleResponse> call = this.channel.newCall(method,
				CallOptions.DEFAULT.withDeadline(deadline(timeout)));
		Answer answer = new Answer();
		ClientCalls.asyncUnaryCall(call, this.events.encode(event, event.id(), timeout.toMillis(), ""), answer);
		var unused = answer.future.whenComplete((reply, failure) -> {
			if (answer.future.isCancelled()) {
				call.cancel("nobody waits any longer", null);
			}
		});
		return answer.future;
	}

	/** Opens the stream of requests. Does not block. */
	public ProbeStream stream() {
		return new ProbeStream(this.channel, this.events);
	}

	/**
	 * Calls {@code HandleUpstreamResponse}.
	 * @param event the keyserver's answer
	 * @param timeout the deadline of the call
	 * @return the decision; {@code INVALID_ARGUMENT} for one that breaks the protocol
	 */
	public ProbeReply<ResponseDecision> respond(ResponseEvent event, Duration timeout) {
		long start = System.nanoTime();
		try {
			return ProbeReply
				.to(ResponseConverter.toMessage(event, new CallTerms(deadline(timeout), "")),
						stub(timeout)::handleUpstreamResponse)
				.map(ResponseConverter::toDecision);
		}
		catch (IllegalArgumentException ex) {
			return ProbeReply.failed(Status.INVALID_ARGUMENT.withDescription("invalid: " + ex.getMessage()), start);
		}
	}

	/** Calls {@code PublishEvents}. */
	public ProbeReply<Boolean> publish(List<? extends PluginEvent> batch, Duration timeout) {
		return ProbeReply.to(EventMessages.toBatch(batch, 0), stub(timeout)::publishEvents).map((answer) -> true);
	}

	/** Calls {@code PublishEvent}. */
	public ProbeReply<Boolean> publish(PluginEvent event, Duration timeout) {
		return ProbeReply.to(EventMessages.toMessage(event), stub(timeout)::publishEvent).map((answer) -> true);
	}

	/** Calls {@code HandleKeyChange} for an event that tells of a changed key. */
	public ProbeReply<Boolean> keyChange(PluginEvent event, Duration timeout) {
		KeyChangeEvent change = EventMessages.toKeyChange(event).orElseThrow();
		return ProbeReply.to(change, stub(timeout)::handleKeyChange).map((answer) -> true);
	}

	/**
	 * Listens to {@code SubscribeEvents}, by the types that the gateway asks for.
	 * @param timeout how long to listen
	 * @return what is wrong with the events that came, one line each;
	 * {@code DEADLINE_EXCEEDED} in place of an answer while nothing came
	 */
	public ProbeReply<List<String>> listen(Duration timeout) {
		String own = "plugin." + this.spec.id() + ".";
		EventFilter filter = EventFilter.newBuilder().addEventTypes(own + "*").build();
		return ProbeReply.to(filter, (asked) -> {
			List<String> faults = new ArrayList<>();
			int seen = 0;
			try {
				var emitted = stub(timeout).subscribeEvents(asked);
				while (seen < MOST_EVENTS && emitted.hasNext()) {
					faults.addAll(faults(emitted.next(), own));
					seen++;
				}
			}
			catch (StatusRuntimeException ex) {
				if (seen == 0 || ex.getStatus().getCode() != Status.Code.DEADLINE_EXCEEDED) {
					throw ex;
				}
			}
			return faults;
		});
	}

	private static List<String> faults(Event event, String own) {
		String type = BoundedText.oneLine(event.getType(), MAX_TEXT_BYTES);
		if (!event.getType().startsWith(own)) {
			return List.of("expected: a type that begins with " + own + ", got: '" + type + "'");
		}
		String data = event.getData().toString(StandardCharsets.UTF_8).strip();
		return (data.isEmpty() || (data.startsWith("{") && data.endsWith("}"))) ? List.of()
				: List.of(type + ": expected: one JSON object as data, got: something else");
	}

	/** Calls {@code Shutdown}, with the time that the plugin then has. */
	public ProbeReply<Boolean> shutdown(Duration grace) {
		ShutdownRequest request = ShutdownRequest.newBuilder()
			.setReason("conformance check")
			.setTimeoutSeconds((int) Math.max(1, grace.toSeconds()))
			.build();
		return ProbeReply.to(request, stub(grace)::shutdown).map((answer) -> answer.getSuccess());
	}

	@Override
	public void close() {
		this.channel.shutdownNow();
	}

	private HKPPluginGrpc.HKPPluginBlockingStub stub(Duration timeout) {
		return HKPPluginGrpc.newBlockingStub(this.channel).withDeadline(deadline(timeout));
	}

	private static Deadline deadline(Duration timeout) {
		return Deadline.after(timeout.toNanos(), TimeUnit.NANOSECONDS);
	}

	/** Of one unary call. */
	private static final class Answer implements StreamObserver<HandleResponse> {

		private final CompletableFuture<ProbeReply<ProbeAnswer>> future = new CompletableFuture<>();

		private final long start = System.nanoTime();

		private @Nullable HandleResponse message;

		@Override
		public void onNext(HandleResponse answer) {
			this.message = answer;
		}

		@Override
		public void onError(Throwable failure) {
			this.future.complete(ProbeReply.failed(Status.fromThrowable(failure), this.start));
		}

		@Override
		public void onCompleted() {
			HandleResponse answer = this.message;
			this.future.complete((answer != null) ? ProbeReply.of(ProbeAnswer.of(answer), this.start) : ProbeReply
				.failed(Status.INTERNAL.withDescription("expected: one message, got: none"), this.start));
		}

	}

}
