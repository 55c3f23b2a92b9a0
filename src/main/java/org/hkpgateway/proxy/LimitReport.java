package org.hkpgateway.proxy;

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.LongSupplier;

import io.netty.channel.Channel;
import io.netty.handler.codec.http2.Http2StreamChannel;
import org.hkpgateway.log.SparseLines;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells of limits that were reached: each time to the listener, and in the log with an
 * example of who reached it, for each limit at most every ten seconds, because whoever
 * reaches one may do so very often. Thread-safe, never blocks for long.
 */
final class LimitReport {

	private static final Logger logger = LoggerFactory.getLogger(LimitReport.class);

	private final EdgeListener listener;

	private final ClientAddressSettings.Log addresses;

	private final Map<EdgeLimit, SparseLines> lines = new EnumMap<>(EdgeLimit.class);

	LimitReport(EdgeListener listener, ClientAddressSettings.Log addresses, LongSupplier nanoTime) {
		this.listener = listener;
		this.addresses = addresses;
		for (EdgeLimit limit : EdgeLimit.values()) {
			this.lines.put(limit, new SparseLines(nanoTime));
		}
	}

	EdgeListener listener() {
		return this.listener;
	}

	/**
	 * A limit was reached.
	 * @param limit which
	 * @param by whose connection or request it was; null if nobody knows any more
	 */
	void reached(EdgeLimit limit, @Nullable SocketAddress by) {
		this.listener.limited(limit);
		if (limit.consequence().isEmpty()) {
			return;
		}
		Objects.requireNonNull(this.lines.get(limit))
			.write((unsaid) -> logger.warn("{} reached by {}: {}{}", limit.fullName(), shown(by, this.addresses),
					limit.consequence(), SparseLines.more(unsaid)));
	}

	/**
	 * Who is at the other end of a connection.
	 * @param channel the connection, or a stream of it
	 * @return its address; null if nobody knows any more
	 */
	static @Nullable SocketAddress peer(Channel channel) {
		Channel connection = (channel instanceof Http2StreamChannel) ? channel.parent() : channel;
		SocketAddress other = connection.remoteAddress();
		return (other instanceof InetSocketAddress) ? ProxyHeader.peer(connection) : other;
	}

	/**
	 * An address for the log.
	 * @param by whose; null if nobody knows
	 * @param addresses how much of it may be shown
	 * @return {@code -} for nothing
	 */
	static String shown(@Nullable SocketAddress by, ClientAddressSettings.Log addresses) {
		if (by instanceof InetSocketAddress inet && inet.getAddress() != null) {
			String shown = addresses.show(inet.getAddress());
			return shown.isEmpty() ? "-" : shown;
		}
		return "-";
	}

}
