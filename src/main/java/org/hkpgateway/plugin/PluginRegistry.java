package org.hkpgateway.plugin;

import java.util.List;

import org.jspecify.annotations.Nullable;

/**
 * The plugins that make up the chain, as of now.
 */
@FunctionalInterface
public interface PluginRegistry {

	/**
	 * Every enabled plugin with the grant to see requests or the keyserver's answers, in
	 * chain order, whether or not it is READY at the moment, and whatever its match rules
	 * say. The list is immutable and replaced, never changed.
	 * @return possibly empty
	 */
	List<Entry> chain();

	/**
	 * One place in the chain, as one generation of the plugin fills it: specification and
	 * client belong together. A request that has read its body according to one list may
	 * come to an entry long after the list was replaced; so it asks for
	 * {@link #current()} first.
	 */
	interface Entry {

		/**
		 * What the plugin is.
		 * @return its specification
		 */
		PluginSpec spec();

		/**
		 * The guarded client, read anew for each request. Refuses with
		 * {@link PluginFailure.Withdrawn} if it was withdrawn since: then look at
		 * {@link #current()} again.
		 * @return null while this generation does not run: the fail policy applies
		 */
		@Nullable PluginClient client();

		/**
		 * The client for requests that are not real: its calls leave no trace in the
		 * guards, and one that fails does not end the trial of a new generation.
		 * @return null while this generation does not run
		 */
		default @Nullable PluginClient rehearsal() {
			return null;
		}

		/**
		 * This place as of now: this very entry while its generation runs, else the one
		 * that decides in its stead. Does not block.
		 * @return null if the plugin has left the chain: it is not to be asked
		 */
		default @Nullable Entry current() {
			return this;
		}

	}

}
