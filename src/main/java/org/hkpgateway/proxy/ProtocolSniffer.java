package org.hkpgateway.proxy;

import java.util.List;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.ssl.SslHandler;
import org.jspecify.annotations.Nullable;
import reactor.netty.NettyPipeline;

/**
 * Tells TLS, HTTP/2 and HTTP/1 apart by the first bytes of a connection, and removes
 * itself. What is neither of the first two is left to HTTP/1, which refuses what it does
 * not understand.
 */
final class ProtocolSniffer extends ByteToMessageDecoder {

	/** A TLS record of type handshake, RFC 8446 section 5.1. */
	private static final int TLS_HANDSHAKE = 0x16;

	/** For the rest of what may become the opening of HTTP/2. */
	private static final long DEADLINE_SECONDS = 5;

	private final @Nullable ServerTls tls;

	private final RefusedConnections refused;

	private final Consumer<ChannelHandlerContext> http2;

	private boolean decided;

	private @Nullable ScheduledFuture<?> deadline;

	/**
	 * Makes one.
	 * @param tls null for clear text only
	 * @param refused where failed handshakes go
	 * @param http2 puts HTTP/2 in the place of everything behind the given handler
	 */
	ProtocolSniffer(@Nullable ServerTls tls, RefusedConnections refused, Consumer<ChannelHandlerContext> http2) {
		this.tls = tls;
		this.refused = refused;
		this.http2 = http2;
	}

	@Override
	protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
		if (this.decided) {
			return;
		}
		if (this.tls != null && in.getUnsignedByte(in.readerIndex()) == TLS_HANDSHAKE) {
			startTls(ctx, this.tls);
			return;
		}
		switch (Opening.HTTP2.match(in)) {
			case YES -> {
				this.http2.accept(ctx);
				leave(ctx);
			}
			case NO -> leave(ctx);
			case UNDECIDED -> {
				if (this.deadline == null) {
					this.deadline = ctx.executor().schedule(() -> leave(ctx), DEADLINE_SECONDS, TimeUnit.SECONDS);
				}
			}
		}
	}

	private void startTls(ChannelHandlerContext ctx, ServerTls tls) {
		SslHandler handler = tls.newHandler(ctx.channel());
		ctx.pipeline()
			.addAfter(ctx.name(), NettyPipeline.SslHandler, handler)
			.addAfter(NettyPipeline.SslHandler, "hkp.tls-start", new TlsStart(handler, this.refused, this.http2));
		leave(ctx);
	}

	/** What was read goes to the next handler. */
	private void leave(ChannelHandlerContext ctx) {
		this.decided = true;
		if (!ctx.isRemoved()) {
			ctx.pipeline().remove(this);
		}
	}

	@Override
	protected void handlerRemoved0(ChannelHandlerContext ctx) {
		if (this.deadline != null) {
			this.deadline.cancel(false);
		}
	}

}
