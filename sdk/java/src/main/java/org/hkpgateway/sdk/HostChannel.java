package org.hkpgateway.sdk;

import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.time.Duration;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptors;
import io.grpc.Context;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCalls;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
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

	private static final long CONNECT_SECONDS = 5;

	/** The gateway takes more than one in ten seconds for an attack. */
	private static final long KEEP_ALIVE_SECONDS = 20;

	private final ManagedChannel connection;

	private final Channel authorized;

	private final EventLoopGroup group;

	/**
	 * Makes one that connects later.
	 * @param address where the gateway listens
	 * @param listener gives its network thread
	 */
	HostChannel(HostAddress address, Listener listener) {
		NettyChannelBuilder builder = (address instanceof HostAddress.Remote remote) ? remote(remote, listener.epoll())
				: unix(((HostAddress.Unix) address).socket(), listener.epoll());
		this.connection = builder.eventLoopGroup(listener.group()).directExecutor().build();
		this.group = listener.group();
		this.authorized = ClientInterceptors.intercept(this.connection, new HostCaller("Bearer " + address.token()));
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
		return call(method, CallOptions.DEFAULT.withDeadlineAfter(timeout.toMillis(), TimeUnit.MILLISECONDS));
	}

	/**
	 * Begins a call that lasts until one side ends it.
	 * @param method what to call
	 * @return not started yet
	 */
	<Q, A> ClientCall<Q, A> endlessCall(MethodDescriptor<Q, A> method) {
		return call(method, CallOptions.DEFAULT);
	}

	/**
	 * What the gateway waits for no longer must not end with it: counters, for example.
	 */
	private <Q, A> ClientCall<Q, A> call(MethodDescriptor<Q, A> method, CallOptions options) {
		Context before = Context.ROOT.attach();
		try {
			return this.authorized.newCall(method, options);
		}
		finally {
			Context.ROOT.detach(before);
		}
	}

	/**
	 * Does something later on the network thread; never if that ends before.
	 * @param pause how much later
	 * @param task what; must not block
	 */
	void later(Duration pause, Runnable task) {
		try {
			var unused = this.group.schedule(task, pause.toMillis(), TimeUnit.MILLISECONDS);
		}
		catch (RejectedExecutionException ex) {
			// The plugin ends.
		}
	}

	/** Ends it. Calls in flight fail. Does not block. */
	void close() {
		this.connection.shutdownNow();
	}

}
