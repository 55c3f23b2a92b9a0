package org.hkpgateway.proxy;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.util.concurrent.ScheduledFuture;
import org.jspecify.annotations.Nullable;

/**
 * {@code min-response-rate}, or, if that is any, {@code idle-timeout} without a byte:
 * ends what is written to if the client does not take it. Only while something waits to
 * be taken is the client waited for. Nothing is looked at until then, and after that only
 * when patience could have run out.
 */
abstract class AnswerRate extends ChannelOutboundHandlerAdapter {

	private final Patience patience;

	private final EdgeLimit limit;

	private final LimitReport report;

	private long takenBefore;

	private long lookedNanos;

	private @Nullable ScheduledFuture<?> next;

	AnswerRate(long bytesPerSecond, Duration grace, LimitReport report) {
		this.patience = new Patience(grace, grace, bytesPerSecond);
		this.limit = (bytesPerSecond > 0) ? EdgeLimit.MIN_RESPONSE_RATE : EdgeLimit.IDLE_TIMEOUT;
		this.report = report;
	}

	/** How many bytes wait to be taken. */
	abstract long waiting(Channel channel);

	/** How many bytes were written in all, those that wait included. */
	abstract long offered();

	/** Ends it, so that the client sees that the answer is cut. */
	abstract void cut(ChannelHandlerContext ctx);

	@Override
	public void flush(ChannelHandlerContext ctx) throws Exception {
		super.flush(ctx);
		if (this.next != null) {
			return;
		}
		long waiting = waiting(ctx.channel());
		if (waiting > 0) {
			this.patience.reset();
			this.takenBefore = offered() - waiting;
			this.lookedNanos = nanoTime(ctx);
			lookAgain(ctx, this.patience.after(0, 0));
		}
	}

	private void look(ChannelHandlerContext ctx) {
		this.next = null;
		long waiting = waiting(ctx.channel());
		if (waiting == 0) {
			return;
		}
		long taken = offered() - waiting;
		long now = nanoTime(ctx);
		long left = this.patience.after(now - this.lookedNanos, taken - this.takenBefore);
		this.takenBefore = taken;
		this.lookedNanos = now;
		if (left > 0) {
			lookAgain(ctx, left);
			return;
		}
		this.report.reached(this.limit, LimitReport.peer(ctx.channel()));
		cut(ctx);
	}

	private void lookAgain(ChannelHandlerContext ctx, long nanos) {
		this.next = ctx.executor().schedule(() -> look(ctx), nanos, TimeUnit.NANOSECONDS);
	}

	private static long nanoTime(ChannelHandlerContext ctx) {
		return ctx.executor().ticker().nanoTime();
	}

	@Override
	public void handlerRemoved(ChannelHandlerContext ctx) {
		if (this.next != null) {
			this.next.cancel(false);
		}
	}

}
