package org.hkpgateway.sdk;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import java.util.logging.Logger;
import java.util.stream.Stream;

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

/**
 * A running gRPC server and the address that the handshake tells. One network thread
 * serves all: the gateway opens one connection.
 *
 * @param server the server, started
 * @param network {@code unix} or {@code tcp}
 * @param address path or host and port
 * @param remains what to remove at the end: the socket file, and its directory if it is
 * ours
 * @param group the network thread
 * @param epoll whether the thread is one of epoll's
 */
record Listener(Server server, String network, String address, List<Path> remains, EventLoopGroup group,
		boolean epoll) {

	/** The kernel's 108 bytes with the final zero. */
	private static final int MAX_PATH_BYTES = 107;

	private static final int MAX_CALLS = 1024;

	/** {@code S_IFMT} and {@code S_IFSOCK} of stat. */
	private static final int FILE_TYPE = 0xf000;

	private static final int SOCKET = 0xc000;

	/** Not Java's loopback address, which may be that of IPv6. */
	private static final byte[] LOOPBACK = { 127, 0, 0, 1 };

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
			return startUnix(freshPath(unix.directory()), List.of(), epoll && Epoll.isAvailable(), services);
		}
		if (listen instanceof Listen.NamedSocket named) {
			return startNamed(named.path(), epoll && Epoll.isAvailable(), services);
		}
		if (listen instanceof Listen.OwnDirectory) {
			return startInOwnDirectory(epoll && Epoll.isAvailable(), services);
		}
		Listen.Tcp tcp = (Listen.Tcp) listen;
		return startTcp(tcp.firstPort(), tcp.lastPort(), services);
	}

	/**
	 * The handshake: the one line that a plugin writes to standard output.
	 * @param certificate the plugin's own as base64; empty without TLS
	 * @return the line without its end
	 */
	String handshake(String certificate) {
		return "1|" + HkpPlugin.PROTOCOL_VERSION + "|" + this.network + "|" + this.address + "|grpc|" + certificate;
	}

	/**
	 * Removes the socket file, if there is one, and the directory, if it is ours. Never
	 * throws: the process ends next.
	 */
	void removeSocketFile() {
		remove(this.remains);
	}

	private static void remove(List<Path> remains) {
		try {
			for (Path path : remains) {
				Files.deleteIfExists(path);
			}
		}
		catch (IOException ex) {
			// The gateway removes its directory as a whole.
		}
	}

	private static Listener startInOwnDirectory(boolean epoll, UnaryOperator<NettyServerBuilder> services)
			throws LaunchException {
		Path directory;
		try {
			// Only the owner can enter it, on every system with such permissions.
			directory = Files.createTempDirectory("hkp");
		}
		catch (IOException ex) {
			throw new LaunchException("expected: to make a directory in " + System.getProperty("java.io.tmpdir")
					+ ", got: " + ex + "; set another by -Djava.io.tmpdir", ex);
		}
		try {
			return startUnix(freshPath(directory), List.of(directory), epoll, services);
		}
		catch (LaunchException ex) {
			remove(List.of(directory));
			throw ex;
		}
	}

	private static Path freshPath(Path directory) {
		return directory.resolve("p" + Integer.toString(ThreadLocalRandom.current().nextInt(1 << 30), 36));
	}

	private static Listener startNamed(Path path, boolean epoll, UnaryOperator<NettyServerBuilder> services)
			throws LaunchException {
		try {
			// Left by a process that was killed. Nothing but a socket is taken away;
			// Netty takes away whatever is there.
			if (Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
				if (!isSocket(path)) {
					throw new LaunchException(
							"expected: a socket at " + path + " (PLUGIN_UNIX_SOCKET), or nothing, got:"
									+ " something else, which stays; remove it, or name another path");
				}
				Files.delete(path);
			}
			Listener listener = startUnix(path, List.of(), epoll, services);
			// The gateway may be another user, of the same group.
			Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-rw----"));
			return listener;
		}
		catch (IOException ex) {
			throw new LaunchException("expected: a socket at " + path + " (PLUGIN_UNIX_SOCKET), got: " + ex, ex);
		}
	}

	private static boolean isSocket(Path path) throws IOException {
		int mode = (Integer) Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS);
		return (mode & FILE_TYPE) == SOCKET;
	}

	private static Listener startUnix(Path path, List<Path> remains, boolean epoll,
			UnaryOperator<NettyServerBuilder> services) throws LaunchException {
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
		return new Listener(server, "unix", path.toString(), Stream.concat(Stream.of(path), remains.stream()).toList(),
				group, epoll);
	}

	private static Listener startTcp(int first, int last, UnaryOperator<NettyServerBuilder> services)
			throws LaunchException {
		EventLoopGroup group = group(NioIoHandler.newFactory());
		IOException failure = null;
		for (int port = first; port <= last; port++) {
			try {
				SocketAddress address = new InetSocketAddress(InetAddress.getByAddress(LOOPBACK), port);
				Server server = services.apply(builder(address, group, NioServerSocketChannel.class)).build();
				server.start();
				return new Listener(server, "tcp", "127.0.0.1:" + server.getPort(), List.of(), group, false);
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
