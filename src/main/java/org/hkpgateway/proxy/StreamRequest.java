package org.hkpgateway.proxy;

import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.DefaultLastHttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http2.Http2DataFrame;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2HeadersFrame;
import io.netty.handler.codec.http2.Http2StreamChannel;
import io.netty.util.ReferenceCountUtil;
import org.jspecify.annotations.Nullable;

/**
 * Makes the HTTP messages of a stream's frames, by the rules of HTTP/1 as this gateway
 * reads it ({@link StreamHead}), in place of the server library's converter, which lets
 * more through and adds headers of its own. A refused head goes on with
 * {@link RefusedHeaders}, as {@link Refusals} does it; other streams notice nothing.
 * <p>
 * A GET or HEAD whose head does not end its stream waits for the next frame: an empty one
 * is its end, a body is refused.
 */
final class StreamRequest extends ChannelInboundHandlerAdapter {

	private static final long BODILESS_SECONDS = 5;

	private final int maxHead;

	private @Nullable HttpRequest waiting;

	private @Nullable ScheduledFuture<?> deadline;

	private boolean headRead;

	private boolean refused;

	/**
	 * A handler for one stream.
	 * @param maxHead most bytes of a head, and of trailers, as HTTP/1 would write them
	 */
	StreamRequest(int maxHead) {
		this.maxHead = maxHead;
	}

	@Override
	public void channelRead(ChannelHandlerContext ctx, Object message) throws Exception {
		if (message instanceof Http2HeadersFrame frame) {
			headers(ctx, frame);
		}
		else if (message instanceof Http2DataFrame frame) {
			data(ctx, frame);
		}
		else {
			super.channelRead(ctx, message);
		}
	}

	private void headers(ChannelHandlerContext ctx, Http2HeadersFrame frame) {
		if (this.headRead) {
			trailers(ctx, frame);
			return;
		}
		this.headRead = true;
		if (ctx.channel() instanceof Http2StreamChannel stream) {
			Http2Limits.read(stream);
		}
		try {
			head(ctx, StreamHead.read(frame.headers(), frame.isEndStream(), this.maxHead), frame.isEndStream());
		}
		catch (Refusal ex) {
			refuse(ctx, ex, frame.isEndStream());
		}
	}

	private void head(ChannelHandlerContext ctx, HttpRequest request, boolean ended) {
		if (ended) {
			ctx.fireChannelRead(request);
			ctx.fireChannelRead(LastHttpContent.EMPTY_LAST_CONTENT);
		}
		else if (request.method().equals(HttpMethod.GET) || request.method().equals(HttpMethod.HEAD)) {
			this.waiting = request;
			this.deadline = ctx.executor()
				.schedule(() -> refuseWaiting(ctx, Refusal.bodyTooSlow(), false), BODILESS_SECONDS, TimeUnit.SECONDS);
			ctx.read();
		}
		else {
			if (!request.headers().contains(HttpHeaderNames.CONTENT_LENGTH)) {
				request.headers().set(HttpHeaderNames.TRANSFER_ENCODING, HttpHeaderValues.CHUNKED);
			}
			ctx.fireChannelRead(request);
		}
	}

	/** No program behind the gateway is told of them. */
	private void trailers(ChannelHandlerContext ctx, Http2HeadersFrame frame) {
		if (this.refused) {
			return;
		}
		if (this.waiting != null) {
			release(ctx);
		}
		else {
			try {
				StreamHead.checkTrailers(frame.headers(), this.maxHead);
				ctx.fireChannelRead(LastHttpContent.EMPTY_LAST_CONTENT);
			}
			catch (Refusal ex) {
				this.refused = true;
				ctx.fireExceptionCaught(ex);
			}
		}
	}

	private void data(ChannelHandlerContext ctx, Http2DataFrame frame) {
		ByteBuf content = frame.content();
		if (this.refused) {
			int bytes = content.readableBytes();
			ReferenceCountUtil.release(frame);
			ctx.fireChannelRead(new DroppedBytes(bytes));
			ctx.read();
		}
		else if (this.waiting == null) {
			ctx.fireChannelRead(
					frame.isEndStream() ? new DefaultLastHttpContent(content) : new DefaultHttpContent(content));
		}
		else {
			boolean empty = !content.isReadable();
			ReferenceCountUtil.release(frame);
			if (!empty) {
				refuseWaiting(ctx, Refusal.badRequest("Expected no body in a GET or HEAD request, got one."),
						frame.isEndStream());
			}
			else if (frame.isEndStream()) {
				release(ctx);
			}
			else {
				ctx.read();
			}
		}
	}

	private void release(ChannelHandlerContext ctx) {
		HttpRequest request = this.waiting;
		stopWaiting();
		if (request != null) {
			ctx.fireChannelRead(request);
			ctx.fireChannelRead(LastHttpContent.EMPTY_LAST_CONTENT);
		}
	}

	private void refuseWaiting(ChannelHandlerContext ctx, Refusal refusal, boolean ended) {
		stopWaiting();
		refuse(ctx, refusal, ended);
	}

	private void refuse(ChannelHandlerContext ctx, Refusal refusal, boolean ended) {
		this.refused = true;
		// Method and target are never looked at; the library wants some.
		ctx.fireChannelRead(
				new DefaultHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.GET, "/", new RefusedHeaders(refusal)));
		if (ended) {
			ctx.fireChannelRead(LastHttpContent.EMPTY_LAST_CONTENT);
		}
	}

	private void stopWaiting() {
		this.waiting = null;
		if (this.deadline != null) {
			this.deadline.cancel(false);
		}
	}

	/**
	 * What the codec finds wrong with a stream, for example a body that is not as long as
	 * it says. Whoever reads the request learns that it ends.
	 */
	@Override
	public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) throws Exception {
		if (cause instanceof Http2Exception.StreamException fault) {
			StreamEnd.reset(ctx.channel(), fault.error());
		}
		else {
			super.exceptionCaught(ctx, cause);
		}
	}

	@Override
	public void handlerRemoved(ChannelHandlerContext ctx) {
		stopWaiting();
	}

}
