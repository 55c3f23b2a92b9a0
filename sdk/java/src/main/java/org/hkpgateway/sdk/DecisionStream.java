package org.hkpgateway.sdk;

import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;

import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import org.hkpgateway.proto.HandleRequestEvent;
import org.hkpgateway.proto.HandleResponse;

import org.jspecify.annotations.Nullable;

/**
 * One call of {@code HandleRequests}: requests come one after the other on the network
 * thread, answers go out as the handler threads have them.
 * <p>
 * At most {@value #WINDOW} messages are taken whose answers the gateway has not had room
 * for, so a gateway that does not read cannot make the plugin hold more. On the stream no
 * request can fail by a status; one that fails is answered with a message that says
 * neither "continue" nor "respond", which is the plugin's failure and never consent.
 */
final class DecisionStream implements StreamObserver<HandleRequestEvent> {

	static final int WINDOW = 512;

	private final ServerCallStreamObserver<HandleResponse> out;

	private final Executor handlers;

	private final Decider decider;

	/**
	 * Ids to be answered, and what completes when nobody waits for the answer any longer;
	 * who removes one answers it, or gives its place back.
	 */
	private final Map<String, CompletableFuture<Void>> open = new ConcurrentHashMap<>();

	/** Guards {@code out}, which is not thread-safe, and the fields below. */
	private final Object lock = new Object();

	/** Messages that are done with and for which none has been asked in exchange. */
	private int owed;

	private boolean ending;

	private boolean ended;

	/**
	 * Begins a stream. To be called while the call is being accepted.
	 * @param out where answers go
	 * @param handlers runs the decisions
	 * @param decider decides
	 * @param onGone called when the call is over, whoever ended it
	 */
	DecisionStream(ServerCallStreamObserver<HandleResponse> out, Executor handlers, Decider decider,
			Consumer<DecisionStream> onGone) {
		this.out = out;
		this.handlers = handlers;
		this.decider = decider;
		out.disableAutoRequest();
		out.setOnReadyHandler(this::askForMore);
		out.setOnCloseHandler(() -> onGone.accept(this));
		out.setOnCancelHandler(() -> {
			cancelled();
			onGone.accept(this);
		});
		out.request(WINDOW);
	}

	@Override
	public void onNext(HandleRequestEvent event) {
		String id = event.getRequestId();
		if (event.getCancel()) {
			CompletableFuture<Void> cancelled = this.open.remove(id);
			// Two messages are done with: the request, and this one.
			done(null, (cancelled != null) ? 2 : 1);
			if (cancelled != null) {
				cancelled.complete(null);
			}
			return;
		}
		CompletableFuture<Void> gone = new CompletableFuture<>();
		CompletableFuture<Void> same = this.open.put(id, gone);
		if (same != null) {
			// One id twice: the first is forgotten.
			done(null, 1);
			same.complete(null);
		}
		try {
			this.handlers.execute(() -> decide(event, gone));
		}
		catch (RejectedExecutionException ex) {
			answer(gone, failure(id, "too many calls wait for a handler thread"));
		}
	}

	@Override
	public void onError(Throwable failure) {
		cancelled();
	}

	/** The gateway sends no more: this side ends when everything is answered. */
	@Override
	public void onCompleted() {
		end();
	}

	/** Ends the stream as soon as nothing is left to be answered. Does not block. */
	void end() {
		synchronized (this.lock) {
			this.ending = true;
			endIfIdle();
		}
	}

	/**
	 * An answer that is none.
	 * @param id of the request
	 * @param reason what went wrong
	 * @return a protocol error for the gateway
	 */
	static HandleResponse failure(String id, String reason) {
		return HandleResponse.newBuilder().setRequestId(id).setReason(reason).build();
	}

	private void cancelled() {
		synchronized (this.lock) {
			this.ended = true;
		}
		List<CompletableFuture<Void>> left = List.copyOf(this.open.values());
		this.open.clear();
		left.forEach((gone) -> gone.complete(null));
	}

	private void decide(HandleRequestEvent event, CompletableFuture<Void> gone) {
		if (!gone.isDone()) {
			this.decider.decide(event, gone, (answer) -> answer(gone, answer));
		}
	}

	/** Whoever took the request back has given its place back. */
	private void answer(CompletableFuture<Void> gone, HandleResponse answer) {
		// Else the stream could end between the two, without this answer.
		synchronized (this.lock) {
			if (this.open.remove(answer.getRequestId(), gone)) {
				done(answer, 1);
			}
		}
	}

	private void done(@Nullable HandleResponse answer, int messages) {
		synchronized (this.lock) {
			if (this.ended) {
				return;
			}
			if (answer != null) {
				this.out.onNext(answer);
			}
			this.owed += messages;
			askForMore();
			endIfIdle();
		}
	}

	private void askForMore() {
		synchronized (this.lock) {
			if (this.owed > 0 && !this.ended && this.out.isReady()) {
				this.out.request(this.owed);
				this.owed = 0;
			}
		}
	}

	private void endIfIdle() {
		if (this.ending && !this.ended && this.open.isEmpty()) {
			this.ended = true;
			this.out.onCompleted();
		}
	}

	/** Decides about the requests of a stream. */
	@FunctionalInterface
	interface Decider {

		/**
		 * Gives the answer, now or later, once; answers failures too and does not throw.
		 * @param event the request
		 * @param gone completes when nobody waits any longer
		 * @param answer gets the answer
		 */
		void decide(HandleRequestEvent event, CompletionStage<Void> gone, Consumer<HandleResponse> answer);

	}

}
