package org.hkpgateway.proxy;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.codec.haproxy.HAProxyMessageDecoder;
import io.netty.util.AttributeKey;
import org.jspecify.annotations.Nullable;

/**
 * The PROXY protocol, versions 1 and 2: the first bytes of a connection say who opened it
 * to the proxy. Believed from trusted proxies only; from anybody else such a header, or,
 * where one is required, the connection, is refused. First of all handlers that look at
 * bytes; removes itself when the header is read or it is clear that there is none.
 */
final class ProxyHeader extends ByteToMessageDecoder {

	private static final AttributeKey<InetSocketAddress> SOURCE = AttributeKey.valueOf(ProxyHeader.class, "source");

	private static final int V1_MAX = 107;

	private static final int V2_FIXED = 16;

	/** Addresses, and what proxies add (a client's certificate at most) is ignored. */
	private static final int V2_MAX_REST = 4096;

	private static final long DEADLINE_SECONDS = 5;

	private final boolean required;

	private final Predicate<InetAddress> trusted;

	private final RefusedConnections refused;

	private boolean trustedPeer;

	private boolean done;

	private @Nullable ScheduledFuture<?> deadline;

	ProxyHeader(boolean required, Predicate<InetAddress> trusted, RefusedConnections refused) {
		this.required = required;
		this.trusted = trusted;
		this.refused = refused;
	}

	/**
	 * Who is at the other end of a connection.
	 * @param connection not a stream of HTTP/2, but its parent
	 * @return whom a trusted proxy named in a PROXY header, else the other end of the
	 * socket; null when that is gone
	 */
	static @Nullable InetSocketAddress peer(Channel connection) {
		InetSocketAddress source = connection.attr(SOURCE).get();
		return (source != null) ? source : (InetSocketAddress) connection.remoteAddress();
	}

	static void setPeer(Channel connection, InetSocketAddress source) {
		connection.attr(SOURCE).set(source);
		Connections.named(connection, source);
	}

	@Override
	public void channelActive(ChannelHandlerContext ctx) throws Exception {
		InetSocketAddress peer = (InetSocketAddress) ctx.channel().remoteAddress();
		this.trustedPeer = peer != null && this.trusted.test(peer.getAddress());
		if (this.required && !this.trustedPeer) {
			refuse(ctx, EdgeListener.Reason.PROXY_HEADER_MISSING,
					"hkp.client-address.proxy-protocol is required, and the peer is not in trusted-proxies");
		}
		else if (this.required) {
			startDeadline(ctx);
		}
		super.channelActive(ctx);
	}

	@Override
	protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
		if (this.done) {
			in.skipBytes(in.readableBytes());
			return;
		}
		Opening.Match v1 = Opening.PROXY_V1.match(in);
		Opening.Match v2 = Opening.PROXY_V2.match(in);
		if (v1 == Opening.Match.NO && v2 == Opening.Match.NO) {
			noHeader(ctx);
		}
		else if (v1 == Opening.Match.UNDECIDED || v2 == Opening.Match.UNDECIDED) {
			startDeadline(ctx);
		}
		else if (!this.trustedPeer) {
			refuse(ctx, EdgeListener.Reason.PROXY_HEADER_UNTRUSTED,
					"it sent a PROXY protocol header and is not in hkp.client-address.trusted-proxies");
		}
		else {
			header(ctx, in, out, (v1 == Opening.Match.YES) ? v1Length(in) : v2Length(in));
		}
	}

	private void noHeader(ChannelHandlerContext ctx) {
		if (this.required) {
			refuse(ctx, EdgeListener.Reason.PROXY_HEADER_MISSING,
					"expected: a PROXY protocol header, got: other bytes");
		}
		else {
			this.done = true;
			ctx.pipeline().remove(this);
		}
	}

	private void header(ChannelHandlerContext ctx, ByteBuf in, List<Object> out, int length) {
		if (length < 0) {
			refuse(ctx, EdgeListener.Reason.PROXY_HEADER_MALFORMED,
					"expected: a PROXY protocol header of at most " + V1_MAX + " bytes (version 1) or "
							+ (V2_FIXED + V2_MAX_REST) + " (version 2), got: a longer one, or a line without its end");
		}
		else if (length == 0 || length > in.readableBytes()) {
			startDeadline(ctx);
		}
		else {
			this.done = true;
			ctx.pipeline()
				.addAfter(ctx.name(), "hkp.proxy-header-decoder", new HAProxyMessageDecoder(V2_MAX_REST))
				.addAfter("hkp.proxy-header-decoder", "hkp.proxy-header-source", new ProxyHeaderSource(this.refused));
			out.add(in.readRetainedSlice(length));
			ctx.pipeline().remove(this);
		}
	}

	/**
	 * The length of a header of version 1.
	 * @return 0 if its end has not come, -1 if it comes too late or is no CR LF
	 */
	private static int v1Length(ByteBuf in) {
		int most = Math.min(in.readableBytes(), V1_MAX);
		int end = in.indexOf(in.readerIndex(), in.readerIndex() + most, (byte) '\n');
		if (end >= 0) {
			return (in.getByte(end - 1) == '\r') ? end + 1 - in.readerIndex() : -1;
		}
		return (most == V1_MAX) ? -1 : 0;
	}

	private static int v2Length(ByteBuf in) {
		if (in.readableBytes() < V2_FIXED) {
			return 0;
		}
		int rest = in.getUnsignedShort(in.readerIndex() + V2_FIXED - 2);
		return (rest > V2_MAX_REST) ? -1 : V2_FIXED + rest;
	}

	private void startDeadline(ChannelHandlerContext ctx) {
		if (this.deadline == null) {
			this.deadline = ctx.executor()
				.schedule(
						() -> refuse(ctx, EdgeListener.Reason.PROXY_HEADER_MISSING,
								"expected: a whole PROXY protocol header within " + DEADLINE_SECONDS + " s, got: less"),
						DEADLINE_SECONDS, TimeUnit.SECONDS);
		}
	}

	private void refuse(ChannelHandlerContext ctx, EdgeListener.Reason reason, String detail) {
		this.done = true;
		cancelDeadline();
		this.refused.refuse(ctx, reason, detail);
	}

	@Override
	protected void handlerRemoved0(ChannelHandlerContext ctx) {
		cancelDeadline();
	}

	private void cancelDeadline() {
		if (this.deadline != null) {
			this.deadline.cancel(false);
		}
	}

}
