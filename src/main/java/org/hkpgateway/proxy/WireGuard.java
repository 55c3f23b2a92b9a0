package org.hkpgateway.proxy;

import java.util.List;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;

/**
 * Lets bytes through to the HTTP codec only if they are HTTP/1 as {@link WireScanner}
 * reads it. In place of the first ones that are not, the {@link Refusal} passes, as a
 * message behind the last good byte; what comes after is thrown away, and only counted as
 * {@link DroppedBytes}. Sits before the codec; {@link Refusals}, behind it, turns the
 * message into an answer. Tells by a {@link HeadProgress} event when the head of a
 * request begins and ends.
 */
final class WireGuard extends ByteToMessageDecoder {

	private final WireScanner scanner;

	private boolean refused;

	private boolean inHead;

	WireGuard(int maxHead) {
		this.scanner = new WireScanner(maxHead);
	}

	/** What {@link WireGuard} tells the handlers behind it. */
	enum HeadProgress {

		/** Some of a head is there, and its end is not. */
		BEGUN,
		/** No head is being read. */
		ENDED

	}

	@Override
	protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
		if (this.refused) {
			drop(in, out);
			return;
		}
		int start = in.readerIndex();
		try {
			this.scanner.scan(in);
			pass(in, start, out);
			progress(ctx, this.scanner.inHead());
		}
		catch (Refusal ex) {
			this.refused = true;
			pass(in, start, out);
			out.add(ex);
			drop(in, out);
			progress(ctx, false);
		}
	}

	/**
	 * Refuses what is being read now, and all that follows.
	 * @param ctx of this handler's pipeline
	 * @param refusal why
	 */
	void refuse(ChannelHandlerContext ctx, Refusal refusal) {
		if (!this.refused) {
			this.refused = true;
			this.inHead = false;
			ctx.pipeline().context(this).fireChannelRead(refusal);
		}
	}

	private void progress(ChannelHandlerContext ctx, boolean inHead) {
		if (inHead != this.inHead) {
			this.inHead = inHead;
			ctx.fireUserEventTriggered(inHead ? HeadProgress.BEGUN : HeadProgress.ENDED);
		}
	}

	private static void pass(ByteBuf in, int start, List<Object> out) {
		int good = in.readerIndex() - start;
		if (good > 0) {
			out.add(in.retainedSlice(start, good));
		}
	}

	private static void drop(ByteBuf in, List<Object> out) {
		int bytes = in.readableBytes();
		if (bytes > 0) {
			in.skipBytes(bytes);
			out.add(new DroppedBytes(bytes));
		}
	}

}
