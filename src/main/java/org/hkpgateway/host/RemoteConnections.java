package org.hkpgateway.host;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;

import org.jspecify.annotations.Nullable;

/**
 * Stands in the pipeline of the port of remote plugins, before the acceptor: closes
 * connections beyond a number, in all and from one address, and puts TLS before
 * everything else in the others. There is no way past it.
 */
@ChannelHandler.Sharable
final class RemoteConnections extends ChannelInboundHandlerAdapter {

	/** A prefix of IPv6, of which every address may be the same machine. */
	private static final int V6_PREFIX_BYTES = 8;

	private final int most;

	private final int mostPerAddress;

	private final Duration patience;

	private final RemotePluginServer.Tls tls;

	private final Refusals refusals;

	private final AtomicInteger open = new AtomicInteger();

	private final Map<ByteBuffer, Integer> perAddress = new ConcurrentHashMap<>();

	private final Map<Ends, RemoteLink> links = new ConcurrentHashMap<>();

	/**
	 * No connections yet.
	 * @param most of them at a time
	 * @param mostPerAddress of them at a time from one address, or one /64 of IPv6
	 * @param patience how long one may be without a token
	 * @param tls for each of them
	 * @param refusals counts those that are closed
	 */
	RemoteConnections(int most, int mostPerAddress, Duration patience, RemotePluginServer.Tls tls, Refusals refusals) {
		this.most = most;
		this.mostPerAddress = mostPerAddress;
		this.patience = patience;
		this.tls = tls;
		this.refusals = refusals;
	}

	/**
	 * The connection between two addresses, each with its port.
	 * @param local here
	 * @param peer there
	 * @return null if it has ended
	 */
	@Nullable RemoteLink between(@Nullable SocketAddress local, @Nullable SocketAddress peer) {
		return this.links.get(new Ends(local, peer));
	}

	@Override
	public void channelRead(ChannelHandlerContext context, Object accepted) {
		Channel connection = (Channel) accepted;
		// Null if it has ended already.
		if (!(connection.remoteAddress() instanceof InetSocketAddress peer) || !admit(connection, peer)) {
			connection.unsafe().closeForcibly();
			return;
		}
		context.fireChannelRead(accepted);
	}

	private boolean admit(Channel connection, InetSocketAddress peer) {
		ByteBuffer address = counted(peer.getAddress());
		if (this.open.incrementAndGet() > this.most) {
			this.open.decrementAndGet();
			return refuse(peer, "at most " + this.most + " connections");
		}
		if (!enter(address)) {
			this.open.decrementAndGet();
			return refuse(peer, "at most " + this.mostPerAddress + " connections from there");
		}
		RemoteLink link = new RemoteLink(connection, this.patience, this.refusals);
		Ends ends = new Ends(connection.localAddress(), peer);
		this.links.put(ends, link);
		connection.closeFuture().addListener((closed) -> {
			// The next one may have come from there before this was known to be closed.
			this.links.remove(ends, link);
			leave(address);
			this.open.decrementAndGet();
		});
		connection.pipeline().addLast(this.tls.newHandler(connection), link);
		return true;
	}

	private boolean refuse(InetSocketAddress peer, String expected) {
		this.refusals.note(HostRefusal.TOO_MANY_CONNECTIONS,
				"from " + peer + ": expected: " + expected + ", got: another");
		return false;
	}

	private boolean enter(ByteBuffer address) {
		boolean[] entered = new boolean[1];
		this.perAddress.compute(address, (key, before) -> {
			int now = (before != null) ? before : 0;
			entered[0] = now < this.mostPerAddress;
			return entered[0] ? now + 1 : now;
		});
		return entered[0];
	}

	private void leave(ByteBuffer address) {
		this.perAddress.computeIfPresent(address, (key, before) -> (before > 1) ? before - 1 : null);
	}

	private static ByteBuffer counted(InetAddress address) {
		byte[] bytes = address.getAddress();
		return ByteBuffer.wrap(bytes, 0, Math.min(bytes.length, V6_PREFIX_BYTES));
	}

	/** Of a connection: only both together are of one alone. */
	private record Ends(@Nullable SocketAddress local, @Nullable SocketAddress peer) {
	}

}
