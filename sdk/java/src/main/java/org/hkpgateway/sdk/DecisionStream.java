package org.hkpgateway.sdk;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.BiConsumer;
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

	private static final int WINDOW = 512;

	private final ServerCallStreamObserver<HandleResponse> out;

	private final Executor handlers;

	private final BiConsumer<HandleRequestEvent, Consumer<HandleResponse>> decision;

	/** Ids to be answered; who removes one answers it. */
	private final Set<String> open = ConcurrentHashMap.newKeySet();

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
	 * @param decision decides and gives the answer, now or later, once; answers failures
	 * too and does not throw
	 * @param onGone called when the call is over, whoever ended it
	 */
	DecisionStream(ServerCallStreamObserver<HandleResponse> out, Executor handlers,
			BiConsumer<HandleRequestEvent, Consumer<HandleResponse>> decision, Consumer<DecisionStream> onGone) {
		this.out = out;
		this.handlers = handlers;
		this.decision = decision;
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
			this.open.remove(id);
			done(null);
			return;
		}
		this.open.add(id);
		try {
			this.handlers.execute(() -> decide(event));
		}
		catch (RejectedExecutionException ex) {
			answer(failure(id, "too many calls wait for a handler thread"));
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
		this.open.clear();
		synchronized (this.lock) {
			this.ended = true;
		}
	}

	private void decide(HandleRequestEvent event) {
		if (this.open.contains(event.getRequestId())) {
			this.decision.accept(event, this::answer);
		}
		else {
			// Nobody waits any longer.
			done(null);
		}
	}

	private void answer(HandleResponse answer) {
		done(this.open.remove(answer.getRequestId()) ? answer : null);
	}

	private void done(@Nullable HandleResponse answer) {
		synchronized (this.lock) {
			if (this.ended) {
				return;
			}
			if (answer != null) {
				this.out.onNext(answer);
			}
			this.owed++;
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

}
