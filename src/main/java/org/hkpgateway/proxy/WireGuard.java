package org.hkpgateway.proxy;

import java.util.List;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;

/**
 * Lets bytes through to the HTTP codec only if they are HTTP/1 as {@link WireScanner}
 * reads it. In place of the first ones that are not, the {@link Refusal} passes, as a
 * message behind the last good byte; what comes after is thrown away. Sits before the
 * codec; {@link Refusals}, behind it, turns the message into an answer.
 */
final class WireGuard extends ByteToMessageDecoder {

	private final WireScanner scanner;

	private boolean refused;

	WireGuard(int maxHead) {
		this.scanner = new WireScanner(maxHead);
	}

	@Override
	protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
		if (this.refused) {
			in.skipBytes(in.readableBytes());
			return;
		}
		int start = in.readerIndex();
		try {
			this.scanner.scan(in);
			pass(in, start, out);
		}
		catch (Refusal ex) {
			this.refused = true;
			pass(in, start, out);
			in.skipBytes(in.readableBytes());
			out.add(ex);
		}
	}

	private static void pass(ByteBuf in, int start, List<Object> out) {
		int good = in.readerIndex() - start;
		if (good > 0) {
			out.add(in.retainedSlice(start, good));
		}
	}

}
