package org.hkpgateway.proxy;

import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.LongSupplier;

import io.netty.channel.ChannelHandlerContext;
import org.hkpgateway.log.BoundedText;
import org.hkpgateway.log.SparseLines;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends connections that are refused before there is a request. All are counted; of each
 * reason one in ten seconds is in the log, because whoever reaches the port can make
 * them. Thread-safe.
 */
final class RefusedConnections {

	private static final Logger logger = LoggerFactory.getLogger(RefusedConnections.class);

	/**
	 * Bytes. There may be in it what the client has sent: the name of a server in TLS.
	 */
	private static final int MOST_DETAIL = 300;

	private final EdgeListener listener;

	private final ClientAddressSettings.Log addresses;

	private final Map<EdgeListener.Reason, SparseLines> lines = new EnumMap<>(EdgeListener.Reason.class);

	/**
	 * Makes it.
	 * @param listener told of each
	 * @param addresses how much of addresses the log shows
	 * @param clock nanoseconds, as of {@link System#nanoTime}
	 */
	RefusedConnections(EdgeListener listener, ClientAddressSettings.Log addresses, LongSupplier clock) {
		this.listener = listener;
		this.addresses = addresses;
		for (EdgeListener.Reason reason : EdgeListener.Reason.values()) {
			this.lines.put(reason, new SparseLines(clock));
		}
	}

	/**
	 * Tells of a connection and closes it.
	 * @param ctx of a handler of the connection
	 * @param reason why
	 * @param detail what came, for the log
	 */
	void refuse(ChannelHandlerContext ctx, EdgeListener.Reason reason, String detail) {
		this.listener.connectionRefused(reason);
		log(LimitReport.shown(LimitReport.peer(ctx.channel()), this.addresses), reason, detail);
		var unused = ctx.close();
	}

	private void log(String peer, EdgeListener.Reason reason, String detail) {
		Objects.requireNonNull(this.lines.get(reason))
			.write((unsaid) -> logger.warn("Connection from {} refused ({}): {}{}", peer, reason.label(),
					BoundedText.oneLine(detail, MOST_DETAIL), SparseLines.more(unsaid)));
	}

}
