package org.hkpgateway.grpc;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

import io.grpc.ConnectivityState;
import io.grpc.ManagedChannel;
import io.grpc.Status;

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

	/**
	 * For the reason of a failure, which a channel tells at once, unless the machine is
	 * busy, or the channel has begun to connect again: then for the end of that.
	 */
	private static final long REASON_NANOS = TimeUnit.SECONDS.toNanos(1);

	private ChannelReadiness() {
	}

	/**
	 * Connects and waits. Blocks.
	 * @param channel a channel not yet used
	 * @param timeout the longest to wait
	 * @param hopeless whether there is no use in another attempt after this failure
	 * @return OK once it is READY, else the latest failure: DEADLINE_EXCEEDED if no
	 * attempt has ended
	 * @throws InterruptedException if the thread is interrupted
	 */
	static Status await(ManagedChannel channel, Duration timeout, Predicate<Status> hopeless)
			throws InterruptedException {
		long deadline = System.nanoTime() + timeout.toNanos();
		Status failure = Status.DEADLINE_EXCEEDED;
		while (true) {
			ConnectivityState state = channel.getState(true);
			if (state == ConnectivityState.READY) {
				return Status.OK;
			}
			boolean failed = (state == ConnectivityState.TRANSIENT_FAILURE);
			if (failed) {
				long left = Math.min(REASON_NANOS, deadline - System.nanoTime());
				failure = StandardHealth.status(channel, Duration.ofNanos(Math.max(RETRY_NANOS, left)));
			}
			long remaining = deadline - System.nanoTime();
			if (remaining <= 0 || state == ConnectivityState.SHUTDOWN || (failed && hopeless.test(failure))) {
				return failure;
			}
			CountDownLatch changed = new CountDownLatch(1);
			channel.notifyWhenStateChanged(state, changed::countDown);
			if (!changed.await(failed ? Math.min(RETRY_NANOS, remaining) : remaining, TimeUnit.NANOSECONDS) && failed) {
				channel.resetConnectBackoff();
			}
		}
	}

}
