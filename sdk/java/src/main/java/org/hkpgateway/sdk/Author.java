package org.hkpgateway.sdk;

import java.time.Instant;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;

import io.grpc.Status;
import org.hkpgateway.proto.HandleRequestEvent;
import org.hkpgateway.proto.HandleResponse;
import org.hkpgateway.proto.HealthStatus;
import org.hkpgateway.proto.StorageQuery;
import org.hkpgateway.proto.StorageResponse;
import org.hkpgateway.proto.UpstreamResponseDecision;
import org.hkpgateway.proto.UpstreamResponseEvent;
import org.hkpgateway.sdk.host.EventBatch;
import org.hkpgateway.sdk.host.KeyQuery;
import org.hkpgateway.sdk.log.LogLevel;
import org.hkpgateway.sdk.log.PluginLog;
import org.hkpgateway.sdk.log.RequestScope;

/**
 * Asks the author's handler, and answers for it when it fails: whatever it throws
 * concerns the call at hand only. Knows messages, but no calls of gRPC.
 */
final class Author {

	private static final PluginLog log = PluginLog.get("sdk");

	/** For a gateway that does not say how long it waits. */
	private static final long LONGEST_MILLIS = 60_000;

	private final PluginHandler handler;

	private final PluginOptions options;

	private final Initialization initialization;

	Author(PluginHandler handler, PluginOptions options, Initialization initialization) {
		this.handler = handler;
		this.options = options;
		this.initialization = initialization;
	}

	/**
	 * Decides about a request. Calls one of both, now or later, once: at the event's
	 * deadline at the latest if the handler decides later.
	 * @param event the request
	 * @param gone completes when nobody waits any longer
	 * @param answer gets the decision
	 * @param refuse gets why there is none
	 */
	void decide(HandleRequestEvent event, CompletionStage<Void> gone, Consumer<HandleResponse> answer,
			Consumer<RefusedCall> refuse) {
		String id = event.getRequestId();
		ask(new RequestScope(id, event.getTraceparent()), event.getDeadlineMs(), gone, () -> {
			checkDryRun(event.getDryRun());
			Request request = read((grants) -> Conversions.request(event, grants));
			return Objects.requireNonNull(this.handler.handleAsync(request), "handleAsync returned null");
		}, (decision) -> Conversions.response(id, decision), answer, refuse);
	}

	/**
	 * Decides about the keyserver's answer, as {@link #decide}.
	 * @param event the answer
	 * @param gone completes when nobody waits any longer
	 * @param answer gets the decision
	 * @param refuse gets why there is none
	 */
	void review(UpstreamResponseEvent event, CompletionStage<Void> gone, Consumer<UpstreamResponseDecision> answer,
			Consumer<RefusedCall> refuse) {
		String id = event.getRequestId();
		ask(new RequestScope(id, event.getTraceparent()), event.getDeadlineMs(), gone, () -> {
			checkDryRun(event.getDryRun());
			UpstreamResponse response = read((grants) -> Conversions.upstreamResponse(event, grants));
			return Objects.requireNonNull(this.handler.onResponseAsync(response), "onResponseAsync returned null");
		}, (decision) -> Conversions.responseDecision(id, decision), answer, refuse);
	}

	/**
	 * Takes events.
	 * @param batch the events
	 * @throws RefusedCall if the author does not
	 */
	void events(EventBatch batch) throws RefusedCall {
		if (this.initialization.grants() == null) {
			throw new RefusedCall(Status.Code.FAILED_PRECONDITION, "expected: Initialize first, got: events");
		}
		try {
			this.handler.onEvents(batch);
		}
		catch (Throwable ex) {
			throw failed(RequestScope.NONE, ex);
		}
	}

	/**
	 * Answers a query for keys. Calls one of both once.
	 * @param scope its trace; it has no id
	 * @param message the query
	 * @param answer gets the keys
	 * @param refuse gets why there are none
	 */
	void keys(RequestScope scope, StorageQuery message, Consumer<StorageResponse> answer,
			Consumer<RefusedCall> refuse) {
		ask(scope, 0, new CompletableFuture<>(), () -> {
			KeyQuery query = read((grants) -> KeyMessages.query(message));
			return CompletableFuture
				.completedFuture(Objects.requireNonNull(this.handler.provideKeys(query), "provideKeys returned null"));
		}, (page) -> page.map(KeyMessages::response).orElse(StorageResponse.getDefaultInstance()), answer, refuse);
	}

