package org.hkpgateway.sdk;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import java.util.logging.Logger;

import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.util.concurrent.DefaultThreadFactory;
import org.jspecify.annotations.Nullable;

/**
 * A running gRPC server and the address that the handshake tells. One network thread
 * serves all: the gateway opens one connection.
 *
 * @param server the server, started
 * @param network {@code unix} or {@code tcp}
 * @param address path or host and port
 * @param socketFile the file to remove; null with TCP
 * @param group the network thread
 */
record Listener(Server server, String network, String address, @Nullable Path socketFile, EventLoopGroup group) {

	/** The kernel's 108 bytes with the final zero. */
	private static final int MAX_PATH_BYTES = 107;

	private static final int MAX_CALLS = 1024;

	/** Kept, because loggers are otherwise collected with their filter. */
	private static final Logger BOOTSTRAP = Logger.getLogger("io.netty.bootstrap.ServerBootstrap");

	static {
		// gRPC sets this option of TCP on every channel, and Netty warns at each
		// connection.
		BOOTSTRAP.setFilter((entry) -> !entry.getMessage().startsWith("Unknown channel option 'SO_KEEPALIVE'"));
	}

	/**
	 * Starts a server.
	 * @param listen where
	 * @param epoll whether to use epoll if the machine has it; Java's own sockets
	 * otherwise
	 * @param services adds services and limits
	 * @return the running server
	 * @throws LaunchException if nothing can be bound
	 */
	static Listener start(Listen listen, boolean epoll, UnaryOperator<NettyServerBuilder> services)
			throws LaunchException {
		if (listen instanceof Listen.UnixSocket unix) {
			return startUnix(unix.directory(), epoll && Epoll.isAvailable(), services);
		}
		Listen.Tcp tcp = (Listen.Tcp) listen;
		return startTcp(tcp.firstPort(), tcp.lastPort(), services);
	}

	/**
	 * The handshake: the one line that a plugin writes to standard output.
	 * @return the line without its end
	 */
	String handshake() {
		return "1|" + HkpPlugin.PROTOCOL_VERSION + "|" + this.network + "|" + this.address + "|grpc|";
	}

	/**
	 * Removes the socket file, if there is one. Never throws: the process ends next.
	 */
	void removeSocketFile() {
		try {
			if (this.socketFile != null) {
				Files.deleteIfExists(this.socketFile);
			}
		}
		catch (IOException ex) {
			// The gateway removes the directory as a whole.
		}
	}

	private static Listener startUnix(Path directory, boolean epoll, UnaryOperator<NettyServerBuilder> services)
			throws LaunchException {
		Path path = directory.resolve("p" + Integer.toString(ThreadLocalRandom.current().nextInt(1 << 30), 36));
		int length = path.toString().getBytes(StandardCharsets.UTF_8).length;
		if (length > MAX_PATH_BYTES) {
			throw new LaunchException("expected: a unix socket path of at most " + MAX_PATH_BYTES + " bytes, got: "
					+ length + " bytes (" + path + "); configure a shorter hkp.plugins.runtime-directory");
		}
		SocketAddress address = epoll ? new DomainSocketAddress(path.toFile()) : UnixDomainSocketAddress.of(path);
		EventLoopGroup group = group(epoll ? EpollIoHandler.newFactory() : NioIoHandler.newFactory());
		NettyServerBuilder builder = builder(address, group,
				epoll ? EpollServerDomainSocketChannel.class : NioServerDomainSocketChannel.class);
		Server server = services.apply(builder).build();
		try {
			server.start();
		}
		catch (IOException ex) {
			end(group);
			throw new LaunchException("expected: to bind a unix socket at " + path + ", got: " + describe(ex)
					+ "; the directory must exist and be writable", ex);
		}
		return new Listener(server, "unix", path.toString(), path, group);
	}

	private static Listener startTcp(int first, int last, UnaryOperator<NettyServerBuilder> services)
			throws LaunchException {
		EventLoopGroup group = group(NioIoHandler.newFactory());
		IOException failure = null;
		for (int port = first; port <= last; port++) {
			SocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
			Server server = services.apply(builder(address, group, NioServerSocketChannel.class)).build();
			try {
				server.start();
				return new Listener(server, "tcp", "127.0.0.1:" + server.getPort(), null, group);
			}
			catch (IOException ex) {
				failure = ex;
			}
		}
		end(group);
		throw new LaunchException("expected: a free port on 127.0.0.1 from " + first + " to " + last + ", got: "
				+ ((failure != null) ? describe(failure) : "none"));
	}

	/**
	 * Ends the network thread. Blocks for a second at most.
	 */
	void endThread() {
		end(this.group);
	}

	private static void end(EventLoopGroup group) {
		group.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly(1, TimeUnit.SECONDS);
	}

	private static EventLoopGroup group(IoHandlerFactory factory) {
		return new MultiThreadIoEventLoopGroup(1, new DefaultThreadFactory("plugin-net", true), factory);
	}

	private static NettyServerBuilder builder(SocketAddress address, EventLoopGroup group,
			Class<? extends ServerChannel> channel) {
		return NettyServerBuilder.forAddress(address)
			.channelType(channel)
			.bossEventLoopGroup(group)
			.workerEventLoopGroup(group)
			.maxConcurrentCallsPerConnection(MAX_CALLS)
			.permitKeepAliveTime(5, TimeUnit.SECONDS)
			.permitKeepAliveWithoutCalls(true)
			.directExecutor();
	}

	private static String describe(IOException ex) {
		Throwable cause = (ex.getCause() != null) ? ex.getCause() : ex;
		return String.valueOf(cause.getMessage());
	}

}
