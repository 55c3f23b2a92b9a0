package org.hkpgateway.grpc;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;

import io.grpc.ConnectivityState;
import io.grpc.ManagedChannel;
import io.grpc.Status;

/**
 * Notices when a channel that was connected is so no longer.
 */
final class ConnectionWatch {

	/**
	 * A connection may end without its server, for example when it has reached the age
	 * that the server allows. Then another can be made, and at once.
	 */
	private static final Duration RECONNECT = Duration.ofSeconds(2);

	private final CompletableFuture<String> lost = new CompletableFuture<>();

	private final ManagedChannel channel;

	private final boolean reconnects;

	private final Runnable leaving;

	/**
	 * Watches a channel that was READY.
	 * @param channel whose calls are answered by one process
	 * @param reconnects whether it may connect again. If not it is shut down as soon as
	 * its connection breaks, because what answers there then may be another process
	 * @param leaving called each time that a connection is lost or about to end and
	 * another may be made; must not block
	 */
	ConnectionWatch(ManagedChannel channel, boolean reconnects, Runnable leaving) {
		this.channel = channel;
		this.reconnects = reconnects;
		this.leaving = leaving;
		watch();
	}

	CompletableFuture<String> lost() {
		return this.lost;
	}

	private void watch() {
		this.channel.notifyWhenStateChanged(ConnectivityState.READY, this::disconnected);
	}

	private void disconnected() {
		if (this.channel.isShutdown()) {
			return;
		}
		if (!this.reconnects) {
			this.channel.shutdown();
			this.lost.complete("its connection broke");
			return;
		}
		this.leaving.run();
		StandardHealth.ask(this.channel, RECONNECT, this::judge);
	}

	private void judge(Status status) {
		if (this.channel.isShutdown()) {
			return;
		}
		boolean unanswered = status.getCode() == Status.Code.DEADLINE_EXCEEDED
				|| StatusTranslation.isConnectionBroken(status);
		if (unanswered && this.channel.getState(false) != ConnectivityState.READY) {
			this.lost
				.complete("its connection broke, and no other could be made: " + StatusTranslation.describe(status));
		}
		else {
			watch();
		}
	}

}
