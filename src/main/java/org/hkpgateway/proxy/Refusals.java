package org.hkpgateway.proxy;

import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.netty.util.ReferenceCountUtil;

/**
 * Makes an answer of what {@link WireGuard} or the HTTP codec refuses. Sits behind the
 * codec. Nothing that follows on the connection is read.
 * <ul>
 * <li>In a head: a request with {@link RefusedHeaders} goes on, which is answered when
 * its turn comes. Its body never ends, so that {@link ConnectionEnd} waits for the client
 * to read the answer.</li>
 * <li>In a body: whoever reads it gets the refusal as an error. The server library would
 * take the body for complete. If an earlier request is still to be answered, the
 * connection is closed, because the error would reach that one.</li>
 * </ul>
 */
final class Refusals extends ChannelDuplexHandler {

	private final int maxHead;

	private boolean bodyOpen;

	private boolean refused;

	private int unanswered;

	Refusals(int maxHead) {
		this.maxHead = maxHead;
	}

	@Override
	public void channelRead(ChannelHandlerContext ctx, Object message) throws Exception {
		if (this.refused) {
			ReferenceCountUtil.release(message);
		}
		else if (message instanceof Refusal refusal) {
			refuse(ctx, refusal);
		}
		else if (message instanceof HttpObject object && object.decoderResult().isFailure()) {
			ReferenceCountUtil.release(message);
			refuse(ctx, refusal(object.decoderResult().cause()));
		}
		else {
			if (message instanceof HttpRequest) {
				this.bodyOpen = true;
				this.unanswered++;
			}
			if (message instanceof LastHttpContent) {
				this.bodyOpen = false;
			}
			super.channelRead(ctx, message);
		}
	}

	private void refuse(ChannelHandlerContext ctx, Refusal refusal) {
		this.refused = true;
		if (!this.bodyOpen) {
			this.unanswered++;
			// Method and target are never looked at; the library wants some.
			ctx.fireChannelRead(
					new DefaultHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.GET, "/", new RefusedHeaders(refusal)));
		}
		else if (this.unanswered == 1) {
			ctx.fireExceptionCaught(refusal);
		}
		else if (this.unanswered > 1) {
			var unused = ctx.close();
		}
	}

	/** The guard is stricter than the decoder, but who knows its next version. */
	private Refusal refusal(Throwable cause) {
		if (cause instanceof TooLongHttpLineException) {
			return Refusal.targetTooLong(this.maxHead);
		}
		if (cause instanceof TooLongHttpHeaderException) {
			return Refusal.headTooLong(this.maxHead);
		}
		return Refusal.badRequest("The request is not valid HTTP.");
	}

	@Override
	public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) throws Exception {
		boolean informational = message instanceof HttpResponse response && response.status().code() < 200;
		if (message instanceof LastHttpContent && !informational) {
			this.unanswered--;
		}
		super.write(ctx, message, promise);
	}

}
