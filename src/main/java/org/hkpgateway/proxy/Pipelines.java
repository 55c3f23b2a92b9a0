package org.hkpgateway.proxy;

import io.netty.channel.ChannelPipeline;
import io.netty.channel.epoll.EpollSocketChannelConfig;
import io.netty.handler.codec.http2.Http2FrameCodec;
import reactor.netty.NettyPipeline;

/**
 * The gateway's own handlers on the connections of the public port, all of them, by what
 * is spoken. Handlers nearer to the wire come first. One call for each channel, on its
 * event loop, before the first byte that it concerns.
 */
final class Pipelines {

	/** What the kernel holds of answers beside what is on its way. */
	private static final long NOT_SENT_BYTES = 128 * 1024;

	private final EdgeSettings edge;

	private final LimitReport report;

	private final long minResponseRate;

	Pipelines(EdgeSettings edge, LimitReport report) {
		this.edge = edge;
		this.report = report;
		this.minResponseRate = edge.minResponseRate().toBytes();
	}

	/**
	 * A connection that was just opened: nothing is known but its peer.
	 * @param pipeline of the connection, which holds the server library's handlers for
	 * HTTP/1
	 */
	void opened(ChannelPipeline pipeline) {
		if (this.minResponseRate > 0) {
			if (pipeline.channel().config() instanceof EpollSocketChannelConfig epoll) {
				// Else the kernel takes nothing for long from a buffer of megabytes, and then
				// much at once.
				epoll.setTcpNotSentLowAt(NOT_SENT_BYTES);
			}
			pipeline.addFirst("hkp.slow-reader",
					new SlowReader(this.minResponseRate, this.edge.idleTimeout(), this.report));
		}
		http1(pipeline);
	}

	/**
	 * HTTP/1, in the clear or behind {@code SslHandler}: all of these see clear text.
	 * @param pipeline of the connection, with the server library's codec
	 */
	private void http1(ChannelPipeline pipeline) {
		int maxHead = (int) this.edge.maxHeaderBytes().toBytes();
		WireGuard guard = new WireGuard(maxHead);
		Refusals refusals = new Refusals(maxHead);
		pipeline.addBefore(NettyPipeline.HttpCodec, "hkp.wire-guard", guard)
			.addAfter(NettyPipeline.HttpCodec, "hkp.connection-end", new ConnectionEnd(this.edge.maxBody().toBytes()))
			.addAfter(NettyPipeline.HttpCodec, "hkp.request-wait",
					new RequestWait(guard, this.edge.requestHeadTimeout(), this.edge.idleTimeout(), this.report))
			.addAfter(NettyPipeline.HttpCodec, "hkp.refusals", refusals)
			.addAfter(NettyPipeline.HttpCodec, "hkp.cors", CorsHeader.INSTANCE)
			.addAfter(NettyPipeline.HttpTrafficHandler, "hkp.turns", refusals.turns());
	}

	/**
	 * HTTP/2: the connection, whose frames the codec has already been told to read.
	 * @param pipeline of the connection, with the server library's codec and multiplexer;
	 * the handlers of {@link #http1} are gone
	 */
	void http2(ChannelPipeline pipeline) {
		Http2FrameCodec codec = pipeline.get(Http2FrameCodec.class);
		pipeline.addLast("hkp.idle", new Http2Idle(codec.connection(), this.edge.idleTimeout(), this.report));
	}

	/**
	 * HTTP/2: one stream, which is one request and its answer.
	 * @param pipeline of the stream, with the server library's converter between frames
	 * and HTTP messages, {@link NettyPipeline#H2ToHttp11Codec}; its channel's parent is
	 * the connection
	 */
	void http2Stream(ChannelPipeline pipeline) {
		if (this.minResponseRate > 0) {
			pipeline.addFirst("hkp.slow-stream",
					new SlowStream(this.minResponseRate, this.edge.idleTimeout(), this.report));
		}
		pipeline.addAfter(NettyPipeline.H2ToHttp11Codec, "hkp.cors", CorsHeader.INSTANCE);
	}

}
