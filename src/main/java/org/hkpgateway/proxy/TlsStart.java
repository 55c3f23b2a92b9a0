package org.hkpgateway.proxy;

import java.util.function.Consumer;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.ssl.ApplicationProtocolNames;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;

/**
 * Waits behind {@code SslHandler} for the end of the handshake, then lets HTTP/2 take
 * over if that was agreed upon (ALPN, RFC 7301), and removes itself. A handshake that
 * fails ends the connection.
 */
final class TlsStart extends ChannelInboundHandlerAdapter {

	private final SslHandler handler;

	private final RefusedConnections refused;

	private final Consumer<ChannelHandlerContext> http2;

	private boolean failed;

	TlsStart(SslHandler handler, RefusedConnections refused, Consumer<ChannelHandlerContext> http2) {
		this.handler = handler;
		this.refused = refused;
		this.http2 = http2;
	}

	@Override
	public void userEventTriggered(ChannelHandlerContext ctx, Object event) throws Exception {
		if (!(event instanceof SslHandshakeCompletionEvent completion)) {
			super.userEventTriggered(ctx, event);
		}
		else if (!completion.isSuccess()) {
			fail(ctx, completion.cause());
		}
		else {
			if (ApplicationProtocolNames.HTTP_2.equals(this.handler.applicationProtocol())) {
				this.http2.accept(ctx);
			}
			ctx.pipeline().remove(this);
		}
	}

	@Override
	public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
		fail(ctx, cause);
	}

	/** Of one failure there may be an event and an exception. */
	private void fail(ChannelHandlerContext ctx, Throwable cause) {
		if (!this.failed) {
			this.failed = true;
			if (HandshakeThreads.isRefusal(cause)) {
				this.refused.refuse(ctx, EdgeListener.Reason.TLS_BUSY,
						"more than " + HandshakeThreads.WAITING + " TLS handshakes wait for a processor");
			}
			else {
				this.refused.refuse(ctx, EdgeListener.Reason.TLS_HANDSHAKE, String.valueOf(cause.getMessage()));
			}
		}
	}

}
