package org.hkpgateway.sdk;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Function;
import java.util.function.Supplier;

import io.grpc.MethodDescriptor;
import io.grpc.stub.ClientCalls;
import org.hkpgateway.sdk.host.HostException;

import org.jspecify.annotations.Nullable;

/**
 * Calls of the gateway's host service, as far as they are granted. What is not granted,
 * and what has no way there, fails here and says so.
 */
final class HostLink {

	/** For a call of which no grant is asked. */
	static final String NO_GRANT = "";

	private final @Nullable Supplier<HostChannel> channel;

	private final Set<String> grants;

	private final Executor readers;

	/**
	 * Makes one.
	 * @param channel opens the way there when first asked, and then gives the same; null
	 * if there is none
	 * @param grants the capabilities in force
	 * @param readers runs what may block
	 */
	HostLink(@Nullable Supplier<HostChannel> channel, Set<String> grants, Executor readers) {
		this.channel = channel;
		this.grants = grants;
		this.readers = readers;
	}

	/**
	 * The way there.
	 * @param grant that the call needs
	 * @return the channel
	 * @throws HostException if there is none, or the grant is missing
	 */
	HostChannel channel(String grant) {
		if (!grant.equals(NO_GRANT) && !this.grants.contains(grant)) {
			throw HostException.notGranted(grant);
		}
		if (this.channel == null) {
			throw new HostException(HostException.Reason.UNAVAILABLE,
					"expected: PLUGIN_HOST_ADDRESS and PLUGIN_HOST_TOKEN in the environment, got: none; the gateway "
							+ "cannot be asked");
		}
		return this.channel.get();
	}

	/** Runs what may block. */
	Executor readers() {
		return this.readers;
	}

	/**
	 * Asks one question.
	 * @param grant that it needs
	 * @param method what to call
	 * @param request the question
	 * @param timeout the longest that it may take
	 * @param result reads the answer
	 * @return the answer; fails with a {@link HostException}
	 */
	<Q, A, R> CompletionStage<R> call(String grant, MethodDescriptor<Q, A> method, Q request, Duration timeout,
			Function<A, R> result) {
		CompletableFuture<R> future = new CompletableFuture<>();
		try {
			ClientCalls.asyncUnaryCall(channel(grant).call(method, timeout), request, new HostAnswer<>(future, result));
		}
		catch (HostException ex) {
			future.completeExceptionally(ex);
		}
		return future;
	}

}
