package org.hkpgateway.sdk;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;

import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import org.hkpgateway.proto.Empty;
import org.hkpgateway.proto.Event;
import org.hkpgateway.proto.EventBatch;
import org.hkpgateway.proto.HKPPluginGrpc;
import org.hkpgateway.proto.HandleRequestEvent;
import org.hkpgateway.proto.HandleResponse;
import org.hkpgateway.proto.HealthStatus;
import org.hkpgateway.proto.InitRequest;
import org.hkpgateway.proto.InitResponse;
import org.hkpgateway.proto.PluginInfo;
import org.hkpgateway.proto.ShutdownRequest;
import org.hkpgateway.proto.ShutdownResponse;
import org.hkpgateway.proto.StorageQuery;
import org.hkpgateway.proto.StorageResponse;
import org.hkpgateway.proto.UpstreamResponseDecision;
import org.hkpgateway.proto.UpstreamResponseEvent;
import org.hkpgateway.sdk.log.PluginLog;
import org.hkpgateway.sdk.log.RequestScope;

/**
 * The gRPC service. Calls arrive on the network thread; what may block goes to an
 * executor, so that health is answered even when every handler thread is busy.
 */
final class PluginService extends HKPPluginGrpc.HKPPluginImplBase {

	private static final PluginLog log = PluginLog.get("sdk");

	private static final Duration DEFAULT_SHUTDOWN = Duration.ofSeconds(5);

	private static final Duration MAX_SHUTDOWN = Duration.ofMinutes(5);

	private final Author author;

	private final PluginOptions options;

	private final Initialization initialization;

	private final Executor handlers;

	private final Executor events;

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
	 * @param events runs the delivery of events
	 * @param control runs Initialize
	 * @param onShutdown called on the network thread after Shutdown was answered, with
	 * the time there is; must not block
	 */
	PluginService(PluginHandler handler, PluginOptions options, Initialization initialization, Executor handlers,
			Executor events, Executor control, Consumer<Duration> onShutdown) {
		this.author = new Author(handler, options, initialization);
		this.options = options;
		this.initialization = initialization;
		this.handlers = handlers;
		this.events = events;
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
		answer(observer, this.author.health());
	}

	@Override
	public void handleRequest(HandleRequestEvent event, StreamObserver<HandleResponse> observer) {
		CompletableFuture<Void> gone = new CompletableFuture<>();
		execute(this.handlers, observer, gone,
				() -> this.author.decide(event, gone, (response) -> answer(observer, response),
						(refused) -> observer.onError(refused.status().asRuntimeException())));
	}

	@Override
	public StreamObserver<HandleRequestEvent> handleRequests(StreamObserver<HandleResponse> observer) {
		if (!this.options.has(Feature.STREAM)) {
			return super.handleRequests(observer);
		}
		ServerCallStreamObserver<HandleResponse> out = (ServerCallStreamObserver<HandleResponse>) observer;
		DecisionStream stream = new DecisionStream(out, this.handlers, this::decideOnStream, this.streams::remove);
		this.streams.add(stream);
		return stream;
	}

	private void decideOnStream(HandleRequestEvent event, CompletionStage<Void> gone, Consumer<HandleResponse> answer) {
		this.author.decide(event, gone, answer,
				(refused) -> answer.accept(DecisionStream.failure(event.getRequestId(), refused.description())));
	}

	@Override
	public void handleUpstreamResponse(UpstreamResponseEvent event, StreamObserver<UpstreamResponseDecision> observer) {
		if (!this.options.has(Feature.RESPONSE)) {
			super.handleUpstreamResponse(event, observer);
			return;
		}
		CompletableFuture<Void> gone = new CompletableFuture<>();
		execute(this.handlers, observer, gone,
				() -> this.author.review(event, gone, (decision) -> answer(observer, decision),
						(refused) -> observer.onError(refused.status().asRuntimeException())));
	}

	@Override
	public void publishEvents(EventBatch batch, StreamObserver<Empty> observer) {
		if (this.options.has(Feature.EVENTS)) {
			deliver(EventMessages.batch(batch), observer);
		}
		else {
			super.publishEvents(batch, observer);
		}
	}

	@Override
	public void publishEvent(Event event, StreamObserver<Empty> observer) {
		if (this.options.has(Feature.EVENTS)) {
			deliver(EventMessages.batch(event), observer);
		}
		else {
			super.publishEvent(event, observer);
		}
	}

	private void deliver(org.hkpgateway.sdk.host.EventBatch batch, StreamObserver<Empty> observer) {
		execute(this.events, observer, () -> {
			try {
				this.author.events(batch);
				answer(observer, Empty.getDefaultInstance());
			}
			catch (RefusedCall ex) {
				observer.onError(ex.status().asRuntimeException());
			}
		});
	}

	@Override
	public void queryStorage(StorageQuery query, StreamObserver<StorageResponse> observer) {
		if (!this.options.has(Feature.KEYS)) {
			super.queryStorage(query, observer);
			return;
		}
		RequestScope scope = new RequestScope("", IncomingTrace.current());
		execute(this.handlers, observer, () -> this.author.keys(scope, query, (response) -> answer(observer, response),
				(refused) -> observer.onError(refused.status().asRuntimeException())));
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

	private static void execute(Executor executor, StreamObserver<?> observer, Runnable task) {
		execute(executor, observer, new CompletableFuture<>(), task);
	}

	/**
	 * Runs what answers a call.
	 * @param executor where
	 * @param observer gets the answer
	 * @param gone is completed when the call is cancelled
	 * @param task answers
	 */
	private static void execute(Executor executor, StreamObserver<?> observer, CompletableFuture<Void> gone,
			Runnable task) {
		if (observer instanceof ServerCallStreamObserver<?> call) {
			// With a handler set, answering a cancelled call is ignored instead of
			// throwing.
			call.setOnCancelHandler(() -> gone.complete(null));
		}
		try {
			executor.execute(() -> {
				// Nobody waits any longer for the others.
				if (!isCancelled(observer)) {
					task.run();
				}
			});
		}
		catch (RejectedExecutionException ex) {
			observer.onError(Status.RESOURCE_EXHAUSTED.withDescription("too many calls wait for a handler thread")
				.asRuntimeException());
		}
	}

	private static boolean isCancelled(StreamObserver<?> observer) {
		return observer instanceof ServerCallStreamObserver<?> call && call.isCancelled();
	}

	private static <T> void answer(StreamObserver<T> observer, T message) {
		observer.onNext(message);
		observer.onCompleted();
	}

}
