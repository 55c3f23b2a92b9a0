package org.hkpgateway.grpc;

import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.util.concurrent.DefaultThreadFactory;
import org.hkpgateway.plugin.PluginSpec;

/**
 * Opens connections to plugins on this machine as {@link GrpcConnector} does, for
 * {@link Probe}s. All share one daemon thread.
 */
public final class ProbeConnector implements AutoCloseable {

	private final Gateway gateway;

	private final SocketTransport transport;

	private final EventLoopGroup eventLoops;

	private final ChannelOpener opener;

	/**
	 * Makes a connector and its thread.
	 * @param gateway what plugins are told
	 */
	public ProbeConnector(Gateway gateway) {
		this.gateway = gateway;
		this.transport = SocketTransport.best();
		this.eventLoops = new MultiThreadIoEventLoopGroup(1, new DefaultThreadFactory("hkp-probe", true),
				this.transport.ioHandlers());
		this.opener = new ChannelOpener(this.transport, this.eventLoops, RemoteChannels.none());
	}

	/**
	 * Prepares connections to one process.
	 * @param spec the plugin, with the transport to use
	 * @return new keys or a new secret each time
	 */
	public ProbeOffer offer(PluginSpec spec) {
		return new ProbeOffer(spec, this.gateway, this.opener);
	}

	/**
	 * Opens what a plugin on trial may call back.
	 * @param socket where to listen; the file stays when the host is closed
	 * @return to be closed
	 * @throws java.io.UncheckedIOException if it cannot listen there
	 */
	public ProbeHost host(Path socket) {
		return new ProbeHost(socket, this.gateway, this.eventLoops, this.transport);
	}

	/** Ends the thread. Close the probes first. Blocks for at most two seconds. */
	@Override
	public void close() {
		this.eventLoops.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly(2, TimeUnit.SECONDS);
	}

}
