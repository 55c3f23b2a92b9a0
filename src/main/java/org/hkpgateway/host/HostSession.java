package org.hkpgateway.host;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.NettyServerBuilder;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.ServerChannel;
import org.hkpgateway.plugin.HostAccess;
import org.hkpgateway.plugin.PluginSpec;

import org.jspecify.annotations.Nullable;

/**
 * One process's way back: a token, and a server on a socket that only answers to it.
 */
final class HostSession implements HostAccess.Session {

	/**
	 * What a process may send before the gateway has looked at it, in bytes. All of it is
	 * read at one go, by a thread that other plugins wait for: gRPC's own megabyte, grown
	 * to eight, of small events takes that thread 40 ms and more.
	 */
	private static final int FLOW_CONTROL_WINDOW = 64 * 1024;

	private final Token token = new Token();

	private final HostSocket socket;

	private final TokenCheck tokenCheck;

	private final GrantCheck grantCheck;

	private final Refusals refusals;

	private final Consumer<HostSession> onClose;

	private @Nullable Server server;

	private boolean closed;

	/**
	 * A session that is not open yet.
	 * @param plugin whose process it is
	 * @param socketDirectory the private directory of the launch
	 * @param refusals counts and logs what is refused
	 * @param onClose run once when it is closed
	 */
	HostSession(PluginSpec plugin, Path socketDirectory, Refusals refusals, Consumer<HostSession> onClose) {
		this.socket = new HostSocket(socketDirectory.toAbsolutePath());
		this.tokenCheck = new TokenCheck(plugin, this.token, refusals);
		this.grantCheck = new GrantCheck(plugin, refusals);
		this.refusals = refusals;
		this.onClose = onClose;
	}

	/**
	 * Begins to listen.
	 * @param services what is served
	 * @param transport how to listen
	 * @param eventLoops of this transport
	 * @param limits what the process may demand
	 * @return false if it was closed before
	 * @throws IOException if it cannot listen
	 */
	synchronized boolean open(List<ServerServiceDefinition> services, ServerTransport transport,
			EventLoopGroup eventLoops, HostLimits limits) throws IOException {
		if (this.closed) {
			return false;
		}
		this.socket.make((path) -> this.server = server(path, services, transport, eventLoops, limits).start());
		return true;
	}

	private Server server(Path path, List<ServerServiceDefinition> services, ServerTransport transport,
			EventLoopGroup eventLoops, HostLimits limits) {
		return NettyServerBuilder.forAddress(transport.address(path))
			.channelFactory(() -> channel(transport, limits))
			.bossEventLoopGroup(eventLoops)
			.workerEventLoopGroup(eventLoops)
			// gRPC sets this option, which Netty warns that unix sockets do not know;
			// null
			// takes it out again.
			.withChildOption(ChannelOption.SO_KEEPALIVE, null)
			// Methods do not block, and gRPC's own pool has no bound.
			.directExecutor()
			.flowControlWindow(FLOW_CONTROL_WINDOW)
			.maxInboundMessageSize(limits.messageBytes())
			.maxInboundMetadataSize(limits.metadataBytes())
			.maxConcurrentCallsPerConnection(limits.callsPerConnection())
			.handshakeTimeout(limits.handshake().toMillis(), TimeUnit.MILLISECONDS)
			.maxConnectionIdle(limits.idle().toMillis(), TimeUnit.MILLISECONDS)
			.keepAliveTime(limits.keepAlive().toMillis(), TimeUnit.MILLISECONDS)
			.keepAliveTimeout(limits.keepAliveTimeout().toMillis(), TimeUnit.MILLISECONDS)
			.permitKeepAliveTime(10, TimeUnit.SECONDS)
			.permitKeepAliveWithoutCalls(true)
			.maxRstFramesPerWindow(200, 10)
			.addServices(services)
			// The last one is asked first.
			.intercept(this.grantCheck)
			.intercept(this.tokenCheck)
			.build();
	}

	private ServerChannel channel(ServerTransport transport, HostLimits limits) {
		ServerChannel channel = transport.channel();
		channel.pipeline()
			.addFirst(
					new ConnectionLimit(limits.connections(), () -> this.refusals.note(HostRefusal.TOO_MANY_CONNECTIONS,
							"expected: at most " + limits.connections() + " connections, got: another")));
		return channel;
	}

	@Override
	public Map<String, String> environment() {
		return Map.of("PLUGIN_HOST_ADDRESS", "unix:" + this.socket.path(), "PLUGIN_HOST_TOKEN", this.token.reveal());
	}

	@Override
	public synchronized void close() {
		if (this.closed) {
			return;
		}
		this.closed = true;
		this.tokenCheck.revoke();
		if (this.server != null) {
			this.server.shutdownNow();
		}
		this.socket.remove();
		this.onClose.accept(this);
	}

}
