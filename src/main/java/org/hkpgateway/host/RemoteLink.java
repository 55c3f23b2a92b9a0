package org.hkpgateway.host;

import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.ssl.NotSslRecordException;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.util.concurrent.Future;

import org.hkpgateway.log.BoundedText;
import org.jspecify.annotations.Nullable;

/**
 * A connection to the port of remote plugins, between TLS and gRPC. Ends it if TLS fails,
 * or if by a certain time no plugin was recognised by its token.
 */
final class RemoteLink extends ChannelInboundHandlerAdapter {

	private static final int MOST_TEXT = 200;

	private final Channel channel;

	private final Duration patience;

	private final Refusals refusals;

	private volatile @Nullable ChannelHandlerContext context;

	private @Nullable Future<?> deadline;

	private boolean encrypted;

	private boolean failed;

	private volatile boolean known;

	/**
	 * Of a connection that was just made.
	 * @param channel the connection
	 * @param patience how long it may be without a token
	 * @param refusals counts what goes wrong
	 */
	RemoteLink(Channel channel, Duration patience, Refusals refusals) {
		this.channel = channel;
		this.patience = patience;
		this.refusals = refusals;
	}

	Channel channel() {
		return this.channel;
	}

	/** A plugin has called by it. Thread-safe. */
	void known() {
		this.known = true;
	}

	/**
	 * Closes it now, with the calls that it has. Closing the channel would let these go
	 * on for half a minute, out of gRPC's politeness. Thread-safe, does not block.
	 */
	void end() {
		ChannelHandlerContext behindGrpc = this.context;
		if (behindGrpc != null) {
			var unused = behindGrpc.close();
		}
	}

	@Override
	public void handlerAdded(ChannelHandlerContext ctx) {
		this.context = ctx;
		this.deadline = ctx.executor().schedule(() -> {
			if (!this.known && ctx.channel().isOpen()) {
				this.refusals.note(HostRefusal.NO_TOKEN,
						"from " + ctx.channel().remoteAddress()
								+ ": expected: a call with the token of a plugin within " + this.patience.toMillis()
								+ " ms, got: none");
				var unused = ctx.close();
			}
		}, this.patience.toMillis(), TimeUnit.MILLISECONDS);
	}

	@Override
	public void channelInactive(ChannelHandlerContext ctx) {
		if (this.deadline != null) {
			this.deadline.cancel(false);
		}
		ctx.fireChannelInactive();
	}

	@Override
	public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
		if (event instanceof SslHandshakeCompletionEvent handshake) {
			this.encrypted = handshake.isSuccess();
			if (!this.encrypted) {
				fail(ctx, handshake.cause());
			}
		}
		ctx.fireUserEventTriggered(event);
	}

	@Override
	public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
		if (this.encrypted) {
			ctx.fireExceptionCaught(cause);
		}
		else {
			fail(ctx, cause);
		}
	}

	/** Of one failure there may be an event and an exception. */
	private void fail(ChannelHandlerContext ctx, Throwable cause) {
		if (this.failed) {
			return;
		}
		this.failed = true;
		// Whoever only looks whether there is a port is no news.
		if (!(cause instanceof ClosedChannelException)) {
			this.refusals.note(HostRefusal.TLS, "from " + ctx.channel().remoteAddress()
					+ ": expected: TLS 1.2 or later and certificates that both sides trust, got: " + describe(cause));
		}
		var unused = ctx.close();
	}

	/** Not what came in place of TLS: there may be a token in it. */
	private static String describe(Throwable failure) {
		for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
			if (cause instanceof NotSslRecordException) {
				return "no TLS";
			}
		}
		return BoundedText.oneLine(String.valueOf(failure.getMessage()), MOST_TEXT);
	}

}
