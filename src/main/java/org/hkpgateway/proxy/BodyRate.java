package org.hkpgateway.proxy;

import java.net.SocketAddress;
import java.time.Duration;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;

/**
 * {@code min-body-rate} and {@code idle-timeout} of request bodies, over HTTP/1 and in
 * streams of HTTP/2 alike. The client is waited for while whoever reads the body has
 * asked for more than came; while plugins decide, or the keyserver is slow to take it,
 * nobody asks, and no time runs.
 */
final class BodyRate {

	private static final Duration GRACE = Duration.ofSeconds(10);

	private final long bytesPerSecond;

	private final Duration idleTimeout;

	private final LimitReport report;

	/**
	 * Limits for all requests.
	 * @param bytesPerSecond the rate, 0 for any
	 * @param idleTimeout longest wait for the next bytes
	 * @param report told when one of them is reached
	 */
	BodyRate(long bytesPerSecond, Duration idleTimeout, LimitReport report) {
		this.bytesPerSecond = bytesPerSecond;
		this.idleTimeout = idleTimeout;
		this.report = report;
	}

	/**
	 * Watches a body.
	 * @param body the body, which signals on the channel's event loop
	 * @param channel whose event loop keeps the time
	 * @param client who sends it
	 * @return the same body; it ends with a {@link Refusal} if it is too slow
	 */
	Flux<ByteBuf> watch(Flux<ByteBuf> body, Channel channel, @Nullable SocketAddress client) {
		Patience patience = (this.bytesPerSecond > 0) ? new Patience(GRACE, this.idleTimeout, this.bytesPerSecond)
				: null;
		return new WatchedBody(body, channel.eventLoop(), patience, this.idleTimeout,
				(limit) -> this.report.reached(limit, client));
	}

}
