package org.hkpgateway.grpc;

import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;

import com.google.protobuf.Empty;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.proto.goplugin.GRPCStdioGrpc;
import org.hkpgateway.proto.goplugin.StdioData;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads the output of one plugin built with go-plugin until the connection ends, and what
 * had come by then. Asks for one message after the other, so that a flood waits in the
 * plugin and not here.
 */
final class StdioStream extends ClientCall.Listener<StdioData> {

	private static final Logger logger = LoggerFactory.getLogger(StdioStream.class);

	private final PluginId plugin;

	private final PluginStdio sink;

	private final Executor executor;

	private final Consumer<StdioStream> ended;

	private final ClientCall<Empty, StdioData> call;

	/**
	 * Makes a stream.
	 * @param channel the plugin, connected
	 * @param plugin its name
	 * @param sink takes what it prints
	 * @param executor where the sink runs
	 * @param ended is told once there is nothing left to read. Must not block
	 */
	StdioStream(Channel channel, PluginId plugin, PluginStdio sink, Executor executor, Consumer<StdioStream> ended) {
		this.plugin = plugin;
		this.sink = sink;
		this.executor = executor;
		this.ended = ended;
		this.call = channel.newCall(GRPCStdioGrpc.getStreamStdioMethod(), CallOptions.DEFAULT);
	}

	/** Begins to read. Once. Does not block. Most plugins do not offer the stream. */
	void start() {
		this.call.start(this, new Metadata());
		this.call.request(1);
		this.call.sendMessage(Empty.getDefaultInstance());
		this.call.halfClose();
	}

	/**
	 * Ends the reading and drops what has come: after this the executor may be gone. Does
	 * not block.
	 */
	void drop() {
		this.call.cancel("nobody takes the plugin's output any more", null);
		// A connection that has ended hears of no cancellation, and gRPC keeps the
		// buffers of what came over it until somebody asks for all of it.
		this.call.request(Integer.MAX_VALUE);
	}

	/**
	 * The message is read here, on the channel's thread: gRPC reads it where it calls,
	 * and leaks a buffer if a broken message ends the call while another thread reads.
	 */
	@Override
	public void onMessage(StdioData message) {
		try {
			this.executor.execute(() -> take(message));
		}
		catch (RejectedExecutionException ex) {
			// To be dropped; what follows is asked for by whoever ended the executor.
		}
	}

	private void take(StdioData message) {
		try {
			switch (message.getChannel()) {
				case STDOUT ->
					this.sink.accept(this.plugin, PluginStdio.Stream.STDOUT, message.getData().toByteArray());
				case STDERR ->
					this.sink.accept(this.plugin, PluginStdio.Stream.STDERR, message.getData().toByteArray());
				case INVALID, UNRECOGNIZED -> logger.debug("plugin {}: output on an unknown stream", this.plugin);
			}
		}
		catch (RuntimeException ex) {
			// A fault of the log must not stop the reading, which would block the plugin.
			logger.debug("plugin {}: its output could not be taken", this.plugin, ex);
		}
		finally {
			askForNext();
		}
	}

	private void askForNext() {
		try {
			this.call.request(1);
		}
		catch (RejectedExecutionException ex) {
			// The event loops have ended while the sink was busy.
		}
	}

	@Override
	public void onClose(Status status, Metadata trailers) {
		logger.debug("plugin {}: its stream of output ended: {}", this.plugin, StatusTranslation.describe(status));
		this.ended.accept(this);
	}

}
