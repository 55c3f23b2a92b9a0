package org.hkpgateway.grpc;

import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;

import io.grpc.ManagedChannel;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.util.concurrent.DefaultThreadFactory;
import org.hkpgateway.plugin.PluginConnection;
import org.hkpgateway.plugin.PluginEndpoint;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.PluginStartException;
import org.jspecify.annotations.Nullable;

/**
 * Opens gRPC connections to plugins. All connections share a few daemon threads named
 * {@code hkp-plugin-grpc-…}, which answers come in on.
 */
public final class GrpcConnector implements PluginConnection.Connector, AutoCloseable {

	/**
	 * Sent as {@code :authority}. Without it a unix socket's path would be taken, which
	 * is not a valid authority, and part of what TLS checks.
	 */
	private static final String AUTHORITY = "localhost";

	/** No plugin needs to send more in one answer, whatever its manifest says. */
	private static final int MAX_INBOUND_BYTES = 64 * 1024 * 1024;

	private final Gateway gateway;

	private final SocketTransport transport;

	private final ChannelSecurity security = new ChannelSecurity.Plaintext();

	private final EventConverter events = new EventConverter();

	private final EventLoopGroup eventLoops;

	/**
	 * Makes a connector and its threads.
	 * @param gateway what plugins are told
	 */
	public GrpcConnector(Gateway gateway) {
		this(gateway, SocketTransport.best());
	}

	GrpcConnector(Gateway gateway, SocketTransport transport) {
		this.gateway = gateway;
		this.transport = transport;
		int threads = Math.max(2, Math.min(4, Runtime.getRuntime().availableProcessors() / 2));
		this.eventLoops = new MultiThreadIoEventLoopGroup(threads, new DefaultThreadFactory("hkp-plugin-grpc", true),
				transport.ioHandlers());
	}

	@Override
	public PluginConnection.Offer offer(PluginSpec spec) {
		return new PluginConnection.Offer() {

			@Override
			public Map<String, String> environment() {
				return Map.of();
			}

			@Override
			public boolean certificateExpected() {
				return false;
			}

			@Override
			public PluginConnection connect(PluginEndpoint endpoint, @Nullable X509Certificate certificate,
					Duration timeout) {
				return GrpcConnector.this.connect(spec, endpoint, timeout);
			}

		};
	}

	PluginConnection connect(PluginSpec spec, PluginEndpoint endpoint, Duration timeout) {
		ManagedChannel channel = open(spec, endpoint);
		boolean ready = false;
		try {
			ready = ChannelReadiness.await(channel, timeout);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new PluginStartException(spec.id(), "interrupted while connecting to " + endpoint, ex);
		}
		finally {
			if (!ready) {
				channel.shutdownNow();
			}
		}
		if (!ready) {
			throw new PluginStartException(spec.id(), "cannot connect: expected: a gRPC server at " + endpoint
					+ " within " + timeout.toMillis() + " ms, got: " + ConnectProbe.describe(endpoint));
		}
		return new GrpcPluginConnection(spec, channel, this.gateway, this.events);
	}

	private ManagedChannel open(PluginSpec spec, PluginEndpoint endpoint) {
		try {
			var builder = this.transport.channelTo(endpoint)
				.eventLoopGroup(this.eventLoops)
				.overrideAuthority(AUTHORITY)
				.maxInboundMessageSize(Math.min(MAX_INBOUND_BYTES,
						Math.max(PluginSpec.DEFAULT_MAX_MESSAGE_BYTES, spec.maxMessageBytes())))
				// Callbacks only convert an answer and hand it on; another thread would
				// add a switch per message, and gRPC's own pool has no bound.
				.directExecutor()
				// A decision is asked for once. Whether to ask again is not gRPC's
				// choice.
				.disableRetry()
				.disableServiceConfigLookUp()
				// A proxy of the environment must not get between us and our plugin.
				.proxyDetector((address) -> null)
				// An idle channel would drop its connection, and the next call be cold.
				.idleTimeout(Long.MAX_VALUE, TimeUnit.NANOSECONDS)
				.maxTraceEvents(0);
			this.security.applyTo(builder);
			return builder.build();
		}
		catch (IllegalArgumentException ex) {
			throw new PluginStartException(spec.id(), "cannot connect: " + ex.getMessage(), ex);
		}
	}

	/**
	 * Ends the threads. Close the connections first. Blocks for at most two seconds.
	 */
	@Override
	public void close() {
		this.eventLoops.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly(2, TimeUnit.SECONDS);
	}

}
