package org.hkpgateway.proxy;

import io.netty.channel.ChannelPipeline;
import reactor.netty.NettyPipeline;

/**
 * The gateway's own handlers on the connections of the public port, all of them, by what
 * is spoken. Handlers nearer to the wire come first. One call for each channel, on its
 * event loop, before the first byte that it concerns.
 */
final class Pipelines {

	private final EdgeSettings edge;

	Pipelines(EdgeSettings edge) {
		this.edge = edge;
	}

	/**
	 * A connection that was just opened: nothing is known but its peer.
	 * @param pipeline of the connection, which holds the server library's handlers for
	 * HTTP/1
	 */
	void opened(ChannelPipeline pipeline) {
		http1(pipeline);
	}

	/**
	 * HTTP/1, in the clear or behind {@code SslHandler}: all of these see clear text.
	 * @param pipeline of the connection, with the server library's codec
	 */
	private void http1(ChannelPipeline pipeline) {
		int maxHead = (int) this.edge.maxHeaderBytes().toBytes();
		pipeline.addBefore(NettyPipeline.HttpCodec, "hkp.wire-guard", new WireGuard(maxHead))
			.addAfter(NettyPipeline.HttpCodec, "hkp.connection-end", new ConnectionEnd(this.edge.maxBody().toBytes()))
			.addAfter(NettyPipeline.HttpCodec, "hkp.refusals", new Refusals(maxHead))
			.addAfter(NettyPipeline.HttpCodec, "hkp.cors", CorsHeader.INSTANCE);
	}

	/**
	 * HTTP/2: the connection, whose frames the codec has already been told to read.
	 * @param pipeline of the connection, with the server library's codec and multiplexer;
	 * the handlers of {@link #http1} are gone
	 */
	void http2(ChannelPipeline pipeline) {
	}

	/**
	 * HTTP/2: one stream, which is one request and its answer.
	 * @param pipeline of the stream, with the server library's converter between frames
	 * and HTTP messages, {@link NettyPipeline#H2ToHttp11Codec}; its channel's parent is
	 * the connection
	 */
	void http2Stream(ChannelPipeline pipeline) {
		pipeline.addAfter(NettyPipeline.H2ToHttp11Codec, "hkp.cors", CorsHeader.INSTANCE);
	}

}
