package org.hkpgateway.sdk;

import java.time.Duration;
import java.util.HashSet;
import java.util.List;
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

	private final Object lock = new Object();

	/** That are to end with the link. */
	private final Set<EventSubscription> subscriptions = new HashSet<>();

	private boolean closed;

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
	 * @throws HostException if there is none, or the grant is missing, or the link closed
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
		synchronized (this.lock) {
			if (this.closed) {
				throw new HostException(HostException.Reason.UNAVAILABLE,
						"expected: a plugin that is initialized, got: one whose init failed; the gateway cannot be asked");
			}
		}
		return this.channel.get();
	}

	/**
	 * Ends a subscription with the link, unless it ends before. Does not block.
	 * @param subscription the subscription
	 */
	void keep(EventSubscription subscription) {
		boolean late;
		synchronized (this.lock) {
			late = this.closed;
			if (!late) {
				this.subscriptions.add(subscription);
			}
		}
		if (late) {
			subscription.close();
		}
		var unused = subscription.ended().whenComplete((nothing, failure) -> {
			synchronized (this.lock) {
				this.subscriptions.remove(subscription);
			}
		});
	}

	/** Ends its subscriptions, and lets nothing begin any more. Does not block. */
	void close() {
		List<EventSubscription> open;
		synchronized (this.lock) {
			this.closed = true;
			open = List.copyOf(this.subscriptions);
		}
		open.forEach(EventSubscription::close);
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
