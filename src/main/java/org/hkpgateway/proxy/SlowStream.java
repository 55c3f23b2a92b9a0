package org.hkpgateway.proxy;

import java.time.Duration;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http2.Http2DataFrame;

/**
 * {@code min-response-rate} of one stream of HTTP/2, whose client may leave its window
 * closed while the connection flows: resets the stream. Sits before the other handlers of
 * the stream.
 */
final class SlowStream extends AnswerRate {

	private long offered;

	private long waiting;

	SlowStream(long bytesPerSecond, Duration grace, LimitReport report) {
		super(bytesPerSecond, grace, report);
	}

	@Override
	public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) throws Exception {
		int bytes = (message instanceof Http2DataFrame frame) ? frame.content().readableBytes() : 0;
		if (bytes == 0) {
			super.write(ctx, message, promise);
			return;
		}
		this.offered += bytes;
		this.waiting += bytes;
		super.write(ctx, message, promise.unvoid().addListener((written) -> this.waiting -= bytes));
	}

	@Override
	long offered() {
		return this.offered;
	}

	@Override
	long waiting(Channel channel) {
		return this.waiting;
	}

	@Override
	void cut(ChannelHandlerContext ctx) {
		var unused = ctx.close();
	}

}
