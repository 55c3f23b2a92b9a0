package org.hkpgateway.proxy;

import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
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
import org.jspecify.annotations.Nullable;

/**
 * Makes an answer of what {@link WireGuard} or the HTTP codec refuses. Sits behind the
 * codec. Nothing that follows on the connection is read.
 * <ul>
 * <li>In a head: a request with {@link RefusedHeaders} goes on, which is answered when
 * its turn comes.</li>
 * <li>In a body: whoever reads it gets the refusal as an error, once earlier requests
 * have been answered and the turn of this one has come ({@link #turns}); the error would
 * reach another one else. The server library would take the body for complete. If this
 * one has been answered too, early, nobody reads on, and the connection is closed.</li>
 * </ul>
 */
final class Refusals extends ChannelDuplexHandler {

	private final int maxHead;

	private boolean bodyOpen;

	private boolean refused;

	private @Nullable Refusal ofBody;

	private boolean delivered;

	private int received;

	private int begun;

	/** Answers that were given, of which the last may not have left. */
	private int ended;

	private @Nullable ChannelFuture lastAnswer;

	private @Nullable ChannelHandlerContext context;

	Refusals(int maxHead) {
		this.maxHead = maxHead;
	}

	/**
	 * The handler that sees each request when its turn has come.
	 * @return for the place right behind the server library's queue of requests
	 */
	ChannelHandler turns() {
		return new Turns();
	}

	@Override
	public void handlerAdded(ChannelHandlerContext ctx) {
		this.context = ctx;
	}

	@Override
	public void channelRead(ChannelHandlerContext ctx, Object message) throws Exception {
		if (message instanceof DroppedBytes) {
			super.channelRead(ctx, message);
		}
		else if (this.refused) {
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
				this.received++;
			}
			if (message instanceof LastHttpContent) {
				this.bodyOpen = false;
			}
			super.channelRead(ctx, message);
		}
	}

	private void refuse(ChannelHandlerContext ctx, Refusal refusal) {
		this.refused = true;
		if (this.bodyOpen) {
			this.ofBody = refusal;
			deliver(ctx);
		}
		else {
			this.received++;
			// Method and target are never looked at; the library wants some.
			ctx.fireChannelRead(
					new DefaultHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.GET, "/", new RefusedHeaders(refusal)));
		}
	}

	/** To the reader of the last request's body, if it is its turn. */
	private void deliver(ChannelHandlerContext ctx) {
		Refusal refusal = this.ofBody;
		if (refusal == null) {
			return;
		}
		if (this.ended == this.received && this.lastAnswer != null) {
			var unused = this.lastAnswer.addListener((written) -> closed(ctx));
		}
		else if (!this.delivered && this.begun == this.received) {
			this.delivered = true;
			ctx.fireExceptionCaught(refusal);
		}
	}

	private static void closed(ChannelHandlerContext ctx) {
		var unused = ctx.channel().close();
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
		ChannelPromise noted = promise;
		if (message instanceof LastHttpContent && !informational) {
			noted = promise.unvoid();
			this.ended++;
			this.lastAnswer = noted;
			deliver(ctx);
		}
		super.write(ctx, message, noted);
	}

	/** Counts the requests whose turn has come. */
	private final class Turns extends ChannelInboundHandlerAdapter {

		@Override
		public void channelRead(ChannelHandlerContext ctx, Object message) throws Exception {
			boolean request = message instanceof HttpRequest;
			super.channelRead(ctx, message);
			if (request) {
				Refusals.this.begun++;
				if (Refusals.this.context != null) {
					deliver(Refusals.this.context);
				}
			}
		}

	}

}
