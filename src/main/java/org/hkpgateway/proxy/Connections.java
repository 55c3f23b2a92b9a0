package org.hkpgateway.proxy;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;

import io.netty.channel.Channel;
import io.netty.util.Attribute;
import io.netty.util.AttributeKey;
import org.jspecify.annotations.Nullable;

/**
 * {@code max-connections} and {@code max-connections-per-address}: which connections are
 * open, and whose they are. There are never more addresses in it than connections.
 * Thread-safe, never blocks.
 */
final class Connections {

	private static final AttributeKey<Client> COUNTED_FOR = AttributeKey.valueOf(Connections.class, "counted-for");

	private final int most;

	private final int mostPerAddress;

	private final Predicate<InetAddress> exempt;

	private final LimitReport report;

	private final AtomicInteger open = new AtomicInteger();

	private final Map<Client, Integer> perClient = new ConcurrentHashMap<>();

	/**
	 * No connections yet.
	 * @param most of them at a time
	 * @param mostPerAddress of them at a time for one client
	 * @param exempt addresses that may have any number
	 * @param report told when one is refused
	 */
	Connections(int most, int mostPerAddress, Predicate<InetAddress> exempt, LimitReport report) {
		this.most = most;
		this.mostPerAddress = mostPerAddress;
		this.exempt = exempt;
		this.report = report;
	}

	/**
	 * Counts a connection until it is closed.
	 * @param channel a new one
	 * @return whether it is within the limits; else it was not counted
	 */
	boolean admit(Channel channel) {
		SocketAddress peer = channel.remoteAddress();
		if (this.open.incrementAndGet() > this.most) {
			this.open.decrementAndGet();
			this.report.reached(EdgeLimit.MAX_CONNECTIONS, peer);
			return false;
		}
		if (!countFor(channel, peer)) {
			this.open.decrementAndGet();
			return false;
		}
		this.report.listener().connectionOpened();
		channel.closeFuture().addListener((closed) -> {
			forget(channel);
			this.open.decrementAndGet();
			this.report.listener().connectionClosed();
		});
		return true;
	}

	/**
	 * Counts an admitted connection for another client than its peer: the one that a
	 * proxy has named at its beginning, for all that follows on it.
	 * @param channel of the connection; called on its event loop
	 * @param client who sends it
	 * @return whether that client is within its limit; if not, close the connection
	 */
	boolean belongsTo(Channel channel, SocketAddress client) {
		forget(channel);
		return countFor(channel, client);
	}

	private boolean countFor(Channel channel, @Nullable SocketAddress address) {
		if (!(address instanceof InetSocketAddress inet) || inet.getAddress() == null
				|| this.exempt.test(inet.getAddress())) {
			return true;
		}
		Client client = Client.of(inet.getAddress());
		int count = this.perClient.merge(client, 1, Integer::sum);
		if (count > this.mostPerAddress) {
			release(client);
			this.report.reached(EdgeLimit.MAX_CONNECTIONS_PER_ADDRESS, address);
			return false;
		}
		channel.attr(COUNTED_FOR).set(client);
		return true;
	}

	private void forget(Channel channel) {
		Attribute<Client> counted = channel.attr(COUNTED_FOR);
		Client client = counted.getAndSet(null);
		if (client != null) {
			release(client);
		}
	}

	private void release(Client client) {
		this.perClient.computeIfPresent(client, (key, count) -> (count > 1) ? count - 1 : null);
	}

	int open() {
		return this.open.get();
	}

	int clients() {
		return this.perClient.size();
	}

	/**
	 * What counts as one client: an IPv4 address, or a /64 of IPv6, of which every
	 * address may be the same machine.
	 *
	 * @param v6 whether it is IPv6
	 * @param bits the address, or the first half of it
	 */
	private record Client(boolean v6, long bits) {

		static Client of(InetAddress address) {
			ByteBuffer bytes = ByteBuffer.wrap(address.getAddress());
			boolean v6 = bytes.remaining() > Integer.BYTES;
			return new Client(v6, v6 ? bytes.getLong() : bytes.getInt());
		}

	}

}
