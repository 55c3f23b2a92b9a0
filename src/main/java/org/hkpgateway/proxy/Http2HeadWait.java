package org.hkpgateway.proxy;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http2.Http2CodecUtil;
import io.netty.handler.codec.http2.Http2FrameTypes;
import io.netty.util.concurrent.ScheduledFuture;
import org.jspecify.annotations.Nullable;

/**
 * {@code request-head-timeout} of an HTTP/2 connection: closes it if a head takes longer
 * from its first frame to the last byte with which it ends. Until then the codec knows of
 * no stream, and nothing else can come on the connection. Sits before the codec and reads
 * nothing but the heads of frames, RFC 9113 section 4.1.
 */
final class Http2HeadWait extends ChannelInboundHandlerAdapter {

	private static final int END_HEADERS = 0x4;

	private final Duration headTimeout;

	private final LimitReport report;

	/** Of the preface, then of each frame. */
	private int payloadLeft = Http2CodecUtil.connectionPrefaceBuf().readableBytes();

	private int frameHeadRead;

	private int length;

	private int type;

	private boolean inHead;

	/** Whether the head ends with the payload that is read. */
	private boolean ends;

	/** Of the head that is read. */
	private @Nullable ScheduledFuture<?> timer;

	Http2HeadWait(Duration headTimeout, LimitReport report) {
		this.headTimeout = headTimeout;
		this.report = report;
	}

	@Override
	public void channelRead(ChannelHandlerContext ctx, Object message) throws Exception {
		if (message instanceof ByteBuf bytes) {
			scan(bytes);
			if (this.inHead && this.timer == null) {
				this.timer = ctx.executor()
					.schedule(() -> tooSlow(ctx), this.headTimeout.toNanos(), TimeUnit.NANOSECONDS);
			}
		}
		super.channelRead(ctx, message);
	}

	private void scan(ByteBuf bytes) {
		int at = bytes.readerIndex();
		while (at < bytes.writerIndex()) {
			if (this.payloadLeft > 0) {
				int part = Math.min(this.payloadLeft, bytes.writerIndex() - at);
				at += part;
				this.payloadLeft -= part;
				payloadRead();
			}
			else {
				frameHead(bytes.getUnsignedByte(at++));
			}
		}
	}

	private void frameHead(int octet) {
		int index = this.frameHeadRead++;
		if (index < 3) {
			this.length = this.length << 8 | octet;
		}
		else if (index == 3) {
			this.type = octet;
			this.inHead |= octet == Http2FrameTypes.HEADERS;
		}
		else if (index == 4) {
			boolean ofHead = this.type == Http2FrameTypes.HEADERS || this.type == Http2FrameTypes.CONTINUATION;
			this.ends = ofHead && (octet & END_HEADERS) != 0;
		}
		else if (index == Http2CodecUtil.FRAME_HEADER_LENGTH - 1) {
			this.payloadLeft = this.length;
			this.frameHeadRead = 0;
			this.length = 0;
			payloadRead();
		}
	}

	private void payloadRead() {
		if (this.payloadLeft == 0 && this.ends) {
			this.ends = false;
			this.inHead = false;
			stopTimer();
		}
	}

	private void tooSlow(ChannelHandlerContext ctx) {
		this.report.reached(EdgeLimit.REQUEST_HEAD_TIMEOUT, LimitReport.peer(ctx.channel()));
		// Not through the codec, which would wait for streams that are open.
		var unused = ctx.close();
	}

	private void stopTimer() {
		if (this.timer != null) {
			this.timer.cancel(false);
			this.timer = null;
		}
	}

	@Override
	public void handlerRemoved(ChannelHandlerContext ctx) {
		stopTimer();
	}

}
