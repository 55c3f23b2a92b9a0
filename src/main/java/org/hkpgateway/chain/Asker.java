package org.hkpgateway.chain;

import java.time.Duration;

import org.hkpgateway.plugin.Decision;
import org.hkpgateway.plugin.PluginRegistry;
import org.hkpgateway.plugin.RequestEvent;

import reactor.core.publisher.Mono;

/**
 * How a chain asks one plugin. All that a chain does besides (order, stages, budget,
 * changes, fail policies) is the same whoever asks.
 */
@FunctionalInterface
public interface Asker {

	/**
	 * Asks a plugin. Non-blocking; the reply may come on any thread. Cancelling the
	 * subscription cancels the call.
	 * @param entry the plugin, as it is now
	 * @param shown the request as this plugin may see it
	 * @param left the longest to wait, positive
	 * @return what came of it; neither empty nor an error
	 */
	Mono<Reply<Decision>> ask(PluginRegistry.Entry entry, RequestEvent shown, Duration left);

}
