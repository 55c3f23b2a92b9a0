package org.hkpgateway.proxy;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.AttributeKey;
import io.netty.util.ReferenceCountUtil;
import org.jspecify.annotations.Nullable;

/**
 * Knows whether all of an answer is there when its head is: then it can be relayed in one
 * piece, which costs a call of the kernel less than head and body one after the other.
 * Sits right behind the HTTP codec of a keyserver's connection. A head waits for what was
 * read together with it, and for nothing else.
 */
final class WholeAnswer extends ChannelInboundHandlerAdapter {

	private static final AttributeKey<Boolean> WHOLE = AttributeKey.valueOf(WholeAnswer.class, "whole");

	private @Nullable HttpResponse head;

	/**
	 * Whether the body of the answer whose head has just come is there, all of it in one
	 * buffer. To be called on the event loop of the connection.
	 * @param connection to the keyserver
	 * @return false if it has none
	 */
	static boolean isThere(Channel connection) {
		return Boolean.TRUE.equals(connection.attr(WHOLE).get());
	}

	@Override
	public void channelRead(ChannelHandlerContext ctx, Object message) throws Exception {
		pass(ctx, message instanceof LastHttpContent last && last.content().isReadable());
		if (message instanceof HttpResponse response && !(message instanceof LastHttpContent)) {
			this.head = response;
			return;
		}
		super.channelRead(ctx, message);
	}

	private void pass(ChannelHandlerContext ctx, boolean whole) {
		HttpResponse waiting = this.head;
		if (waiting != null) {
			this.head = null;
			ctx.channel().attr(WHOLE).set(whole);
			ctx.fireChannelRead(waiting);
		}
	}

	@Override
	public void channelReadComplete(ChannelHandlerContext ctx) throws Exception {
		pass(ctx, false);
		super.channelReadComplete(ctx);
	}

	@Override
	public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) throws Exception {
		pass(ctx, false);
		super.exceptionCaught(ctx, cause);
	}

	@Override
	public void handlerRemoved(ChannelHandlerContext ctx) {
		ReferenceCountUtil.release(this.head);
		this.head = null;
	}

}
