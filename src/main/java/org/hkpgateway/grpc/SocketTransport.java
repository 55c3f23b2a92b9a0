package org.hkpgateway.grpc;

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;

import io.grpc.netty.NettyChannelBuilder;
import io.netty.channel.ChannelOption;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import org.hkpgateway.plugin.PluginEndpoint;

/**
 * Netty's ways to a socket.
 */
enum SocketTransport {

	/** Linux with Netty's native library: the faster one. */
	EPOLL {

		@Override
		IoHandlerFactory ioHandlers() {
			return EpollIoHandler.newFactory();
		}

		@Override
		SocketAddress unix(Path path) {
			return new DomainSocketAddress(path.toFile());
		}

		@Override
		void useUnix(NettyChannelBuilder builder) {
			builder.channelType(EpollDomainSocketChannel.class, DomainSocketAddress.class);
		}

		@Override
		void useTcp(NettyChannelBuilder builder) {
			builder.channelType(EpollSocketChannel.class, InetSocketAddress.class);
		}

	},

	/** Everywhere else (macOS, musl): the JDK's own sockets. */
	NIO {

		@Override
		IoHandlerFactory ioHandlers() {
			return NioIoHandler.newFactory();
		}

		@Override
		SocketAddress unix(Path path) {
			return UnixDomainSocketAddress.of(path);
		}

		@Override
		void useUnix(NettyChannelBuilder builder) {
			builder.channelType(NioDomainSocketChannel.class, UnixDomainSocketAddress.class);
		}

		@Override
		void useTcp(NettyChannelBuilder builder) {
			builder.channelType(NioSocketChannel.class, InetSocketAddress.class);
		}

	};

	/**
	 * The best transport of this machine.
	 * @return epoll if its native library loads
	 */
	static SocketTransport best() {
		return Epoll.isAvailable() ? EPOLL : NIO;
	}

	/**
	 * For the event loops that serve channels of this transport.
	 * @return a factory
	 */
	abstract IoHandlerFactory ioHandlers();

	/**
	 * The address of a socket on this machine.
	 * @param endpoint where the plugin listens
	 * @return as this transport knows it
	 * @throws IllegalArgumentException if it is not on this machine
	 */
	final SocketAddress local(PluginEndpoint endpoint) {
		if (endpoint instanceof PluginEndpoint.Unix unix) {
			return unix(unix.path());
		}
		if (endpoint instanceof PluginEndpoint.Tcp tcp) {
			return loopback(tcp);
		}
		throw new IllegalArgumentException("expected: an address on this machine, got: " + endpoint);
	}

	/**
	 * Lets a channel use this transport.
	 * @param builder of a channel
	 * @param address where it will connect
	 */
	final void applyTo(NettyChannelBuilder builder, SocketAddress address) {
		if (address instanceof InetSocketAddress) {
			useTcp(builder);
			return;
		}
		useUnix(builder);
		// gRPC sets this option on every channel. On a unix socket Netty warns that it
		// does not know it, at each attempt to connect; null takes it out again.
		builder.withOption(ChannelOption.SO_KEEPALIVE, null);
	}

	abstract SocketAddress unix(Path path);

	abstract void useUnix(NettyChannelBuilder builder);

	abstract void useTcp(NettyChannelBuilder builder);

	static InetSocketAddress loopback(PluginEndpoint.Tcp endpoint) {
		InetSocketAddress address = new InetSocketAddress(endpoint.host(), endpoint.port());
		if (address.getAddress() == null || !address.getAddress().isLoopbackAddress()) {
			throw new IllegalArgumentException("expected: a loopback address, got: " + endpoint);
		}
		return address;
	}

}
