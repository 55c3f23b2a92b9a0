package org.hkpgateway.proxy;

import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponse;

/**
 * Puts {@code Access-Control-Allow-Origin: *} on every answer that lacks it, whoever made
 * it: keyserver, plugin, gateway or the HTTP decoder. Keyserver content is public, and
 * browser clients cannot even read an error without it.
 */
@Sharable
final class CorsHeader extends ChannelOutboundHandlerAdapter {

	static final CorsHeader INSTANCE = new CorsHeader();

	private CorsHeader() {
	}

	@Override
	public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) throws Exception {
		if (message instanceof HttpResponse response && response.status().code() >= 200) {
			complete(response.headers());
		}
		super.write(ctx, message, promise);
	}

	/**
	 * Completes the head of an answer.
	 * @param answer its headers
	 */
	static void complete(HttpHeaders answer) {
		if (!answer.contains(HttpHeaderNames.ACCESS_CONTROL_ALLOW_ORIGIN)) {
			answer.set(HttpHeaderNames.ACCESS_CONTROL_ALLOW_ORIGIN, "*");
		}
	}

}
