package org.hkpgateway.grpc;

import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;

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
		NettyChannelBuilder unix(PluginEndpoint.Unix endpoint) {
			return NettyChannelBuilder.forAddress(new DomainSocketAddress(endpoint.path().toFile()))
				.channelType(EpollDomainSocketChannel.class, DomainSocketAddress.class);
		}

		@Override
		NettyChannelBuilder tcp(InetSocketAddress address) {
			return NettyChannelBuilder.forAddress(address)
				.channelType(EpollSocketChannel.class, InetSocketAddress.class);
		}

	},

	/** Everywhere else (macOS, musl): the JDK's own sockets. */
	NIO {

		@Override
		IoHandlerFactory ioHandlers() {
			return NioIoHandler.newFactory();
		}

		@Override
		NettyChannelBuilder unix(PluginEndpoint.Unix endpoint) {
			return NettyChannelBuilder.forAddress(UnixDomainSocketAddress.of(endpoint.path()))
				.channelType(NioDomainSocketChannel.class, UnixDomainSocketAddress.class);
		}

		@Override
		NettyChannelBuilder tcp(InetSocketAddress address) {
			return NettyChannelBuilder.forAddress(address).channelType(NioSocketChannel.class, InetSocketAddress.class);
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
	 * Begins a channel; nothing is resolved or connected yet.
	 * @param endpoint where the plugin listens
	 * @return a builder
	 * @throws IllegalArgumentException if the address is not on this machine
	 */
	final NettyChannelBuilder channelTo(PluginEndpoint endpoint) {
		if (endpoint instanceof PluginEndpoint.Unix unix) {
			// gRPC sets this option on every channel. On a unix socket Netty warns that
			// it
			// does not know it, at each attempt to connect; null takes it out again.
			return unix(unix).withOption(ChannelOption.SO_KEEPALIVE, null);
		}
		return tcp(loopback((PluginEndpoint.Tcp) endpoint));
	}

	abstract NettyChannelBuilder unix(PluginEndpoint.Unix endpoint);

	abstract NettyChannelBuilder tcp(InetSocketAddress address);

	static InetSocketAddress loopback(PluginEndpoint.Tcp endpoint) {
		InetSocketAddress address = new InetSocketAddress(endpoint.host(), endpoint.port());
		if (address.getAddress() == null || !address.getAddress().isLoopbackAddress()) {
			throw new IllegalArgumentException("expected: a loopback address, got: " + endpoint);
		}
		return address;
	}

}
