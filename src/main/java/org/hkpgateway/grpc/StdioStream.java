package org.hkpgateway.grpc;

import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;

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
 * Reads the output of one plugin built with go-plugin until the connection ends. Asks for
 * one message after the other, so that a flood waits in the plugin and not here.
 */
final class StdioStream extends ClientCall.Listener<StdioData> {

	private static final Logger logger = LoggerFactory.getLogger(StdioStream.class);

	private final PluginId plugin;

	private final PluginStdio sink;

	private final Executor executor;

	private final ClientCall<Empty, StdioData> call;

	private StdioStream(PluginId plugin, PluginStdio sink, Executor executor, ClientCall<Empty, StdioData> call) {
		this.plugin = plugin;
		this.sink = sink;
		this.executor = executor;
		this.call = call;
	}

	/**
	 * Begins to read. Does not block. Most plugins do not offer the stream.
	 * @param channel the plugin, connected
	 * @param plugin its name
	 * @param sink takes what it prints
	 * @param executor where the sink runs
	 */
	static void read(Channel channel, PluginId plugin, PluginStdio sink, Executor executor) {
		ClientCall<Empty, StdioData> call = channel.newCall(GRPCStdioGrpc.getStreamStdioMethod(), CallOptions.DEFAULT);
		call.start(new StdioStream(plugin, sink, executor, call), new Metadata());
		call.request(1);
		call.sendMessage(Empty.getDefaultInstance());
		call.halfClose();
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
			this.call.cancel("nobody takes the plugin's output any more", ex);
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
			this.call.request(1);
		}
	}

	@Override
	public void onClose(Status status, Metadata trailers) {
		logger.debug("plugin {}: its stream of output ended: {}", this.plugin, StatusTranslation.describe(status));
	}

}
