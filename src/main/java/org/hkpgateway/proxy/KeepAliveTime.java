package org.hkpgateway.proxy;

import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.util.AttributeKey;
import org.jspecify.annotations.Nullable;
import reactor.netty.Connection;
import reactor.netty.resources.ConnectionProvider.ConnectionMetadata;

/**
 * How long a connection to a keyserver may be idle and still be used. Sits behind the
 * HTTP codec. A request that is sent just when the keyserver closes is lost, so the
 * gateway gives up a connection well before that: after half of what the keyserver says
 * in Keep-Alive, if that is less than the 4 s of one that says nothing. Apache and Node
 * wait 5 s unless told otherwise, nginx 75 s.
 */
final class KeepAliveTime extends ChannelInboundHandlerAdapter {

	static final Duration LONGEST = Duration.ofSeconds(4);

	private static final AttributeKey<Long> MILLIS = AttributeKey.valueOf(KeepAliveTime.class, "millis");

	private static final Pattern TIMEOUT = Pattern.compile("(?i)(?:^|[,\\s])timeout\\s*=\\s*\"?(\\d{1,9})");

	@Override
	public void channelRead(ChannelHandlerContext ctx, Object message) throws Exception {
		if (message instanceof HttpResponse response) {
			String said = response.headers().get("Keep-Alive");
			if (said != null) {
				ctx.channel().attr(MILLIS).set(millis(said));
			}
		}
		super.channelRead(ctx, message);
	}

	/**
	 * How long a connection may be idle.
	 * @param said the value of Keep-Alive
	 * @return milliseconds
	 */
	static long millis(String said) {
		Matcher timeout = TIMEOUT.matcher(said);
		return timeout.find() ? Math.min(Long.parseLong(timeout.group(1)) * 1000 / 2, LONGEST.toMillis())
				: LONGEST.toMillis();
	}

	/**
	 * Whether a connection is not to be used any more.
	 * @param connection idle
	 * @param use since when
	 * @return true if it is closed, was meant for one request, or has been idle for long
	 */
	static boolean isOver(Connection connection, ConnectionMetadata use) {
		Channel channel = connection.channel();
		@Nullable Long millis = channel.attr(MILLIS).get();
		return !channel.isActive() || !connection.isPersistent()
				|| use.idleTime() >= ((millis != null) ? millis : LONGEST.toMillis());
	}

}
