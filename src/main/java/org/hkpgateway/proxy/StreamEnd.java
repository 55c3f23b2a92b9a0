package org.hkpgateway.proxy;

import java.util.concurrent.TimeUnit;

import io.netty.channel.Channel;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http2.DefaultHttp2ResetFrame;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2StreamChannel;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.ScheduledFuture;
import org.jspecify.annotations.Nullable;

/**
 * How a stream of HTTP/2 ends, where it is not by itself. An answer that was given while
 * the client still uploads arrives: some clients drop it when a reset comes right behind
 * it, though RFC 9113 section 8.1 allows that. So the rest of the upload is read and
 * thrown away, within the bounds of {@link ConnectionEnd}, and only a client that goes on
 * beyond them is told by a reset without an error to stop. Meanwhile the stream counts as
 * open. Other streams go on.
 */
final class StreamEnd extends ChannelDuplexHandler {

	private final long maxBytes;

	/** All of the answer was handed on. Nobody reads the request any more. */
	private boolean answered;

	/** All of the answer was sent, and the client is in the middle of its request. */
	private boolean lingering;

	/** Bytes of the request that nobody wanted. */
	private long discarded;

	private @Nullable ScheduledFuture<?> silence;

	private @Nullable ScheduledFuture<?> total;

	/**
	 * A handler for one stream.
	 * @param maxBytes most bytes of a request that are read for nothing
	 */
	StreamEnd(long maxBytes) {
		this.maxBytes = maxBytes;
	}

	@Override
	public void channelRead(ChannelHandlerContext ctx, Object message) throws Exception {
		if (message instanceof DroppedBytes dropped) {
			discard(ctx, dropped.count());
		}
		else if (this.answered) {
			int bytes = (message instanceof HttpContent content) ? content.content().readableBytes() : 0;
			ReferenceCountUtil.release(message);
			discard(ctx, bytes);
		}
		else {
			super.channelRead(ctx, message);
		}
	}

	private void discard(ChannelHandlerContext ctx, int bytes) {
		this.discarded += bytes;
		if (this.discarded > this.maxBytes) {
			end(ctx);
		}
		else if (this.lingering) {
			restartSilence(ctx);
		}
	}

	@Override
	public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) throws Exception {
		boolean informational = message instanceof HttpResponse response && response.status().code() < 200;
		if (!(message instanceof LastHttpContent) || informational) {
			super.write(ctx, message, promise);
			return;
		}
		this.answered = true;
		super.write(ctx, message, promise.unvoid().addListener((written) -> {
			if (written.isSuccess() && isOpenForClient(ctx.channel())) {
				linger(ctx);
			}
			// Gives the window back, too, so that the client can come to its end. A
			// stream whose end has come and was not read is not closed else.
			ctx.channel().config().setAutoRead(true);
		}));
	}

	private static boolean isOpenForClient(Channel channel) {
		return channel instanceof Http2StreamChannel stream && stream.isActive()
				&& stream.stream().state().remoteSideOpen();
	}

	private void linger(ChannelHandlerContext ctx) {
		this.lingering = true;
		restartSilence(ctx);
		this.total = endAfter(ctx, ConnectionEnd.TOTAL_SECONDS);
	}

	/** The server library closes what it has answered. */
	@Override
	public void close(ChannelHandlerContext ctx, ChannelPromise promise) throws Exception {
		if (this.lingering) {
			ctx.channel().closeFuture().addListener((closed) -> promise.trySuccess());
		}
		else {
			super.close(ctx, promise);
		}
	}

	/** Of a request that has its answer, nobody wants to know what else is wrong. */
	@Override
	public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) throws Exception {
		if (!this.answered || !(cause instanceof Refusal)) {
			super.exceptionCaught(ctx, cause);
		}
	}

	@Override
	public void handlerRemoved(ChannelHandlerContext ctx) {
		lingerNoMore();
	}

	private void restartSilence(ChannelHandlerContext ctx) {
		cancel(this.silence);
		this.silence = endAfter(ctx, ConnectionEnd.SILENCE_SECONDS);
	}

	private ScheduledFuture<?> endAfter(ChannelHandlerContext ctx, long seconds) {
		return ctx.executor().schedule(() -> end(ctx), seconds, TimeUnit.SECONDS);
	}

	private void end(ChannelHandlerContext ctx) {
		reset(ctx.channel(), this.answered ? Http2Error.NO_ERROR : Http2Error.ENHANCE_YOUR_CALM);
	}

	private void lingerNoMore() {
		this.lingering = false;
		cancel(this.silence);
		cancel(this.total);
	}

	private static void cancel(@Nullable ScheduledFuture<?> timer) {
		if (timer != null) {
			timer.cancel(false);
		}
	}

	/**
	 * Ends a stream at once.
	 * @param stream the stream
	 * @param error what the client is told
	 */
	static void reset(Channel stream, Http2Error error) {
		var unused = stream.writeAndFlush(new DefaultHttp2ResetFrame(error));
		unused = stream.close();
	}

}
