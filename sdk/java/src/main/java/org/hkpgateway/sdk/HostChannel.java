package org.hkpgateway.sdk;

import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import io.netty.channel.ChannelOption;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import org.hkpgateway.proto.Empty;
import org.hkpgateway.proto.PluginHostGrpc;
import org.hkpgateway.sdk.log.PluginLog;

/**
 * The way back to the gateway: its host service on a unix socket, or on a port with TLS.
 * Answers come on the plugin's network thread, which everything shares.
 */
final class HostChannel {

	private static final PluginLog log = PluginLog.get("sdk");

	private static final Metadata.Key<String> AUTHORIZATION = Metadata.Key.of("authorization",
			Metadata.ASCII_STRING_MARSHALLER);

	private static final long CONNECT_SECONDS = 5;

	/** The gateway takes more than one in ten seconds for an attack. */
	private static final long KEEP_ALIVE_SECONDS = 20;

	private final ManagedChannel connection;

	private final Channel authorized;

	/**
	 * Makes one that connects later.
	 * @param address where the gateway listens
	 * @param listener gives its network thread
	 */
	HostChannel(HostAddress address, Listener listener) {
		NettyChannelBuilder builder = (address instanceof HostAddress.Remote remote) ? remote(remote, listener.epoll())
				: unix(((HostAddress.Unix) address).socket(), listener.epoll());
		this.connection = builder.eventLoopGroup(listener.group()).directExecutor().build();
		Metadata metadata = new Metadata();
		metadata.put(AUTHORIZATION, "Bearer " + address.token());
		this.authorized = ClientInterceptors.intercept(this.connection,
				MetadataUtils.newAttachHeadersInterceptor(metadata));
	}

	private static NettyChannelBuilder unix(String socket, boolean epoll) {
		NettyChannelBuilder builder = epoll
				? NettyChannelBuilder.forAddress(new DomainSocketAddress(socket))
					.channelType(EpollDomainSocketChannel.class, DomainSocketAddress.class)
				: NettyChannelBuilder.forAddress(UnixDomainSocketAddress.of(socket))
					.channelType(NioDomainSocketChannel.class, UnixDomainSocketAddress.class);
		// gRPC sets this option, which unix sockets do not know; null takes it out.
		return builder.withOption(ChannelOption.SO_KEEPALIVE, null).overrideAuthority("localhost").usePlaintext();
	}

	private static NettyChannelBuilder remote(HostAddress.Remote address, boolean epoll) {
		return NettyChannelBuilder.forAddress(address.host(), address.port())
			.channelType(epoll ? EpollSocketChannel.class : NioSocketChannel.class, InetSocketAddress.class)
			.sslContext(address.tls())
			// A network may lose the connection without a word.
			.keepAliveTime(KEEP_ALIVE_SECONDS, TimeUnit.SECONDS)
			.keepAliveTimeout(CONNECT_SECONDS, TimeUnit.SECONDS);
	}

	/**
	 * Connects, so that the first request is not the first to use the connection. Blocks
	 * for at most five seconds. Without success later calls try again.
	 */
	void connect() {
		try {
			ClientCalls.blockingUnaryCall(this.authorized, PluginHostGrpc.getGetHostInfoMethod(),
					CallOptions.DEFAULT.withDeadlineAfter(CONNECT_SECONDS, TimeUnit.SECONDS),
					Empty.getDefaultInstance());
		}
		catch (StatusRuntimeException ex) {
			log.warn("the gateway's host service does not answer", "error", ex.getStatus());
		}
	}

	/**
	 * Begins a call that ends in time.
	 * @param method what to call
	 * @param timeout the longest that it may take
	 * @return not started yet
	 */
	<Q, A> ClientCall<Q, A> call(MethodDescriptor<Q, A> method, Duration timeout) {
		return this.authorized.newCall(method,
				CallOptions.DEFAULT.withDeadlineAfter(timeout.toMillis(), TimeUnit.MILLISECONDS));
	}

	/** Ends it. Calls in flight fail. Does not block. */
	void close() {
		this.connection.shutdownNow();
	}

}
