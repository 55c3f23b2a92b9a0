package org.hkpgateway.proxy;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;

/**
 * Drops the keyserver's interim answers (RFC 9110 section 15.2), for example 103. The
 * client library takes any but 100 for the answer, so that the true one would be read as
 * the answer to the next request on that connection. 101, which nobody asked for, ends
 * the connection. Whoever reads asked for one message and got none, so reading goes on.
 */
final class InterimAnswers extends ChannelInboundHandlerAdapter {

	private boolean dropping;

	@Override
	public void channelRead(ChannelHandlerContext ctx, Object message) throws Exception {
		if (message instanceof HttpResponse response) {
			this.dropping = response.decoderResult().isSuccess() && response.status().code() < 200;
			if (response.status().equals(HttpResponseStatus.SWITCHING_PROTOCOLS)) {
				var unused = ctx.close();
			}
		}
		if (!this.dropping) {
			super.channelRead(ctx, message);
			return;
		}
		ReferenceCountUtil.release(message);
		if (message instanceof LastHttpContent) {
			this.dropping = false;
			ctx.read();
		}
	}

}
