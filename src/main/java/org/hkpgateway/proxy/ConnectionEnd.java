package org.hkpgateway.proxy;

import java.io.IOException;
import java.util.concurrent.TimeUnit;

import javax.net.ssl.SSLException;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
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
 * down first, and input is read and thrown away for a while (RFC 9112 section 9.6).</li>
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

	private static final long SILENCE_SECONDS = 5;

	private static final long TOTAL_SECONDS = 30;

	private static final long HALF_CLOSED_SECONDS = 5;

	private final long maxBytes;

	private boolean requestIncomplete;

	private boolean answerDue;

	private boolean answerBegun;

	private boolean inputEnded;

	private boolean lingering;

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
		if (message instanceof HttpRequest) {
			this.requestIncomplete = true;
			this.answerDue = true;
			this.answerBegun = false;
		}
		if (message instanceof LastHttpContent) {
			this.requestIncomplete = false;
		}
		if (this.lingering) {
			discard(ctx, message);
		}
		else {
			super.channelRead(ctx, message);
		}
	}

	private void discard(ChannelHandlerContext ctx, Object message) {
		if (message instanceof HttpContent content) {
			ByteBuf bytes = content.content();
			this.discarded += bytes.readableBytes();
		}
		ReferenceCountUtil.release(message);
		if (!this.requestIncomplete || this.discarded > this.maxBytes) {
			closeNow(ctx);
		}
		else {
			restartSilence(ctx);
		}
	}

	@Override
	public void close(ChannelHandlerContext ctx, ChannelPromise promise) throws Exception {
		boolean reset = Boolean.TRUE.equals(ctx.channel().attr(RESET).get());
		if (this.lingering) {
			promise.setSuccess();
		}
		else if (this.requestIncomplete && !reset && ctx.channel().isActive()
				&& ctx.channel() instanceof DuplexChannel duplex) {
			this.lingering = true;
			this.closePromise = promise;
			endOutput(ctx, duplex);
			restartSilence(ctx);
			this.total = ctx.executor().schedule(() -> closeNow(ctx), TOTAL_SECONDS, TimeUnit.SECONDS);
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
		if (message instanceof HttpResponse && !isInformational(message)) {
			this.answerBegun = true;
			cancel(this.halfClosed);
		}
		if (message instanceof LastHttpContent && !isInformational(message)) {
			this.answerDue = false;
			if (this.inputEnded) {
				promise.addListener((written) -> closeNow(ctx));
			}
		}
		super.write(ctx, message, promise);
	}

	private static boolean isInformational(Object message) {
		return message instanceof HttpResponse response && response.status().code() < 200;
	}

	@Override
	public void userEventTriggered(ChannelHandlerContext ctx, Object event) throws Exception {
		if (event instanceof ChannelInputShutdownEvent) {
			this.inputEnded = true;
			if (this.lingering || this.requestIncomplete || !this.answerDue) {
				closeNow(ctx);
			}
			else if (!this.answerBegun) {
				this.halfClosed = ctx.executor().schedule(() -> closeNow(ctx), HALF_CLOSED_SECONDS, TimeUnit.SECONDS);
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
		this.silence = ctx.executor().schedule(() -> closeNow(ctx), SILENCE_SECONDS, TimeUnit.SECONDS);
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
