package org.hkpgateway.proxy;

import java.nio.CharBuffer;
import java.nio.charset.StandardCharsets;

import io.netty.buffer.ByteBufUtil;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpRequest;

/**
 * Gives a reason to the answer for a request that is not HTTP or too long, which the
 * server library refuses with a status alone. Sits behind the HTTP codec.
 */
final class DecoderRefusal extends ChannelDuplexHandler {

	private boolean refused;

	@Override
	public void channelRead(ChannelHandlerContext ctx, Object message) throws Exception {
		if (message instanceof HttpRequest request) {
			this.refused = request.decoderResult().isFailure();
		}
		super.channelRead(ctx, message);
	}

	@Override
	public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) throws Exception {
		if (this.refused && message instanceof FullHttpResponse response && !response.content().isReadable()) {
			super.write(ctx, withReason(ctx, response), promise);
			return;
		}
		super.write(ctx, message, promise);
	}

	private static FullHttpResponse withReason(ChannelHandlerContext ctx, FullHttpResponse response) {
		String reason = switch (response.status().code()) {
			case 413, 431 -> "The request head is too long.";
			case 414 -> "The request target is too long.";
			default -> "The request is not valid HTTP.";
		};
		var body = ByteBufUtil.encodeString(ctx.alloc(), CharBuffer.wrap(reason + "\n"), StandardCharsets.UTF_8);
		FullHttpResponse answer = new DefaultFullHttpResponse(response.protocolVersion(), response.status(), body,
				response.headers().copy(), response.trailingHeaders().copy());
		answer.headers().set(HttpHeaderNames.CONTENT_LENGTH, body.readableBytes());
		answer.headers().set(HttpHeaderNames.CONTENT_TYPE, "text/plain; charset=utf-8");
		response.release();
		return answer;
	}

}
