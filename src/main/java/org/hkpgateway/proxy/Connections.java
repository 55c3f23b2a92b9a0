package org.hkpgateway.proxy;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;

import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;
import io.netty.util.AttributeKey;
import org.jspecify.annotations.Nullable;

/**
 * {@code max-connections}, {@code max-connections-per-address},
 * {@code max-new-connections-per-address} and, of {@code max-requests-per-address}, whose
 * requests are counted together: which connections are open, and whose they are. Of those
 * that are open there are never more addresses in it than connections. Thread-safe, never
 * blocks.
 */
final class Connections {

	private static final AttributeKey<Ticket> TICKET = AttributeKey.valueOf(Connections.class, "ticket");

	private final int most;

	private final int mostPerAddress;

	private final int mostRequestsPerAddress;

	private final NewConnections opened;

	private final Predicate<InetAddress> exempt;

	private final LimitReport report;

	private final AtomicInteger open = new AtomicInteger();

	private final Map<ClientNetwork, ClientShare> shares = new ConcurrentHashMap<>();

	/**
	 * No connections yet.
	 * @param most of them at a time
	 * @param mostPerAddress of them at a time for one client
	 * @param mostRequestsPerAddress most requests in flight for one client
	 * @param opened how many a client may open within a time
	 * @param exempt addresses that may have any number
	 * @param report told when one is refused
	 */
	Connections(int most, int mostPerAddress, int mostRequestsPerAddress, NewConnections opened,
			Predicate<InetAddress> exempt, LimitReport report) {
		this.most = most;
		this.mostPerAddress = mostPerAddress;
		this.mostRequestsPerAddress = mostRequestsPerAddress;
		this.opened = opened;
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
		if (!addOne(this.open, this.most)) {
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
	 * that a proxy has named at its beginning. If that client has too many, or opened too
	 * many, the connection is reset.
	 * @param connection called on its event loop
	 * @param client who opened it to the proxy
	 */
	static void named(Channel connection, SocketAddress client) {
		Ticket ticket = connection.attr(TICKET).get();
		// One that is closed is forgotten already, and would be counted for ever.
		if (ticket == null || !connection.isOpen()) {
			return;
		}
		ticket.forget();
		if (!ticket.countFor(client)) {
			connection.config().setOption(ChannelOption.SO_LINGER, 0);
			var unused = connection.close();
		}
	}

	/**
	 * With whom the requests of a connection are counted.
	 * @param connection called on its event loop
	 * @return null if they are not
	 */
	static @Nullable ClientShare share(Channel connection) {
		Ticket ticket = connection.attr(TICKET).get();
		return (ticket != null) ? ticket.share : null;
	}

	private @Nullable ClientShare join(ClientNetwork client) {
		boolean[] joined = new boolean[1];
		ClientShare share = this.shares.compute(client, (key, known) -> {
			ClientShare one = (known != null) ? known : new ClientShare(this.mostRequestsPerAddress);
			joined[0] = one.addConnection(this.mostPerAddress);
			return one;
		});
		return joined[0] ? share : null;
	}

	private void leave(ClientNetwork client) {
		this.shares.computeIfPresent(client, (key, share) -> share.removeConnection() ? share : null);
	}

	/**
	 * Counts one more if there is room. One for whom there is none is not counted, not
	 * even for a moment, in which others would find no room either.
	 * @param count of how many
	 * @param most of them
	 * @return whether there was room
	 */
	static boolean addOne(AtomicInteger count, int most) {
		int before = count.get();
		while (before < most) {
			if (count.compareAndSet(before, before + 1)) {
				return true;
			}
			before = count.get();
		}
		return false;
	}

	int open() {
		return this.open.get();
	}

	int clients() {
		return this.shares.size();
	}

	/** For whom a connection counts; used on its event loop once it has one. */
	private final class Ticket {

		private @Nullable ClientNetwork client;

		private @Nullable ClientShare share;

		/**
		 * Counts it.
		 * @return whether the limit holds; else it is not counted
		 */
		boolean countFor(@Nullable SocketAddress address) {
			if (!(address instanceof InetSocketAddress inet) || inet.getAddress() == null
					|| Connections.this.exempt.test(inet.getAddress())) {
				return true;
			}
			ClientNetwork counted = ClientNetwork.of(inet.getAddress());
			this.share = join(counted);
			if (this.share == null) {
				Connections.this.report.reached(EdgeLimit.MAX_CONNECTIONS_PER_ADDRESS, address);
				return false;
			}
			this.client = counted;
			if (!Connections.this.opened.open(counted)) {
				forget();
				Connections.this.report.reached(EdgeLimit.MAX_NEW_CONNECTIONS_PER_ADDRESS, address);
				return false;
			}
			return true;
		}

		void forget() {
			if (this.client != null) {
				leave(this.client);
				this.client = null;
				this.share = null;
			}
		}

	}

}
