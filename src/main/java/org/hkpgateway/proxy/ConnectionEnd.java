package org.hkpgateway.proxy;

import java.io.IOException;
import java.util.concurrent.TimeUnit;

import javax.net.ssl.SSLException;

import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.AttributeKey;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.ScheduledFuture;
import org.jspecify.annotations.Nullable;

/**
 * How a connection of the public port ends. Sits behind the HTTP codec.
 * <ul>
 * <li>An answer that was given while the client still uploads arrives. Closing a socket
 * with unread input sends a reset, which makes clients lose the answer; so output is shut
 * down first, and input is read and thrown away for a while (RFC 9112 section 9.6). The
 * same goes for a client that sends on behind what was refused, and for one that was told
 * of the end by the answer only: its next request may be on the way.</li>
 * <li>A client whose request was answered early, on a connection that goes on, has 30 s
 * for the rest of it.</li>
 * <li>A client that ends its side after a whole request still gets its answer if that
 * begins within five seconds; nobody can tell it from a client that has gone away, whose
 * call would otherwise run on. One that ends in the middle of a request gets none.</li>
 * <li>A client that resets the connection is gone: what it asked for is cancelled. With
 * half-closed connections allowed, Netty would leave such a connection open.</li>
 * </ul>
 */
final class ConnectionEnd extends ChannelDuplexHandler {

	/** Set to end the connection by reset instead, so that a cut answer looks cut. */
	static final AttributeKey<Boolean> RESET = AttributeKey.valueOf(ConnectionEnd.class, "reset");

	/** How long a client may be silent that sends on for nothing. */
	static final long SILENCE_SECONDS = 5;

	/** How long a client may send on for nothing. */
	static final long TOTAL_SECONDS = 30;

	private static final long HALF_CLOSED_SECONDS = 5;

	private final long maxBytes;

	private boolean requestIncomplete;

	/** The client may send on, and nothing of it is read as a request. */
	private boolean refused;

	/** The client wanted to send another request on this connection. */
	private boolean keepAlive;

	/** An answer has said that it is the last one. */
	private boolean saidClose;

	/** Requests, the one that comes now included, that are to be answered. */
	private int due;

	private boolean answerBegun;

	private boolean inputEnded;

	private boolean lingering;

	/** Bytes that came and that nobody wanted, since the last request. */
	private long discarded;

	private @Nullable ChannelPromise closePromise;

	private @Nullable ScheduledFuture<?> silence;

	private @Nullable ScheduledFuture<?> total;

	private @Nullable ScheduledFuture<?> halfClosed;

	ConnectionEnd(long maxBytes) {
		this.maxBytes = maxBytes;
	}

	@Override
	public void channelRead(ChannelHandlerContext ctx, Object message) throws Exception {
		if (message instanceof DroppedBytes dropped) {
			discard(ctx, dropped.count());
			return;
		}
		if (message instanceof HttpRequest request) {
			this.due++;
			this.refused = request.headers() instanceof RefusedHeaders;
			this.keepAlive = HttpUtil.isKeepAlive(request);
			this.requestIncomplete = !this.refused;
			this.discarded = 0;
		}
		if (message instanceof LastHttpContent) {
			this.requestIncomplete = false;
			if (!this.lingering) {
				cancel(this.total);
			}
		}
		boolean unwanted = this.lingering || this.due == 0;
		int bytes = (message instanceof HttpContent content) ? content.content().readableBytes() : 0;
		if (this.lingering) {
			ReferenceCountUtil.release(message);
		}
		else {
			super.channelRead(ctx, message);
		}
		if (unwanted) {
			discard(ctx, bytes);
		}
	}

	private void discard(ChannelHandlerContext ctx, int bytes) {
		this.discarded += bytes;
		if (this.discarded > this.maxBytes || (this.lingering && !mayBeSending())) {
			closeNow(ctx);
		}
		else if (this.lingering) {
			restartSilence(ctx);
		}
	}

	private boolean mayBeSending() {
		return (this.requestIncomplete || this.refused || (this.saidClose && this.keepAlive)) && !this.inputEnded;
	}

	@Override
	public void close(ChannelHandlerContext ctx, ChannelPromise promise) throws Exception {
		boolean reset = Boolean.TRUE.equals(ctx.channel().attr(RESET).get());
		if (this.lingering && !reset) {
			promise.setSuccess();
		}
		else if (mayBeSending() && !reset && ctx.channel().isActive()
				&& ctx.channel() instanceof DuplexChannel duplex) {
			this.lingering = true;
			this.closePromise = promise;
			endOutput(ctx, duplex);
			restartSilence(ctx);
			restartTotal(ctx);
			ctx.channel().config().setAutoRead(true);
		}
		else if (reset) {
			reset(ctx, promise);
		}
		else {
			super.close(ctx, promise);
		}
	}

