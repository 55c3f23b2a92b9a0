package org.hkpgateway.proxy;

import java.time.Duration;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelPromise;

/**
 * {@code min-response-rate} of a connection: resets it. Sits before all other handlers
 * and measures what the kernel takes, whatever protocol it is. That is at least what the
 * client takes, so nobody who keeps up the rate is reset.
 */
final class SlowReader extends AnswerRate {

	/** Written, and given to the kernel by the next flush only. */
	private long unflushed;

	private long flushed;

	SlowReader(long bytesPerSecond, Duration grace, LimitReport report) {
		super(bytesPerSecond, grace, report);
	}

	@Override
	public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) throws Exception {
		if (message instanceof ByteBuf bytes) {
			this.unflushed += bytes.readableBytes();
		}
		super.write(ctx, message, promise);
	}

	@Override
	public void flush(ChannelHandlerContext ctx) throws Exception {
		this.flushed += this.unflushed;
		this.unflushed = 0;
		super.flush(ctx);
	}

	@Override
	long offered() {
		return this.flushed;
	}

	@Override
	long waiting(Channel channel) {
		return untaken(channel);
	}

	/**
	 * How many bytes were given to a connection and not taken by the kernel. To be called
	 * on its event loop; costs as much as there are buffers.
	 * @param channel the connection
	 * @return 0 or more
	 */
	static long untaken(Channel channel) {
		ChannelOutboundBuffer buffer = channel.unsafe().outboundBuffer();
		if (buffer == null || buffer.isEmpty()) {
			return 0;
		}
		long[] bytes = new long[1];
		try {
			buffer.forEachFlushedMessage((message) -> {
				bytes[0] += (message instanceof ByteBuf part) ? part.readableBytes() : 0;
				return true;
			});
		}
		catch (Exception ex) {
			throw new IllegalStateException(ex);
		}
		return bytes[0];
	}

	/** Past all other handlers, which would try to say goodbye. */
	@Override
	void cut(ChannelHandlerContext ctx) {
		ctx.channel().config().setOption(ChannelOption.SO_LINGER, 0);
		var unused = ctx.close();
	}

}
