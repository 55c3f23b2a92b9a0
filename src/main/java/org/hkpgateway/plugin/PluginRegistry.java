package org.hkpgateway.plugin;

import java.util.List;

import org.jspecify.annotations.Nullable;

/**
 * The plugins that make up the chain, as of now.
 */
@FunctionalInterface
public interface PluginRegistry {

	/**
	 * Every enabled plugin with the grant to see requests, in chain order, whether or not
	 * it is READY at the moment. The list is immutable and replaced, never changed.
	 * @return possibly empty
	 */
	List<Entry> chain();

	/** One place in the chain. */
	interface Entry {

		/**
		 * What the plugin is.
		 * @return its specification
		 */
		PluginSpec spec();

		/**
		 * The guarded client, read anew for each request.
		 * @return null while the plugin is not READY: its fail policy applies
		 */
		@Nullable PluginClient client();

	}

}