	/** The end of TLS first: without it the answer would look cut. */
	private static void endOutput(ChannelHandlerContext ctx, DuplexChannel duplex) {
		SslHandler tls = ctx.pipeline().get(SslHandler.class);
		if (tls != null) {
			var unused = tls.closeOutbound().addListener((sent) -> {
				var unusedEnd = duplex.shutdownOutput();
			});
		}
		else {
			var unused = duplex.shutdownOutput();
		}
	}

	/** Past the TLS handler, which would send the end of TLS: then nothing looks cut. */
	private static void reset(ChannelHandlerContext ctx, ChannelPromise promise) {
		ChannelHandlerContext tls = ctx.pipeline().context(SslHandler.class);
		var unused = ((tls != null) ? tls : ctx).close(promise);
	}

	@Override
	public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) throws Exception {
		if (message instanceof HttpResponse response && !isInformational(message)) {
			this.answerBegun = true;
			this.saidClose = !HttpUtil.isKeepAlive(response);
			cancel(this.halfClosed);
		}
		if (!(message instanceof LastHttpContent) || isInformational(message)) {
			super.write(ctx, message, promise);
			return;
		}
		this.due--;
		this.answerBegun = false;
		boolean last = this.inputEnded && !isAnswerDue();
		boolean early = this.due == 0 && this.requestIncomplete && !this.inputEnded;
		if (!this.inputEnded && !early) {
			super.write(ctx, message, promise);
			return;
		}
		super.write(ctx, message, promise.unvoid().addListener((written) -> {
			if (last) {
				closeNow(ctx);
			}
			else if (early && this.requestIncomplete && !this.lingering) {
				restartTotal(ctx);
			}
			else if (this.inputEnded && !this.answerBegun) {
				restartHalfClosed(ctx);
			}
		}));
	}

	/** One that the client cannot complete any more is not answered. */
	private boolean isAnswerDue() {
		return this.due > (this.requestIncomplete ? 1 : 0);
	}

	private static boolean isInformational(Object message) {
		return message instanceof HttpResponse response && response.status().code() < 200;
	}

	@Override
	public void userEventTriggered(ChannelHandlerContext ctx, Object event) throws Exception {
		if (event instanceof ChannelInputShutdownEvent) {
			this.inputEnded = true;
			if (this.lingering || !isAnswerDue()) {
				closeNow(ctx);
			}
			else if (!this.answerBegun) {
				restartHalfClosed(ctx);
			}
		}
		super.userEventTriggered(ctx, event);
	}

	@Override
	public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) throws Exception {
		if (cause instanceof IOException || cause.getCause() instanceof SSLException) {
			closeNow(ctx);
		}
		super.exceptionCaught(ctx, cause);
	}

	@Override
	public void handlerRemoved(ChannelHandlerContext ctx) {
		cancelTimers();
	}

	private void restartSilence(ChannelHandlerContext ctx) {
		cancel(this.silence);
		this.silence = closeAfter(ctx, SILENCE_SECONDS);
	}

	private void restartTotal(ChannelHandlerContext ctx) {
		cancel(this.total);
		this.total = closeAfter(ctx, TOTAL_SECONDS);
	}

	private void restartHalfClosed(ChannelHandlerContext ctx) {
		cancel(this.halfClosed);
		this.halfClosed = closeAfter(ctx, HALF_CLOSED_SECONDS);
	}

	private ScheduledFuture<?> closeAfter(ChannelHandlerContext ctx, long seconds) {
		return ctx.executor().schedule(() -> closeNow(ctx), seconds, TimeUnit.SECONDS);
	}

	private void closeNow(ChannelHandlerContext ctx) {
		cancelTimers();
		ChannelPromise promise = this.closePromise;
		this.closePromise = null;
		var unused = ctx.close((promise != null) ? promise : ctx.newPromise());
	}

	private void cancelTimers() {
		cancel(this.silence);
		cancel(this.total);
		cancel(this.halfClosed);
	}

	private static void cancel(@Nullable ScheduledFuture<?> timer) {
		if (timer != null) {
			timer.cancel(false);
		}
	}

}
