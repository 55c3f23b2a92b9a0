package org.hkpgateway.grpc;

import org.hkpgateway.plugin.PluginId;

/**
 * Takes what plugins built with go-plugin print after their handshake: it does not come
 * through their pipes, but through a stream of theirs.
 */
@FunctionalInterface
public interface PluginStdio {

	/**
	 * Takes some bytes, cut anywhere. Called by the one thread that reads the streams of
	 * all plugins, for one plugin in the order in which it printed. While it blocks,
	 * nothing more is read, and plugins that print a lot wait. What it throws is ignored.
	 * @param plugin who printed
	 * @param stream where
	 * @param bytes belongs to the receiver
	 */
	void accept(PluginId plugin, Stream stream, byte[] bytes);

	/**
	 * Reads and forgets.
	 * @return for who has no use for output
	 */
	static PluginStdio discard() {
		return (plugin, stream, bytes) -> {
		};
	}

	/** The two streams of a process. */
	enum Stream {

		/** Standard output. */
		STDOUT,
		/** Standard error. */
		STDERR

	}

}
