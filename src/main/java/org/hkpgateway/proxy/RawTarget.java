package org.hkpgateway.proxy;

import java.nio.charset.StandardCharsets;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import reactor.netty.NettyOutbound;

/**
 * Keeps the octets of a request target that is not ASCII. Netty encodes the request line
 * as UTF-8, while a target holds one character for each octet; so the line is put right
 * on its way to the wire. Added for such a request only, and removed with its first
 * bytes.
 */
final class RawTarget extends ChannelOutboundHandlerAdapter {

	private RawTarget() {
	}

	static void keepOctets(NettyOutbound outbound, String target) {
		if (!isAscii(target)) {
			outbound.withConnection((connection) -> connection.channel().pipeline().addFirst(new RawTarget()));
		}
	}

	private static boolean isAscii(String target) {
		for (int i = 0; i < target.length(); i++) {
			if (target.charAt(i) > 0x7f) {
				return false;
			}
		}
		return true;
	}

	@Override
	public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) throws Exception {
		Object rest = (message instanceof ByteBuf bytes) ? lineAsLatin1(ctx, bytes) : message;
		ctx.pipeline().remove(this);
		var unused = ctx.write(rest, promise);
	}

	private static ByteBuf lineAsLatin1(ChannelHandlerContext ctx, ByteBuf bytes) {
		int end = ByteBufUtil.indexOf(bytes, bytes.readerIndex(), bytes.writerIndex(), (byte) '\n');
		if (end < 0) {
			return bytes;
		}
		String line = bytes.readCharSequence(end - bytes.readerIndex(), StandardCharsets.UTF_8).toString();
		ByteBuf corrected = ctx.alloc().buffer(line.length() + bytes.readableBytes());
		corrected.writeCharSequence(line, StandardCharsets.ISO_8859_1);
		corrected.writeBytes(bytes);
		bytes.release();
		return corrected;
	}

}
