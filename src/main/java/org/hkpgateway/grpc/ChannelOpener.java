package org.hkpgateway.grpc;

import java.net.SocketAddress;
import java.util.concurrent.TimeUnit;

import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.channel.EventLoopGroup;
import org.hkpgateway.plugin.PluginEndpoint;
import org.hkpgateway.plugin.PluginSource;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.PluginStartException;

/**
 * Builds channels: what all have in common, and what differs between a plugin on this
 * machine and one elsewhere. Nothing is connected yet.
 */
final class ChannelOpener {

	/**
	 * Sent as {@code :authority} on this machine. Without it a unix socket's path would
	 * be taken, which is not a valid authority, and part of what TLS checks.
	 */
	private static final String AUTHORITY = "localhost";

	/** No plugin needs to send more in one answer, whatever its manifest says. */
	private static final int MAX_INBOUND_BYTES = 64 * 1024 * 1024;

	/** Of a connection and of each call; what gRPC begins with. */
	private static final int WINDOW_BYTES = 1024 * 1024;

	private final SocketTransport transport;

	private final EventLoopGroup eventLoops;

	private final RemoteChannels remoteChannels;

	ChannelOpener(SocketTransport transport, EventLoopGroup eventLoops, RemoteChannels remoteChannels) {
		this.transport = transport;
		this.eventLoops = eventLoops;
		this.remoteChannels = remoteChannels;
	}

	/**
	 * Opens a channel to a plugin on this machine.
	 * @param spec the plugin
	 * @param endpoint where it listens
	 * @param security what both sides know
	 * @return to be shut down by the caller
	 * @throws PluginStartException if the endpoint cannot be one
	 */
	ManagedChannel local(PluginSpec spec, PluginEndpoint endpoint, ChannelSecurity security) {
		try {
			SocketAddress address = this.transport.local(endpoint);
			NettyChannelBuilder builder = NettyChannelBuilder.forAddress(address);
			setUp(builder, spec, address, AUTHORITY, security);
			// Fixed: to measure what the way could take, gRPC would send a ping with
			// nearly every answer, which costs both sides more than it can bring here.
			return builder.flowControlWindow(WINDOW_BYTES).build();
		}
		catch (IllegalArgumentException ex) {
			throw new PluginStartException(spec.id(), "cannot connect: " + ex.getMessage(), ex);
		}
	}

	/**
	 * Opens a channel to one address of a plugin that runs elsewhere.
	 * @param spec the plugin
	 * @param source as it is configured
	 * @param address the address
	 * @param authority the name that its certificate must have
	 * @param security what both sides know
	 * @return to be shut down by the caller
	 * @throws PluginStartException if it cannot be set up
	 */
	ManagedChannel remote(PluginSpec spec, PluginSource.Remote source, SocketAddress address, String authority,
			ChannelSecurity.Remote security) {
		try {
			return this.remoteChannels.open(spec.id(), address, source.tlsBundle(),
					(builder) -> setUp(builder, spec, address, authority, security));
		}
		catch (IllegalArgumentException | IllegalStateException ex) {
			throw new PluginStartException(spec.id(), "cannot connect: " + ex.getMessage(), ex);
		}
	}

	private void setUp(NettyChannelBuilder builder, PluginSpec spec, SocketAddress address, String authority,
			ChannelSecurity security) {
		this.transport.applyTo(builder, address);
		security.applyTo(builder);
		builder.eventLoopGroup(this.eventLoops)
			.overrideAuthority(authority)
			.maxInboundMessageSize(
					Math.min(MAX_INBOUND_BYTES, Math.max(PluginSpec.DEFAULT_MAX_MESSAGE_BYTES, spec.maxMessageBytes())))
			// Callbacks only convert an answer and hand it on; another thread would
			// add a switch per message, and gRPC's own pool has no bound.
			.directExecutor()
			// A decision is asked for once. Whether to ask again is not gRPC's
			// choice.
			.disableRetry()
			.disableServiceConfigLookUp()
			// A proxy of the environment must not get between us and our plugin.
			.proxyDetector((target) -> null)
			// An idle channel would drop its connection, and the next call be cold.
			.idleTimeout(Long.MAX_VALUE, TimeUnit.NANOSECONDS)
			.maxTraceEvents(0);
	}

}
