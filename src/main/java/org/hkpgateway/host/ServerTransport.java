package org.hkpgateway.host;

import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;

import io.netty.channel.IoHandlerFactory;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;

/**
 * Netty's ways to listen.
 */
enum ServerTransport {

	/** Linux with Netty's native library. */
	EPOLL {

		@Override
		IoHandlerFactory ioHandlers() {
			return EpollIoHandler.newFactory();
		}

		@Override
		SocketAddress address(Path socket) {
			return new DomainSocketAddress(socket.toFile());
		}

		@Override
		ServerChannel channel() {
			return new EpollServerDomainSocketChannel();
		}

		@Override
		ServerChannel tcpChannel() {
			return new EpollServerSocketChannel();
		}

	},

	/** Everywhere else (macOS, musl): the JDK's own sockets. */
	NIO {

		@Override
		IoHandlerFactory ioHandlers() {
			return NioIoHandler.newFactory();
		}

		@Override
		SocketAddress address(Path socket) {
			return UnixDomainSocketAddress.of(socket);
		}

		@Override
		ServerChannel channel() {
			return new NioServerDomainSocketChannel();
		}

		@Override
		ServerChannel tcpChannel() {
			return new NioServerSocketChannel();
		}

	};

	/**
	 * The best transport of this machine.
	 * @return epoll if its native library loads
	 */
	static ServerTransport best() {
		return Epoll.isAvailable() ? EPOLL : NIO;
	}

	abstract IoHandlerFactory ioHandlers();

	abstract SocketAddress address(Path socket);

	/** For {@link #address}. */
	abstract ServerChannel channel();

	/** For an internet address. */
	abstract ServerChannel tcpChannel();

}
