package org.hkpgateway.proxy;

import java.net.InetAddress;
import java.net.InetSocketAddress;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.haproxy.HAProxyMessage;
import io.netty.util.NetUtil;
import io.netty.util.ReferenceCountUtil;

/**
 * Notes whom a PROXY protocol header names. One that names nobody (LOCAL, UNKNOWN, a unix
 * socket, a datagram) is a connection of the proxy's own, for example its health check.
 */
final class ProxyHeaderSource extends ChannelInboundHandlerAdapter {

	private final RefusedConnections refused;

	private boolean malformed;

	ProxyHeaderSource(RefusedConnections refused) {
		this.refused = refused;
	}

	@Override
	public void channelRead(ChannelHandlerContext ctx, Object message) {
		if (!(message instanceof HAProxyMessage header)) {
			// Behind a malformed header nothing can be trusted to be what it seems.
			ReferenceCountUtil.release(message);
			return;
		}
		try {
			switch (header.proxiedProtocol()) {
				case TCP4, TCP6 -> ProxyHeader.setPeer(ctx.channel(), source(header));
				case UNKNOWN, UDP4, UDP6, UNIX_STREAM, UNIX_DGRAM -> {
				}
			}
		}
		finally {
			header.release();
		}
		// Whoever asked for bytes has got none; so reading goes on.
		ctx.read();
		ctx.pipeline().remove(this);
	}

	private static InetSocketAddress source(HAProxyMessage header) {
		InetAddress address = NetUtil.createInetAddressFromIpAddressString(header.sourceAddress());
		if (address == null) {
			throw new IllegalArgumentException("expected: an IP address, got: " + header.sourceAddress());
		}
		return new InetSocketAddress(address, header.sourcePort());
	}

	@Override
	public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
		if (this.malformed) {
			return;
		}
		this.malformed = true;
		Throwable root = (cause.getCause() != null) ? cause.getCause() : cause;
		this.refused.refuse(ctx, EdgeListener.Reason.PROXY_HEADER_MALFORMED,
				"expected: a PROXY protocol header, got: one that is malformed: " + root.getMessage());
	}

}
