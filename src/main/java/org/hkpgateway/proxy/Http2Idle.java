package org.hkpgateway.proxy;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2ConnectionAdapter;
import io.netty.handler.codec.http2.Http2Stream;
import io.netty.util.concurrent.ScheduledFuture;
import org.jspecify.annotations.Nullable;

/**
 * {@code idle-timeout} of an HTTP/2 connection: closes it when no stream was open for so
 * long, whatever else came. So it also bounds the preface, and pings that would keep a
 * connection for nothing. While a stream is open, its own limits hold.
 */
final class Http2Idle extends ChannelInboundHandlerAdapter {

	private final Http2Connection connection;

	private final Duration idleTimeout;

	private final LimitReport report;

	private long sinceNanos;

	private @Nullable ScheduledFuture<?> timer;

	Http2Idle(Http2Connection connection, Duration idleTimeout, LimitReport report) {
		this.connection = connection;
		this.idleTimeout = idleTimeout;
		this.report = report;
	}

	@Override
	public void handlerAdded(ChannelHandlerContext ctx) {
		this.connection.addListener(new Http2ConnectionAdapter() {

			@Override
			public void onStreamClosed(Http2Stream stream) {
				Http2Idle.this.sinceNanos = nanoTime(ctx);
			}

		});
		this.sinceNanos = nanoTime(ctx);
		lookAfter(ctx, this.idleTimeout.toNanos());
	}

	private void look(ChannelHandlerContext ctx) {
		long left = (this.connection.numActiveStreams() > 0) ? this.idleTimeout.toNanos()
				: this.sinceNanos + this.idleTimeout.toNanos() - nanoTime(ctx);
		if (left > 0) {
			lookAfter(ctx, left);
			return;
		}
		this.report.reached(EdgeLimit.IDLE_TIMEOUT, LimitReport.peer(ctx.channel()));
		var unused = ctx.channel().close();
	}

	private void lookAfter(ChannelHandlerContext ctx, long nanos) {
		this.timer = ctx.executor().schedule(() -> look(ctx), nanos, TimeUnit.NANOSECONDS);
	}

	private static long nanoTime(ChannelHandlerContext ctx) {
		return ctx.executor().ticker().nanoTime();
	}

	@Override
	public void handlerRemoved(ChannelHandlerContext ctx) {
		if (this.timer != null) {
			this.timer.cancel(false);
		}
	}

}
