package org.hkpgateway.proxy;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufHolder;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.concurrent.ScheduledFuture;
import org.jspecify.annotations.Nullable;

/**
 * {@code response-timeout}: ends a connection on which the keyserver is waited for in
 * vain. Sits behind the HTTP codec, and behind what drops interim answers. The keyserver
 * is waited for
 * <ul>
 * <li>while bytes of the request wait to be taken by it,</li>
 * <li>from the end of the request to the head of the answer,</li>
 * <li>in the answer while the gateway reads. It stops reading while the client does not
 * take what came, and then no time runs.</li>
 * </ul>
 * The library's own timeout runs on while nothing is read, and not while the request is
 * sent. That bytes of the request are not taken any more is noticed after twice the time
 * at the latest.
 */
final class AnswerWait extends ChannelDuplexHandler {

	private final String keyserver;

	private final Duration timeout;

	private State state = State.NONE;

	private long sinceNanos;

	/** Bytes that waited to be taken when that was last looked at. */
	private long untaken;

	/** Not moved with every request: it looks at the clock again when it fires. */
	private @Nullable ScheduledFuture<?> timer;

	/**
	 * A handler for one connection.
	 * @param keyserver its host and port, for the error
	 * @param timeout the longest to wait
	 */
	AnswerWait(String keyserver, Duration timeout) {
		this.keyserver = keyserver;
		this.timeout = timeout;
	}

	private enum State {

		NONE, REQUEST, HEAD, BODY

	}

	@Override
	public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) throws Exception {
		if (message instanceof HttpRequest) {
			this.state = State.REQUEST;
			this.untaken = 0;
			if (this.timer == null) {
				lookAgain(ctx, this.timeout.toNanos());
			}
		}
		if (message instanceof LastHttpContent && this.state == State.REQUEST) {
			this.state = State.HEAD;
		}
		this.sinceNanos = nanoTime(ctx);
		// A head alone always fits.
		super.write(ctx, message, hasBytes(message) ? promise.unvoid().addListener((taken) -> {
			this.sinceNanos = nanoTime(ctx);
		}) : promise);
	}

	private static boolean hasBytes(Object message) {
		return (message instanceof ByteBufHolder holder) ? holder.content().isReadable()
				: message instanceof ByteBuf bytes && bytes.isReadable();
	}

	@Override
	public void channelRead(ChannelHandlerContext ctx, Object message) throws Exception {
		if (message instanceof HttpResponse) {
			this.state = State.BODY;
		}
		if (message instanceof LastHttpContent) {
			this.state = State.NONE;
		}
		super.channelRead(ctx, message);
	}

	@Override
	public void channelReadComplete(ChannelHandlerContext ctx) throws Exception {
		this.sinceNanos = nanoTime(ctx);
		super.channelReadComplete(ctx);
	}

	/** Reading goes on. */
	@Override
	public void read(ChannelHandlerContext ctx) throws Exception {
		if (this.state == State.BODY) {
			this.sinceNanos = nanoTime(ctx);
		}
		super.read(ctx);
	}

	private void look(ChannelHandlerContext ctx) {
		this.timer = null;
		if (this.state == State.NONE || !ctx.channel().isActive()) {
			return;
		}
		long now = nanoTime(ctx);
		long untaken = SlowReader.untaken(ctx.channel());
		if (!isWaitedFor(ctx, untaken) || (untaken != 0 && untaken != this.untaken)) {
			this.sinceNanos = now;
		}
		this.untaken = untaken;
		long left = this.timeout.toNanos() - (now - this.sinceNanos);
		if (left > 0) {
			lookAgain(ctx, left);
			return;
		}
		KeyserverSilentException silent = new KeyserverSilentException(this.keyserver,
				(untaken > 0) ? "to take bytes of the request" : "to send bytes of its answer", this.timeout);
		this.state = State.NONE;
		ctx.fireExceptionCaught(silent);
		var unused = ctx.close();
	}

	private boolean isWaitedFor(ChannelHandlerContext ctx, long untaken) {
		return switch (this.state) {
			case NONE -> false;
			case REQUEST -> untaken > 0;
			case HEAD -> true;
			case BODY -> ctx.channel().config().isAutoRead();
		};
	}

	private void lookAgain(ChannelHandlerContext ctx, long nanos) {
		this.timer = ctx.executor().schedule(() -> look(ctx), nanos, TimeUnit.NANOSECONDS);
	}

	private static long nanoTime(ChannelHandlerContext ctx) {
		return ctx.executor().ticker().nanoTime();
	}

	@Override
	public void handlerRemoved(ChannelHandlerContext ctx) {
		if (this.timer != null) {
			this.timer.cancel(false);
		}
	}

}
