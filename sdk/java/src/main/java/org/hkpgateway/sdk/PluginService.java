package org.hkpgateway.sdk;

import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;

import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import org.hkpgateway.proto.Empty;
import org.hkpgateway.proto.HKPPluginGrpc;
import org.hkpgateway.proto.HandleRequestEvent;
import org.hkpgateway.proto.HandleResponse;
import org.hkpgateway.proto.HealthStatus;
import org.hkpgateway.proto.InitRequest;
import org.hkpgateway.proto.InitResponse;
import org.hkpgateway.proto.PluginInfo;
import org.hkpgateway.proto.ShutdownRequest;
import org.hkpgateway.proto.ShutdownResponse;
import org.hkpgateway.sdk.log.LogLevel;
import org.hkpgateway.sdk.log.PluginLog;

/**
 * The gRPC service. Calls arrive on the network thread; what may block goes to an
 * executor, so that health is answered even when every handler thread is busy.
 */
final class PluginService extends HKPPluginGrpc.HKPPluginImplBase {

	private static final PluginLog log = PluginLog.get("sdk");

	private static final Duration DEFAULT_SHUTDOWN = Duration.ofSeconds(5);

	private static final Duration MAX_SHUTDOWN = Duration.ofMinutes(5);

	private final PluginHandler handler;

	private final PluginOptions options;

	private final Initialization initialization;

	private final Executor handlers;

	private final Executor control;

	private final Consumer<Duration> onShutdown;

	/** One for each connection of a gateway. */
	private final Set<DecisionStream> streams = ConcurrentHashMap.newKeySet();

	/**
	 * Makes the service.
	 * @param handler the author's
	 * @param options the author's
	 * @param initialization does Initialize
	 * @param handlers runs the decisions
	 * @param control runs Initialize
	 * @param onShutdown called on the network thread after Shutdown was answered, with
	 * the time there is; must not block
	 */
	PluginService(PluginHandler handler, PluginOptions options, Initialization initialization, Executor handlers,
			Executor control, Consumer<Duration> onShutdown) {
		this.handler = handler;
		this.options = options;
		this.initialization = initialization;
		this.handlers = handlers;
		this.control = control;
		this.onShutdown = onShutdown;
	}

	@Override
	public void initialize(InitRequest request, StreamObserver<InitResponse> observer) {
		execute(this.control, observer, () -> answer(observer, this.initialization.initialize(request)));
	}

	@Override
	public void getInfo(Empty request, StreamObserver<PluginInfo> observer) {
		answer(observer, this.initialization.info());
	}

	@Override
	public void healthCheck(Empty request, StreamObserver<HealthStatus> observer) {
		answer(observer, health());
	}

	@Override
	public void handleRequest(HandleRequestEvent event, StreamObserver<HandleResponse> observer) {
		execute(this.handlers, observer, () -> decide(event, observer));
	}

	@Override
	public StreamObserver<HandleRequestEvent> handleRequests(StreamObserver<HandleResponse> observer) {
		if (!this.options.stream()) {
			return super.handleRequests(observer);
		}
		ServerCallStreamObserver<HandleResponse> out = (ServerCallStreamObserver<HandleResponse>) observer;
		DecisionStream stream = new DecisionStream(out, this.handlers, this::decideOnStream, this.streams::remove);
		this.streams.add(stream);
		return stream;
	}

	/**
	 * Ends the open streams as soon as what came on them is answered: a server cannot end
	 * while one is open. Does not block.
	 */
	void endStreams() {
		this.streams.forEach(DecisionStream::end);
	}

	@Override
	public void shutdown(ShutdownRequest request, StreamObserver<ShutdownResponse> observer) {
		Duration limit = Duration.ofSeconds(request.getTimeoutSeconds());
		if (limit.isNegative() || limit.isZero()) {
			limit = DEFAULT_SHUTDOWN;
		}
		log.info("shutting down", "reason", request.getReason(), "timeout_seconds", limit.toSeconds());
		answer(observer, ShutdownResponse.newBuilder().setSuccess(true).build());
		this.onShutdown.accept((limit.compareTo(MAX_SHUTDOWN) > 0) ? MAX_SHUTDOWN : limit);
	}

	private void decide(HandleRequestEvent event, StreamObserver<HandleResponse> observer) {
		if (isCancelled(observer)) {
			// Nobody waits any longer.
			return;
		}
		decide(event, (response) -> answer(observer, response),
				(refused) -> fail(observer, refused.status(), refused.description()));
	}

