package org.hkpgateway.proxy;

import io.netty.channel.Channel;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http2.DefaultHttp2ResetFrame;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Stream;
import io.netty.handler.codec.http2.Http2StreamChannel;

/**
 * How a stream of HTTP/2 ends, where it is not by itself. An answer that was given while
 * the client still uploads is followed by a reset without an error (RFC 9113 section
 * 8.1), so that the rest is not sent for nothing. Other streams go on.
 */
final class StreamEnd extends ChannelDuplexHandler {

	private boolean requestIncomplete;

	@Override
	public void channelRead(ChannelHandlerContext ctx, Object message) throws Exception {
		if (message instanceof HttpRequest) {
			this.requestIncomplete = true;
		}
		if (message instanceof LastHttpContent) {
			this.requestIncomplete = false;
		}
		super.channelRead(ctx, message);
	}

	@Override
	public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) throws Exception {
		boolean informational = message instanceof HttpResponse response && response.status().code() < 200;
		if (message instanceof LastHttpContent && !informational && this.requestIncomplete) {
			promise.addListener((written) -> {
				if (written.isSuccess() && isOpenForClient(ctx.channel())) {
					reset(ctx.channel(), Http2Error.NO_ERROR);
				}
			});
		}
		super.write(ctx, message, promise);
	}

	private static boolean isOpenForClient(Channel channel) {
		return channel instanceof Http2StreamChannel stream && stream.isActive()
				&& stream.stream().state() != Http2Stream.State.CLOSED;
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
