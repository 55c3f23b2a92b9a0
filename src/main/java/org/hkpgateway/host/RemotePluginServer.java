package org.hkpgateway.host;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.NettyServerBuilder;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import net.devh.boot.grpc.server.service.GrpcServiceDiscoverer;
import org.hkpgateway.plugin.HostTracing;
import org.hkpgateway.plugin.PluginConnection;
import org.jspecify.annotations.Nullable;

/**
 * Serves the host service to plugins that run elsewhere: one port, TLS on it and nothing
 * else, and a token with each call. It has two daemon threads of its own, named
 * {@code hkp-remote-host-…}, so that strangers do not keep the plugins of this machine
 * waiting.
 */
public final class RemotePluginServer implements AutoCloseable {

	static final int CONNECTIONS_PER_ADDRESS = 64;

	/** How long a connection may be without the token of a plugin. */
	static final Duration PATIENCE = Duration.ofSeconds(30);

	private static final int THREADS = 2;

	private static final Duration DRAIN = Duration.ofSeconds(2);

	private final RemoteCallers callers;

	private final EventLoopGroup eventLoops;

	private final Server server;

	private RemotePluginServer(RemoteCallers callers, EventLoopGroup eventLoops, Server server) {
		this.callers = callers;
		this.eventLoops = eventLoops;
		this.server = server;
	}

	/**
	 * Begins to listen. Nobody may call before {@link #admitting} is used.
	 * @param address where
	 * @param tls for each connection
	 * @param discoverer finds the services, with the interceptors that are common to all
	 * @param listener is told of what is refused
	 * @param tracing makes spans of calls within a trace; null where traces are off
	 * @return the server, to be closed
	 * @throws IOException if it cannot listen there
	 * @throws IllegalStateException if the discoverer finds other services than the
	 * protocol's
	 */
	public static RemotePluginServer start(InetSocketAddress address, Tls tls, GrpcServiceDiscoverer discoverer,
			HostRefusalListener listener, @Nullable HostTracing tracing) throws IOException {
		return start(address, tls, HostServers.services(discoverer, tracing), listener, ServerTransport.best(),
				HostLimits.REMOTE, CONNECTIONS_PER_ADDRESS, PATIENCE);
	}

	static RemotePluginServer start(InetSocketAddress address, Tls tls, List<ServerServiceDefinition> services,
			HostRefusalListener listener, ServerTransport transport, HostLimits limits, int connectionsPerAddress,
			Duration patience) throws IOException {
		List<ServerServiceDefinition> served = HostServers.checked(services);
		Refusals strangers = Refusals.ofRemote(null, listener, System::nanoTime);
		RemoteCallers callers = new RemoteCallers((plugin) -> Refusals.ofRemote(plugin, listener, System::nanoTime));
		RemoteConnections connections = new RemoteConnections(limits.connections(), connectionsPerAddress, patience,
				tls, strangers);
		EventLoopGroup eventLoops = new MultiThreadIoEventLoopGroup(THREADS,
				new DefaultThreadFactory("hkp-remote-host", true), transport.ioHandlers());
		// Without TLS of gRPC's: that would calculate for handshakes on the event loops.
		Server server = limits.applyTo(NettyServerBuilder.forAddress(address))
			.channelFactory(() -> channel(transport, connections))
			.bossEventLoopGroup(eventLoops)
			.workerEventLoopGroup(eventLoops)
			.addServices(served)
			.intercept(new RemoteTokenCheck(callers, connections, strangers))
			.build();
		try {
			return new RemotePluginServer(callers, eventLoops, server.start());
		}
		catch (IOException | RuntimeException ex) {
			end(eventLoops);
			throw ex;
		}
	}

	private static ServerChannel channel(ServerTransport transport, RemoteConnections connections) {
		ServerChannel channel = transport.tcpChannel();
		channel.pipeline().addFirst(connections);
		return channel;
	}

	/**
	 * Where it listens.
	 * @return address and port
	 */
	public InetSocketAddress address() {
		return (InetSocketAddress) this.server.getListenSockets().get(0);
	}

	/**
	 * Lets remote plugins call as long as the gateway is connected to them: from just
	 * before Initialize, which they may call during, until the connection is lost or
	 * closed.
	 * @param connector makes those connections
	 * @return the same for plugins without a host-token
	 */
	public PluginConnection.Connector admitting(PluginConnection.Connector connector) {
		return new AdmittingConnector(connector, this.callers);
	}

	/**
	 * Listens no more, lets calls end for two seconds at most, and closes what is left.
	 * Blocks for at most five seconds. Close the connections to plugins first.
	 */
	@Override
	public void close() {
		this.server.shutdown();
		try {
			if (!this.server.awaitTermination(DRAIN.toMillis(), TimeUnit.MILLISECONDS)) {
				this.server.shutdownNow().awaitTermination(1, TimeUnit.SECONDS);
			}
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			this.server.shutdownNow();
		}
		this.callers.close();
		end(this.eventLoops);
	}

	private static void end(EventLoopGroup eventLoops) {
		eventLoops.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly(2, TimeUnit.SECONDS);
	}

	/** TLS, which this package does not know the certificates of. */
	@FunctionalInterface
	public interface Tls {

		/**
		 * Makes the server's side of TLS.
		 * @param connection a new connection, not registered yet
		 * @return its first handler, which has a time limit for the handshake
		 */
		ChannelHandler newHandler(Channel connection);

	}

}