	private void decideOnStream(HandleRequestEvent event, Consumer<HandleResponse> answer) {
		decide(event, answer,
				(refused) -> answer.accept(DecisionStream.failure(event.getRequestId(), refused.description())));
	}

	/** Does one of both, now or later. */
	private void decide(HandleRequestEvent event, Consumer<HandleResponse> answer, Consumer<RefusedCall> refuse) {
		try {
			var unused = handle(event).whenComplete((decision, failure) -> {
				try {
					if (failure != null) {
						throw failed(event, cause(failure));
					}
					answer.accept(response(event, decision));
				}
				catch (RefusedCall ex) {
					refuse.accept(ex);
				}
			});
		}
		catch (RefusedCall ex) {
			refuse.accept(ex);
		}
	}

	private CompletionStage<Decision> handle(HandleRequestEvent event) throws RefusedCall {
		Set<String> grants = this.initialization.grants();
		if (grants == null) {
			throw new RefusedCall(Status.FAILED_PRECONDITION, "expected: Initialize first, got: a request");
		}
		if (event.getDryRun() && !this.options.dryRun()) {
			throw new RefusedCall(Status.FAILED_PRECONDITION,
					"expected: no dry_run (the feature was not declared), got: one");
		}
		Request request;
		try {
			request = Conversions.request(event, grants);
		}
		catch (IllegalArgumentException ex) {
			log.error("the gateway sent an event that breaks the protocol", "request", event.getRequestId(), "error",
					ex.getMessage());
			throw new RefusedCall(Status.INVALID_ARGUMENT, String.valueOf(ex.getMessage()));
		}
		try {
			return Objects.requireNonNull(this.handler.handleAsync(request), "handleAsync returned null");
		}
		catch (Throwable ex) {
			throw failed(event, ex);
		}
	}

	private static HandleResponse response(HandleRequestEvent event, Decision decision) throws RefusedCall {
		try {
			return Conversions.response(event.getRequestId(), decision);
		}
		catch (RuntimeException ex) {
			throw failed(event, ex);
		}
	}

	/** Of stages that depend on the one that failed. */
	private static Throwable cause(Throwable failure) {
		Throwable cause = failure.getCause();
		return (failure instanceof CompletionException && cause != null) ? cause : failure;
	}

	/** Whatever it is, it concerns this request only. */
	private static RefusedCall failed(HandleRequestEvent event, Throwable failure) {
		if (failure instanceof InterruptedException) {
			Thread.currentThread().interrupt();
		}
		log.thrown(LogLevel.ERROR, "the handler failed", failure, "request", event.getRequestId());
		return new RefusedCall(Status.INTERNAL, "the handler failed: " + failure);
	}

	private HealthStatus health() {
		long now = Instant.now().getEpochSecond();
		if (this.initialization.grants() == null) {
			return HealthStatus.newBuilder().setMessage("not initialized yet").setTimestamp(now).build();
		}
		try {
			return Conversions.health(this.handler.health(), now);
		}
		catch (RuntimeException ex) {
			log.thrown(LogLevel.ERROR, "the plugin's health failed", ex);
			return Conversions.health(Health.unhealthy("health failed: " + ex), now);
		}
	}

	private static void execute(Executor executor, StreamObserver<?> observer, Runnable task) {
		if (observer instanceof ServerCallStreamObserver<?> call) {
			// With a handler set, answering a cancelled call is ignored instead of
			// throwing.
			call.setOnCancelHandler(() -> {
			});
		}
		try {
			executor.execute(task);
		}
		catch (RejectedExecutionException ex) {
			fail(observer, Status.RESOURCE_EXHAUSTED, "too many calls wait for a handler thread");
		}
	}

	private static boolean isCancelled(StreamObserver<?> observer) {
		return observer instanceof ServerCallStreamObserver<?> call && call.isCancelled();
	}

	private static <T> void answer(StreamObserver<T> observer, T message) {
		observer.onNext(message);
		observer.onCompleted();
	}

	private static void fail(StreamObserver<?> observer, Status status, String description) {
		observer.onError(status.withDescription(description).asRuntimeException());
	}

	/** A request that gets no decision. */
	private static final class RefusedCall extends Exception {

		private static final long serialVersionUID = 1L;

		private final transient Status status;

		private final String description;

		RefusedCall(Status status, String description) {
			super(description, null, false, false);
			this.status = status;
			this.description = description;
		}

		Status status() {
			return this.status;
		}

		String description() {
			return this.description;
		}

	}

}
