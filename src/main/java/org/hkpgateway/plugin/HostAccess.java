package org.hkpgateway.plugin;

import java.nio.file.Path;
import java.util.Map;

/**
 * Lets a plugin's process call the gateway back. Thread-safe.
 */
@FunctionalInterface
public interface HostAccess {

	/** For plugins that nobody listens to: their environment says nothing of a host. */
	HostAccess NONE = (spec, directory) -> Session.NONE;

	/**
	 * Opens a way back for one process, before it is launched. Several sessions of one
	 * plugin may be open, as in a hot swap: each has an identity of its own. Takes some
	 * milliseconds.
	 * @param spec the plugin, with its grants
	 * @param socketDirectory the private directory of this launch. It belongs to the user
	 * that the process will run as; the directory that contains it can be written by the
	 * gateway only, and has the place for one more entry while this method runs
	 * @return the session, to be closed when the process has ended or was not launched
	 * @throws PluginStartException if it cannot be opened
	 */
	Session open(PluginSpec spec, Path socketDirectory);

	/** The way back of one process. Thread-safe. */
	interface Session extends AutoCloseable {

		/** Of {@link HostAccess#NONE}. */
		Session NONE = new Session() {

			@Override
			public Map<String, String> environment() {
				return Map.of();
			}

			@Override
			public void close() {
			}

		};

		/**
		 * What the process must be told in its environment; it is secret.
		 * @return names and values, possibly none
		 */
		Map<String, String> environment();

		/**
		 * Ends it: from now on no call is answered, the socket is gone, and connections
		 * are being closed. Does not block. Nothing if called again.
		 */
		@Override
		void close();

	}

}
