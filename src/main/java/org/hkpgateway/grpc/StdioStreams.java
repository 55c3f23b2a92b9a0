package org.hkpgateway.grpc;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

import io.grpc.Channel;
import io.netty.util.concurrent.DefaultThreadFactory;
import org.hkpgateway.plugin.PluginId;

/**
 * Reads the output of all plugins built with go-plugin, on one daemon thread named
 * {@code hkp-plugin-stdio-…}. Safe for any thread.
 */
final class StdioStreams implements AutoCloseable {

	private final PluginStdio sink;

	/**
	 * Never more queued than one message of each plugin: the next is asked for when one
	 * was taken.
	 */
	private final ExecutorService thread = Executors
		.newSingleThreadExecutor(new DefaultThreadFactory("hkp-plugin-stdio", true));

	/** One for each connection, until everything that came over it has been taken. */
	private final Set<StdioStream> open = ConcurrentHashMap.newKeySet();

	/** Guarded by this. */
	private boolean closed;

	StdioStreams(PluginStdio sink) {
		this.sink = sink;
	}

	/**
	 * Begins to read, unless this is closed. Does not block.
	 * @param channel the plugin, connected
	 * @param plugin its name
	 */
	synchronized void read(Channel channel, PluginId plugin) {
		if (!this.closed) {
			StdioStream stream = new StdioStream(channel, plugin, this.sink, this.thread, this.open::remove);
			this.open.add(stream);
			stream.start();
		}
	}

	/**
	 * Interrupts the sink and drops what nobody has read. While the event loops of the
	 * channels still run, or buffers are left behind. Does not block.
	 */
	@Override
	public synchronized void close() {
		if (!this.closed) {
			this.closed = true;
			this.thread.shutdownNow();
			this.open.forEach(StdioStream::drop);
		}
	}

}
