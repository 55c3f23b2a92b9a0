package org.hkpgateway.plugin;

import java.time.Duration;

import reactor.core.publisher.Mono;

/**
 * Shows one running plugin the keyserver's answers. See {@link PluginClient#responses()}.
 */
@FunctionalInterface
public interface ResponseClient {

	/**
	 * Shows the head of one answer. Non-blocking, may be called from any thread and
	 * concurrently; the result may come on any thread. Cancelling the subscription
	 * cancels the call.
	 * @param event the answer as this plugin may see it
	 * @param budget the longest to wait, positive
	 * @return what it wants done, or a {@link PluginFailure}; never empty
	 */
	Mono<ResponseDecision> review(ResponseEvent event, Duration budget);

	/** A client with guards of its own, which the other phase does not share. */
	interface Guarded extends ResponseClient, Guards {

	}

}
