package org.hkpgateway.plugin;

import java.time.Duration;
import java.util.function.Consumer;

import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * Asks one running plugin for decisions. The gateway's chain sees nothing else of a
 * plugin; gRPC and resilience stand behind it.
 */
@FunctionalInterface
public interface PluginClient {

	/**
	 * Asks for the decision about one request. Non-blocking, may be called from any
	 * thread and concurrently; the result may come on any thread. Cancelling the
	 * subscription cancels the call. What trace the call belongs to the subscription
	 * says: {@link CallTrace}.
	 * @param event the request as this plugin may see it
	 * @param budget the longest to wait, positive
	 * @return the decision, or a {@link PluginFailure}; never empty
	 */
	Mono<Decision> decide(RequestEvent event, Duration budget);

	/**
	 * The client of the response phase. Whatever decorates a client must decorate this
	 * one too. Does not block.
	 * @return null if the plugin did not declare the feature {@code response}, or was not
	 * granted {@code http.response}: it takes no part in that phase
	 */
	default @Nullable ResponseClient responses() {
		return null;
	}

	/**
	 * The client for queries of keys that the plugin has itself. Whatever decorates a
	 * client must decorate this one too. Does not block.
	 * @return null if the plugin was not granted {@code storage.provide}, or was found
	 * not to answer such queries
	 */
	default @Nullable KeyProvider keys() {
		return null;
	}

	/**
	 * Whether the plugin declared the feature {@code dry_run}: it decides about an event
	 * that is a dry run without changing any state. Whatever decorates a client must pass
	 * this on. Does not block.
	 * @return false if it would take such an event for a real one, or refuse it
	 */
	default boolean declaresDryRun() {
		return false;
	}

	/**
	 * Sets who hears of failures that belong to no single call: a stream that calls share
	 * broke. Each is told once, whether or not calls were in flight; these fail with
	 * {@link PluginFailure.Unavailable#sharingTheCauseOfAnother}, which is no evidence.
	 * Called by whatever guards this client, before it asks for the first decision; what
	 * has happened by then is told at once.
	 * @param guard is told on the thread that noticed it: must not block or throw
	 */
	default void reportTo(Consumer<PluginFailure> guard) {
		// A client of single calls has nothing to tell.
	}

	/** A client with its guards, which know how the calls went. */
	interface Guarded extends PluginClient, Guards {

		@Override
		ResponseClient.@Nullable Guarded responses();

		/**
		 * Asks in the same way, with the same deadline and the same look at the decision,
		 * but behind none of the guards that remember how calls went: neither breaker nor
		 * bulkhead nor the record of durations hears of it.
		 * @return for requests that are not real
		 */
		PluginClient unrecorded();

	}

	/** Wraps a client in what guards it: bulkhead, breaker, deadline, grants. */
	@FunctionalInterface
	interface Decorator {

		/**
		 * Called once for each started process, so that a new process does not inherit
		 * its predecessor's record.
		 * @param spec the plugin
		 * @param client the bare client
		 * @param listener is told when a breaker of this very process changes
		 * @return the guarded client
		 */
		Guarded decorate(PluginSpec spec, PluginClient client, BreakerListener listener);

	}

}
