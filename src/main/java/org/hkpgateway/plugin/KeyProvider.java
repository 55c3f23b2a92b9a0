package org.hkpgateway.plugin;

import java.time.Duration;
import java.util.Optional;

import reactor.core.publisher.Mono;

/**
 * Asks one running plugin for keys that it has itself. See {@link PluginClient#keys()}.
 */
@FunctionalInterface
public interface KeyProvider {

	/**
	 * Asks for a page. Non-blocking, may be called from any thread and concurrently; the
	 * result may come on any thread. Cancelling the subscription cancels the call.
	 * @param question what is asked
	 * @param budget the longest to wait, positive
	 * @return the page; nothing if the plugin leaves it to the keyserver; or a
	 * {@link PluginFailure}. Never empty
	 */
	Mono<Optional<KeyPage>> provide(Question question, Duration budget);

	/**
	 * A query and the part of what it finds that is asked for.
	 *
	 * @param query what to find
	 * @param offset how many keys to leave out, 0 or more
	 * @param limit how many at most, 1 or more
	 */
	record Question(KeyQuery query, int offset, int limit) {
	}

	/**
	 * A plugin that can be asked.
	 *
	 * @param plugin its name
	 * @param keys asks it
	 */
	record Named(PluginId plugin, KeyProvider keys) {
	}

}
