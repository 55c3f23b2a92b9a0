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
import io.netty.channel.ChannelOption;
import io.netty.util.AttributeKey;
import org.jspecify.annotations.Nullable;

/**
 * {@code max-connections} and {@code max-connections-per-address}: which connections are
 * open, and whose they are. There are never more addresses in it than connections.
 * Thread-safe, never blocks.
 */
final class Connections {

	private static final AttributeKey<Ticket> TICKET = AttributeKey.valueOf(Connections.class, "ticket");

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
		Ticket ticket = new Ticket();
		if (!ticket.countFor(peer)) {
			this.open.decrementAndGet();
			return false;
		}
		channel.attr(TICKET).set(ticket);
		this.report.listener().connectionOpened();
		channel.closeFuture().addListener((closed) -> {
			ticket.forget();
			this.open.decrementAndGet();
			this.report.listener().connectionClosed();
		});
		return true;
	}

	/**
	 * Counts an admitted connection for another client than its peer from now on: the one
	 * that a proxy has named at its beginning. If that client has too many, the
	 * connection is reset.
	 * @param connection called on its event loop
	 * @param client who opened it to the proxy
	 */
	static void named(Channel connection, SocketAddress client) {
		Ticket ticket = connection.attr(TICKET).get();
		if (ticket == null) {
			return;
		}
		ticket.forget();
		if (!ticket.countFor(client)) {
			connection.config().setOption(ChannelOption.SO_LINGER, 0);
			var unused = connection.close();
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

	/** For whom a connection counts; used on its event loop once it has one. */
	private final class Ticket {

		private @Nullable Client client;

		/**
		 * Counts it.
		 * @return whether the limit holds; else it is not counted
		 */
		boolean countFor(@Nullable SocketAddress address) {
			if (!(address instanceof InetSocketAddress inet) || inet.getAddress() == null
					|| Connections.this.exempt.test(inet.getAddress())) {
				return true;
			}
			Client counted = Client.of(inet.getAddress());
			if (Connections.this.perClient.merge(counted, 1, Integer::sum) > Connections.this.mostPerAddress) {
				release(counted);
				Connections.this.report.reached(EdgeLimit.MAX_CONNECTIONS_PER_ADDRESS, address);
				return false;
			}
			this.client = counted;
			return true;
		}

		void forget() {
			if (this.client != null) {
				release(this.client);
				this.client = null;
			}
		}

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
