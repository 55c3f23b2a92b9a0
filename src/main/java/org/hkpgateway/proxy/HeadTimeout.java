package org.hkpgateway.proxy;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.concurrent.ScheduledFuture;
import org.jspecify.annotations.Nullable;

/**
 * {@code request-head-timeout}: refuses with 408 a head whose end does not come in time.
 * Sits behind the codec and is told by {@link WireGuard} when a head begins and ends.
 * <p>
 * The time runs from the first byte. A connection on which nothing comes is idle, not
 * slow. While an earlier request is being served the gateway does not read, so a head
 * that has come in part by then has its time from that answer on.
 */
final class HeadTimeout extends ChannelDuplexHandler {

	private final WireGuard guard;

	private final Duration timeout;

	private final LimitReport report;

	private boolean inHead;

	private int unanswered;

	private @Nullable ScheduledFuture<?> timer;

	HeadTimeout(WireGuard guard, Duration timeout, LimitReport report) {
		this.guard = guard;
		this.timeout = timeout;
		this.report = report;
	}

	@Override
	public void userEventTriggered(ChannelHandlerContext ctx, Object event) throws Exception {
		if (event instanceof WireGuard.HeadProgress progress) {
			this.inHead = progress == WireGuard.HeadProgress.BEGUN;
			update(ctx);
			return;
		}
		super.userEventTriggered(ctx, event);
	}

	@Override
	public void channelRead(ChannelHandlerContext ctx, Object message) throws Exception {
		if (message instanceof HttpRequest) {
			this.unanswered++;
			update(ctx);
		}
		super.channelRead(ctx, message);
	}

	@Override
	public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) throws Exception {
		boolean informational = message instanceof HttpResponse response && response.status().code() < 200;
		if (message instanceof LastHttpContent && !informational) {
			this.unanswered--;
			update(ctx);
		}
		super.write(ctx, message, promise);
	}

	private void update(ChannelHandlerContext ctx) {
		boolean running = this.timer != null;
		boolean wanted = this.inHead && this.unanswered == 0;
		if (wanted && !running) {
			this.timer = ctx.executor().schedule(() -> timedOut(ctx), this.timeout.toNanos(), TimeUnit.NANOSECONDS);
		}
		else if (!wanted) {
			cancel();
		}
	}

	private void timedOut(ChannelHandlerContext ctx) {
		this.timer = null;
		this.inHead = false;
		this.report.reached(EdgeLimit.REQUEST_HEAD_TIMEOUT, ctx.channel().remoteAddress());
		this.guard.refuse(ctx, Refusal.headTooSlow());
	}

	private void cancel() {
		if (this.timer != null) {
			this.timer.cancel(false);
			this.timer = null;
		}
	}

	@Override
	public void handlerRemoved(ChannelHandlerContext ctx) {
		cancel();
	}

}
