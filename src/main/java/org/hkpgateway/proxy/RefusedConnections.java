package org.hkpgateway.proxy;

import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

import io.netty.channel.ChannelHandlerContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends connections that are refused before there is a request. All are counted; of each
 * reason one in ten seconds is in the log, because whoever reaches the port can make
 * them. Thread-safe.
 */
final class RefusedConnections {

	private static final Logger logger = LoggerFactory.getLogger(RefusedConnections.class);

	private static final long INTERVAL_NANOS = TimeUnit.SECONDS.toNanos(10);

	private final EdgeListener listener;

	private final ClientAddressSettings.Log addresses;

	private final LongSupplier clock;

	private final Map<EdgeListener.Reason, Tally> tallies = new EnumMap<>(EdgeListener.Reason.class);

	/**
	 * Makes it.
	 * @param listener told of each
	 * @param addresses how much of addresses the log shows
	 * @param clock nanoseconds, as of {@link System#nanoTime}
	 */
	RefusedConnections(EdgeListener listener, ClientAddressSettings.Log addresses, LongSupplier clock) {
		this.listener = listener;
		this.addresses = addresses;
		this.clock = clock;
		for (EdgeListener.Reason reason : EdgeListener.Reason.values()) {
			this.tallies.put(reason, new Tally(clock.getAsLong() - INTERVAL_NANOS));
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
		Tally tally = Objects.requireNonNull(this.tallies.get(reason));
		long now = this.clock.getAsLong();
		long last = tally.last.get();
		if (now - last < INTERVAL_NANOS || !tally.last.compareAndSet(last, now)) {
			tally.silent.incrementAndGet();
			return;
		}
		long silent = tally.silent.getAndSet(0);
		logger.warn("Connection from {} refused ({}): {}{}", peer, reason.label(), detail,
				(silent > 0) ? "; " + silent + " more since the last line like this" : "");
	}

	private static final class Tally {

		private final AtomicLong last;

		private final AtomicLong silent = new AtomicLong();

		Tally(long last) {
			this.last = new AtomicLong(last);
		}

	}

}
