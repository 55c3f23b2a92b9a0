package org.hkpgateway.grpc;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import io.grpc.ConnectivityState;
import io.grpc.ManagedChannel;

/**
 * Waits until a channel is connected. gRPC calls a channel READY when the other side has
 * sent its HTTP/2 settings, so a program that accepts and says nothing never gets there.
 */
final class ChannelReadiness {

	/**
	 * gRPC waits a second and more between attempts; a plugin that binds its socket a
	 * moment after its handshake should not have to.
	 */
	private static final long RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

	private ChannelReadiness() {
	}

	/**
	 * Connects and waits. Blocks.
	 * @param channel a channel not yet used
	 * @param timeout the longest to wait
	 * @return false if it is not READY in time
	 * @throws InterruptedException if the thread is interrupted
	 */
	static boolean await(ManagedChannel channel, Duration timeout) throws InterruptedException {
		long deadline = System.nanoTime() + timeout.toNanos();
		while (true) {
			ConnectivityState state = channel.getState(true);
			if (state == ConnectivityState.READY) {
				return true;
			}
			long remaining = deadline - System.nanoTime();
			if (remaining <= 0 || state == ConnectivityState.SHUTDOWN) {
				return false;
			}
			boolean failed = (state == ConnectivityState.TRANSIENT_FAILURE);
			CountDownLatch changed = new CountDownLatch(1);
			channel.notifyWhenStateChanged(state, changed::countDown);
			if (!changed.await(failed ? Math.min(RETRY_NANOS, remaining) : remaining, TimeUnit.NANOSECONDS) && failed) {
				channel.resetConnectBackoff();
			}
		}
	}

}
