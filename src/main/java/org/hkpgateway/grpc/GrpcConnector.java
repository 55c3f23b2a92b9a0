package org.hkpgateway.grpc;

import java.net.SocketAddress;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.util.concurrent.DefaultThreadFactory;
import org.hkpgateway.plugin.HandshakeMode;
import org.hkpgateway.plugin.PluginConnection;
import org.hkpgateway.plugin.PluginEndpoint;
import org.hkpgateway.plugin.PluginSource;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.PluginStartException;
import org.hkpgateway.plugin.StreamListener;
import org.hkpgateway.plugin.Transport;
import org.jspecify.annotations.Nullable;

/**
 * Opens gRPC connections to plugins. All connections share a few daemon threads named
 * {@code hkp-plugin-grpc-…}, which answers come in on, and one named
 * {@code hkp-plugin-stdio-…} for what plugins print.
 */
public final class GrpcConnector implements PluginConnection.Connector, AutoCloseable {

	private final Gateway gateway;

	private final SocketTransport transport;

	private final RemoteChannels remoteChannels;

	private final RemoteTarget.Resolver resolver;

	private final StdioStreams stdio;

	private final StreamListener streams;

	private final ChannelOpener opener;

	private final EventConverter events = new EventConverter();

	private final EventLoopGroup eventLoops;

	/**
	 * Makes a connector and its threads.
	 * @param gateway what plugins are told
	 * @param remoteChannels opens channels to plugins that run elsewhere
	 * @param stdio takes what plugins built with go-plugin print
	 * @param streams is told what happens on the streams of requests
	 */
	public GrpcConnector(Gateway gateway, RemoteChannels remoteChannels, PluginStdio stdio, StreamListener streams) {
		this(gateway, remoteChannels, stdio, streams, SocketTransport.best(), RemoteTarget.Resolver.SYSTEM);
	}

	/**
	 * Makes a connector for plugins on this machine whose output nobody wants.
	 * @param gateway what plugins are told
	 */
	public GrpcConnector(Gateway gateway) {
		this(gateway, RemoteChannels.none(), PluginStdio.discard(), StreamListener.NONE);
	}

	GrpcConnector(Gateway gateway, RemoteChannels remoteChannels, PluginStdio stdio, StreamListener streams,
			SocketTransport transport, RemoteTarget.Resolver resolver) {
		this.gateway = gateway;
		this.transport = transport;
		this.remoteChannels = remoteChannels;
		this.resolver = resolver;
		this.stdio = new StdioStreams(stdio);
		this.streams = streams;
		// On two processors one has a seventh more throughput than two: requests change
		// threads less often, and more of them share a write.
		int threads = Math.max(1, Math.min(4, Runtime.getRuntime().availableProcessors() / 2));
		this.eventLoops = new MultiThreadIoEventLoopGroup(threads, new DefaultThreadFactory("hkp-plugin-grpc", true),
				transport.ioHandlers());
		this.opener = new ChannelOpener(transport, this.eventLoops, remoteChannels);
	}

	@Override
	public PluginConnection.Offer offer(PluginSpec spec) {
		if (spec.source() instanceof PluginSource.Remote remote) {
			return new RemoteOffer(spec, remote);
		}
		if (spec.source() instanceof PluginSource.Launched launched && launched.handshake() == HandshakeMode.NONE
				&& spec.transport() == Transport.MTLS) {
			throw new PluginStartException(spec.id(), "transport: expected: secret or plaintext with handshake none, "
					+ "because a certificate comes with the handshake, got: mtls");
		}
		return new LocalOffer(spec, LocalCredentials.of(spec));
	}

	private GrpcPluginConnection connectLocally(PluginSpec spec, PluginEndpoint endpoint, ChannelSecurity security,
			Duration timeout) {
		ManagedChannel channel = this.opener.local(spec, endpoint, security);
		String failure = connect(spec, channel, endpoint.toString(), security, timeout,
				(status) -> security.verdict(status) != null, (status) -> ConnectProbe.describe(endpoint));
		if (failure != null) {
			throw new PluginStartException(spec.id(), "cannot connect: " + failure);
		}
		this.stdio.read(channel, spec.id());
		return connection(spec, channel, security, true);
	}

