package org.hkpgateway.proxy;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.util.concurrent.ScheduledFuture;
import org.jspecify.annotations.Nullable;

/**
 * {@code min-response-rate}: resets a connection whose client does not take what is
 * written to it. Sits before all other handlers, so that it sees the bytes that the
 * kernel is given, whatever protocol they are.
 * <p>
 * Only while something waits for the kernel to take it is the client waited for. What the
 * kernel has taken is at least what the client has, so nobody who keeps up the rate is
 * reset.
 */
final class SlowReader extends ChannelOutboundHandlerAdapter {

	private final Patience patience;

	private final LimitReport report;

	/** Written, and to be given to the kernel by the next flush. */
	private long written;

	/** Given to the kernel, or to be given to it when it takes some again. */
	private long flushed;

	private long takenBefore;

	private long lookedNanos;

	private @Nullable ScheduledFuture<?> next;

	SlowReader(long bytesPerSecond, Duration grace, LimitReport report) {
		this.patience = new Patience(grace, grace, bytesPerSecond);
		this.report = report;
	}

	@Override
	public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) throws Exception {
		if (message instanceof ByteBuf bytes) {
			this.written += bytes.readableBytes();
		}
		super.write(ctx, message, promise);
	}

	@Override
	public void flush(ChannelHandlerContext ctx) throws Exception {
		this.flushed += this.written;
		this.written = 0;
		super.flush(ctx);
		if (this.next != null) {
			return;
		}
		long waiting = waiting(ctx.channel());
		if (waiting > 0) {
			this.patience.reset();
			this.takenBefore = this.flushed - waiting;
			this.lookedNanos = now(ctx);
			lookAgain(ctx, this.patience.after(0, 0));
		}
	}

	private void look(ChannelHandlerContext ctx) {
		this.next = null;
		Channel channel = ctx.channel();
		long waiting = waiting(channel);
		if (waiting == 0) {
			return;
		}
		long taken = this.flushed - waiting;
		long now = now(ctx);
		long left = this.patience.after(now - this.lookedNanos, taken - this.takenBefore);
		this.takenBefore = taken;
		this.lookedNanos = now;
		if (left > 0) {
			lookAgain(ctx, left);
			return;
		}
		this.report.reached(EdgeLimit.MIN_RESPONSE_RATE, channel.remoteAddress());
		channel.attr(ConnectionEnd.RESET).set(Boolean.TRUE);
		channel.config().setOption(ChannelOption.SO_LINGER, 0);
		var unused = channel.close();
	}

	private void lookAgain(ChannelHandlerContext ctx, long nanos) {
		this.next = ctx.executor().schedule(() -> look(ctx), nanos, TimeUnit.NANOSECONDS);
	}

	private static long waiting(Channel channel) {
		ChannelOutboundBuffer buffer = channel.unsafe().outboundBuffer();
		if (buffer == null || buffer.isEmpty()) {
			return 0;
		}
		long[] bytes = new long[1];
		try {
			buffer.forEachFlushedMessage((message) -> {
				bytes[0] += (message instanceof ByteBuf part) ? part.readableBytes() : 0;
				return true;
			});
		}
		catch (Exception ex) {
			throw new IllegalStateException(ex);
		}
		return bytes[0];
	}

	private static long now(ChannelHandlerContext ctx) {
		return ctx.executor().ticker().nanoTime();
	}

	@Override
	public void handlerRemoved(ChannelHandlerContext ctx) {
		if (this.next != null) {
			this.next.cancel(false);
		}
	}

}
