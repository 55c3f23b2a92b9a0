package org.hkpgateway.chain;

import org.hkpgateway.plugin.PluginFailure;

/**
 * What came of asking a plugin.
 *
 * @param <D> what it decides: about a request, or about the keyserver's answer
 */
public sealed interface Reply<D> {

	/**
	 * It decided.
	 *
	 * @param <D> as above
	 * @param decision what it wants
	 */
	record Decided<D>(D decision) implements Reply<D> {
	}

	/**
	 * It failed: what that means is for the phase to say.
	 *
	 * @param <D> as above
	 * @param failure how
	 */
	record Failed<D>(PluginFailure failure) implements Reply<D> {
	}

	/**
	 * It was not to be asked, and the chain goes on as if it were not there.
	 *
	 * @param <D> as above
	 * @param why in a few words
	 */
	record NotAsked<D>(String why) implements Reply<D> {
	}

}