	private GrpcPluginConnection connectRemotely(PluginSpec spec, PluginSource.Remote source, RemoteTarget target,
			String name, SocketAddress address, ChannelSecurity.Remote security, Duration timeout) {
		ManagedChannel channel = this.opener.remote(spec, source, address, target.authority(), security);
		String failure = connect(spec, channel, name, security, timeout, (status) -> true, StatusTranslation::describe);
		if (failure != null) {
			throw new PluginStartException(spec.id(), "cannot connect: " + failure);
		}
		return connection(spec, channel, security, false);
	}

	private GrpcPluginConnection connection(PluginSpec spec, ManagedChannel channel, ChannelSecurity security,
			boolean reconnects) {
		return new GrpcPluginConnection(spec, channel, new Introduction(spec, this.gateway, security.secret()),
				this.events, reconnects, security.label(), this.streams);
	}

	/** Returns null on success, else what went wrong; the channel is shut down then. */
	private static @Nullable String connect(PluginSpec spec, ManagedChannel channel, String where,
			ChannelSecurity security, Duration timeout, Predicate<Status> hopeless, Explanation explanation) {
		String failure = "interrupted";
		try {
			long start = System.nanoTime();
			Status status = ChannelReadiness.await(channel, timeout, hopeless);
			if (status.isOk()) {
				failure = FirstCheck.problem(channel, timeout.minusNanos(System.nanoTime() - start));
				return failure;
			}
			String verdict = security.verdict(status);
			failure = (verdict != null) ? where + ": " + verdict : "expected: a gRPC server at " + where + " within "
					+ timeout.toMillis() + " ms, got: " + explanation.of(status);
			return failure;
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new PluginStartException(spec.id(), "interrupted while connecting to " + where, ex);
		}
		finally {
			if (failure != null) {
				channel.shutdownNow();
			}
		}
	}

	/**
	 * Ends the threads. Close the connections first. Blocks for at most two seconds.
	 */
	@Override
	public void close() {
		this.stdio.close();
		this.eventLoops.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly(2, TimeUnit.SECONDS);
	}

	/** Says why there is no connection. */
	@FunctionalInterface
	private interface Explanation {

		String of(Status status);

	}

	/** For a process on this machine. */
	private final class LocalOffer implements PluginConnection.Offer {

		private final PluginSpec spec;

		private final LocalCredentials credentials;

		LocalOffer(PluginSpec spec, LocalCredentials credentials) {
			this.spec = spec;
			this.credentials = credentials;
		}

		@Override
		public Map<String, String> environment() {
			return this.credentials.environment();
		}

		@Override
		public boolean certificateExpected() {
			return this.credentials instanceof LocalCredentials.Certificate;
		}

		@Override
		public PluginConnection connect(PluginEndpoint endpoint, @Nullable X509Certificate certificate,
				Duration timeout) {
			ChannelSecurity security;
			try {
				security = this.credentials.security(certificate);
			}
			catch (IllegalArgumentException ex) {
				throw new PluginStartException(this.spec.id(), String.valueOf(ex.getMessage()), ex);
			}
			return connectLocally(this.spec, endpoint, security, timeout);
		}

	}

	/** For a plugin that runs elsewhere; its address is in its specification. */
	private final class RemoteOffer implements PluginConnection.Offer {

		private final PluginSpec spec;

		private final PluginSource.Remote source;

		private final RemoteTarget target;

		private final ChannelSecurity.Remote security;

		RemoteOffer(PluginSpec spec, PluginSource.Remote source) {
			this.spec = spec;
			this.source = source;
			try {
				this.target = RemoteTarget.parse(source.address());
				String bundle = source.tlsBundle();
				this.security = new ChannelSecurity.Remote(bundle != null,
						bundle != null && GrpcConnector.this.remoteChannels.hasKey(bundle), source.token());
			}
			catch (IllegalArgumentException ex) {
				throw new PluginStartException(spec.id(), String.valueOf(ex.getMessage()), ex);
			}
		}

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
			RemoteConnection connection = new RemoteConnection(this.spec,
					() -> this.target.endpoints(GrpcConnector.this.resolver, GrpcConnector.this.transport),
					(name, address, left) -> connectRemotely(this.spec, this.source, this.target, name, address,
							this.security, left),
					this.security.label());
			boolean connected = false;
			try {
				connection.connect(timeout);
				connected = true;
				return connection;
			}
			finally {
				if (!connected) {
					connection.close();
				}
			}
		}

	}

}
