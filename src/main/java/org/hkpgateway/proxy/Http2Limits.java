package org.hkpgateway.proxy;

import java.nio.charset.StandardCharsets;
import java.util.Map;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2ConnectionAdapter;
import io.netty.handler.codec.http2.Http2Stream;
import io.netty.handler.codec.http2.Http2StreamChannel;
import io.netty.util.AttributeKey;
import org.jspecify.annotations.Nullable;

/**
 * Tells of limits of HTTP/2 that the codec keeps by itself. It says which one only to the
 * client, in words that GOAWAY carries. A head that is too long even for it
 * ({@link Pipelines#maxHeaderList}), but not by far, it answers 431 without telling
 * anybody of the stream's head.
 */
final class Http2Limits extends Http2ConnectionAdapter {

	private static final AttributeKey<Http2Limits> LIMITS = AttributeKey.valueOf(Http2Limits.class, "limits");

	private static final Map<String, EdgeLimit> WORDS = Map.of("of RST frames", EdgeLimit.HTTP2_RESETS,
			"consecutive continuations frames", EdgeLimit.HTTP2_CONTINUATIONS, "empty data frames",
			EdgeLimit.HTTP2_EMPTY_DATA, "outstanding control frames", EdgeLimit.HTTP2_CONTROL_FRAMES,
			"Header size exceeded", EdgeLimit.MAX_HEADER_BYTES);

	private final Channel channel;

	private final Http2Connection connection;

	private final Http2Connection.PropertyKey read;

	private final LimitReport report;

	private Http2Limits(Channel channel, Http2Connection connection, LimitReport report) {
		this.channel = channel;
		this.connection = connection;
		this.read = connection.newKey();
		this.report = report;
	}

	/**
	 * Watches a connection from now on.
	 * @param channel the connection
	 * @param connection what the codec knows of it
	 * @param report told of limits
	 */
	static void watch(Channel channel, Http2Connection connection, LimitReport report) {
		Http2Limits limits = new Http2Limits(channel, connection, report);
		channel.attr(LIMITS).set(limits);
		connection.addListener(limits);
	}

	/**
	 * The head of a stream was read.
	 * @param channel of the stream
	 */
	static void read(Http2StreamChannel channel) {
		Http2Limits limits = channel.parent().attr(LIMITS).get();
		Http2Stream stream = (limits != null) ? limits.connection.stream(channel.stream().id()) : null;
		if (limits != null && stream != null) {
			stream.setProperty(limits.read, Boolean.TRUE);
		}
	}

	@Override
	public void onStreamClosed(Http2Stream stream) {
		if (stream.isHeadersSent() && stream.getProperty(this.read) == null) {
			this.report.listener().requestRefused(431);
			reached(EdgeLimit.MAX_HEADER_BYTES);
		}
	}

	@Override
	public void onGoAwaySent(int lastStreamId, long errorCode, ByteBuf debugData) {
		EdgeLimit limit = limit(debugData.toString(StandardCharsets.UTF_8));
		if (limit != null) {
			reached(limit);
		}
	}

	/**
	 * Which limit the codec's words mean. That they still do is tested with each attack.
	 * @param words of the codec
	 * @return null for anything else that ends a connection
	 */
	private static @Nullable EdgeLimit limit(String words) {
		for (Map.Entry<String, EdgeLimit> entry : WORDS.entrySet()) {
			if (words.contains(entry.getKey())) {
				return entry.getValue();
			}
		}
		return null;
	}

	private void reached(EdgeLimit limit) {
		this.report.reached(limit, LimitReport.peer(this.channel));
	}

}