	/**
	 * How the plugin is. Never fails.
	 * @return the answer to a health check
	 */
	HealthStatus health() {
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

	/** Inside the request: what the author logs and asks the gateway carries its ids. */
	private static <D, A> void ask(RequestScope scope, long millis, CompletionStage<Void> gone,
			Callable<CompletionStage<D>> question, Function<D, A> message, Consumer<A> answer,
			Consumer<RefusedCall> refuse) {
		CompletionStage<D> stage;
		try {
			stage = bounded(scope.call(question), millis, gone);
		}
		catch (RefusedCall ex) {
			refuse.accept(ex);
			return;
		}
		catch (Throwable ex) {
			refuse.accept(failed(scope, ex));
			return;
		}
		var unused = stage.whenComplete((decision, failure) -> {
			A answered;
			try {
				if (failure != null) {
					throw cause(failure);
				}
				answered = message.apply(Objects.requireNonNull(decision, "the decision is null"));
			}
			catch (RefusedCall ex) {
				// Of one that nobody waits for there is nothing to say.
				if (ex.status().getCode() != Status.Code.CANCELLED) {
					scope.run(() -> log.warn("the handler did not decide", "error", ex.description()));
				}
				refuse.accept(ex);
				return;
			}
			catch (Throwable ex) {
				refuse.accept(failed(scope, ex));
				return;
			}
			answer.accept(answered);
		});
	}

	/**
	 * What the handler decides later must not hold its place for ever, if it never comes
	 * or nobody waits any longer. Its own future is left alone, for it may be another's,
	 * too.
	 */
	private static <D> CompletionStage<D> bounded(CompletionStage<D> stage, long millis, CompletionStage<Void> gone) {
		CompletableFuture<D> first = new CompletableFuture<>();
		var unusedStage = stage.whenComplete((decision, failure) -> {
			if (failure != null) {
				first.completeExceptionally(failure);
			}
			else {
				first.complete(decision);
			}
		});
		if (first.isDone()) {
			return first;
		}
		long limit = (millis > 0) ? millis : LONGEST_MILLIS;
		CompletableFuture<Void> time = new CompletableFuture<Void>().orTimeout(limit, TimeUnit.MILLISECONDS);
		var unusedTime = time.whenComplete((nothing, over) -> {
			if (over != null) {
				first.completeExceptionally(new RefusedCall(Status.Code.DEADLINE_EXCEEDED,
						"expected: a decision within " + limit + " ms, got: none"));
			}
		});
		var unusedEnd = first.whenComplete((decision, failure) -> time.complete(null));
		var unusedGone = gone.whenComplete((nothing, failure) -> first
			.completeExceptionally(new RefusedCall(Status.Code.CANCELLED, "nobody waits for the decision any longer")));
		return first;
	}

	private void checkDryRun(boolean dryRun) throws RefusedCall {
		if (dryRun && !this.options.has(Feature.DRY_RUN)) {
			throw new RefusedCall(Status.Code.FAILED_PRECONDITION,
					"expected: no dry_run (the feature was not declared), got: one");
		}
	}

	private <T> T read(Function<Set<String>, T> conversion) throws RefusedCall {
		Set<String> grants = this.initialization.grants();
		if (grants == null) {
			throw new RefusedCall(Status.Code.FAILED_PRECONDITION, "expected: Initialize first, got: a request");
		}
		try {
			return conversion.apply(grants);
		}
		catch (IllegalArgumentException ex) {
			log.error("the gateway sent an event that breaks the protocol", "error", ex.getMessage());
			throw new RefusedCall(Status.Code.INVALID_ARGUMENT, String.valueOf(ex.getMessage()));
		}
	}

	/** Of stages that depend on the one that failed. */
	private static Throwable cause(Throwable failure) {
		Throwable cause = failure.getCause();
		return (failure instanceof CompletionException && cause != null) ? cause : failure;
	}

	private static RefusedCall failed(RequestScope scope, Throwable failure) {
		if (failure instanceof InterruptedException) {
			Thread.currentThread().interrupt();
		}
		scope.run(() -> log.thrown(LogLevel.ERROR, "the handler failed", failure));
		return new RefusedCall(Status.Code.INTERNAL, "the handler failed: " + failure);
	}

}
