package org.hkpgateway.proxy;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.concurrent.ScheduledFuture;
import org.jspecify.annotations.Nullable;

/**
 * {@code idle-timeout} and {@code request-head-timeout}: how long an HTTP/1 connection
 * may take until the head of its next request is complete. Sits behind the codec and is
 * told by {@link WireGuard} when a head begins and ends.
 * <ul>
 * <li>As long as no byte of a request is there the connection is idle, the first request
 * included; browsers open connections ahead of need. In the end it is closed.</li>
 * <li>From the first byte on, the whole head has to come in time, or it is refused with
 * 408. While an earlier request is being served the gateway does not read on, so a head
 * that has come in part by then has its time from that answer on.</li>
 * </ul>
 * While a request is read and served, other limits hold.
 */
final class RequestWait extends ChannelDuplexHandler {

	private final WireGuard guard;

	private final Duration headTimeout;

	private final Duration idleTimeout;

	private final LimitReport report;

	private boolean inHead;

	private boolean bodyOpen;

	private int unanswered;

	private @Nullable ChannelFuture lastAnswer;

	private State state = State.BUSY;

	private long sinceNanos;

	/** Not moved with every request: it looks at the clock again when it fires. */
	private @Nullable ScheduledFuture<?> timer;

	private long timerNanos;

	RequestWait(WireGuard guard, Duration headTimeout, Duration idleTimeout, LimitReport report) {
		this.guard = guard;
		this.headTimeout = headTimeout;
		this.idleTimeout = idleTimeout;
		this.report = report;
	}

	private enum State {

		IDLE, HEAD, BUSY

	}

	@Override
	public void handlerAdded(ChannelHandlerContext ctx) {
		update(ctx);
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
		if (message instanceof HttpRequest request) {
			this.unanswered++;
			this.bodyOpen = !(request.headers() instanceof RefusedHeaders);
		}
		if (message instanceof LastHttpContent) {
			this.bodyOpen = false;
		}
		update(ctx);
		super.channelRead(ctx, message);
	}

	@Override
	public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) throws Exception {
		boolean informational = message instanceof HttpResponse response && response.status().code() < 200;
		ChannelPromise noted = promise;
		if (message instanceof LastHttpContent && !informational) {
			this.unanswered--;
			noted = promise.unvoid();
			this.lastAnswer = noted;
			update(ctx);
		}
		super.write(ctx, message, noted);
	}

	private void update(ChannelHandlerContext ctx) {
		State now = (this.unanswered > 0 || this.bodyOpen) ? State.BUSY : this.inHead ? State.HEAD : State.IDLE;
		if (now != this.state) {
			this.state = now;
			if (now != State.BUSY) {
				this.sinceNanos = nanoTime(ctx);
				lookAt(ctx, this.sinceNanos + limit().toNanos());
			}
		}
	}

	private Duration limit() {
		return (this.state == State.HEAD) ? this.headTimeout : this.idleTimeout;
	}

	private void lookAt(ChannelHandlerContext ctx, long nanos) {
		if (this.timer != null) {
			if (this.timerNanos - nanos <= 0) {
				return;
			}
			this.timer.cancel(false);
		}
		this.timerNanos = nanos;
		this.timer = ctx.executor().schedule(() -> look(ctx), nanos - nanoTime(ctx), TimeUnit.NANOSECONDS);
	}

	private void look(ChannelHandlerContext ctx) {
		this.timer = null;
		if (this.state == State.BUSY) {
			return;
		}
		if (this.lastAnswer != null && !this.lastAnswer.isDone()) {
			// Still on its way to the client.
			this.sinceNanos = nanoTime(ctx);
		}
		long end = this.sinceNanos + limit().toNanos();
		if (end - nanoTime(ctx) > 0) {
			lookAt(ctx, end);
		}
		else if (this.state == State.HEAD) {
			this.inHead = false;
			this.report.reached(EdgeLimit.REQUEST_HEAD_TIMEOUT, LimitReport.peer(ctx.channel()));
			this.guard.refuse(ctx, Refusal.headTooSlow());
		}
		else {
			this.report.reached(EdgeLimit.IDLE_TIMEOUT, LimitReport.peer(ctx.channel()));
			var unused = ctx.close();
		}
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
