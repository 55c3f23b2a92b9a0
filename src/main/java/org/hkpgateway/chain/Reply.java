package org.hkpgateway.chain;

import org.hkpgateway.plugin.Decision;
import org.hkpgateway.plugin.PluginFailure;

/** What came of asking a plugin. */
public sealed interface Reply {

	/**
	 * It decided.
	 *
	 * @param decision what it wants
	 */
	record Decided(Decision decision) implements Reply {
	}

	/**
	 * It failed: its policy says what that means.
	 *
	 * @param failure how
	 */
	record Failed(PluginFailure failure) implements Reply {
	}

	/**
	 * It was not to be asked, and the chain goes on as if it were not there.
	 *
	 * @param why in a few words
	 */
	record NotAsked(String why) implements Reply {
	}

}
