package org.hkpgateway.proxy;

import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http2.Http2CodecUtil;
import io.netty.util.ReferenceCountUtil;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The end of the pipeline of an HTTP/2 connection. Nothing is said louder than debug,
 * because any client can cause what comes here. Errors of HTTP/2 the codec itself answers
 * with GOAWAY and its reason, and closes; after any other the connection is closed here.
 */
@Sharable
final class Http2Faults extends ChannelInboundHandlerAdapter {

	static final Http2Faults INSTANCE = new Http2Faults();

	private static final Logger logger = LoggerFactory.getLogger(Http2Faults.class);

	private Http2Faults() {
	}

	@Override
	public void channelRead(ChannelHandlerContext ctx, Object message) {
		ReferenceCountUtil.release(message);
	}

	@Override
	public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
		logger.debug("HTTP/2 connection from {} ends", ctx.channel().remoteAddress(), cause);
		if (Http2CodecUtil.getEmbeddedHttp2Exception(cause) == null) {
			var unused = ctx.channel().close();
		}
	}

}
