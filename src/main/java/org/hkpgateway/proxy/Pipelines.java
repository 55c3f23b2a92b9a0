package org.hkpgateway.proxy;

import java.util.concurrent.TimeUnit;

import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.timeout.WriteTimeoutHandler;
import org.jspecify.annotations.Nullable;
import reactor.netty.NettyPipeline;

/**
 * The gateway's own handlers on the connections of the public port, all of them, by what
 * is spoken. Handlers nearer to the wire come first. One call for each channel, on its
 * event loop, before the first byte that it concerns.
 */
final class Pipelines {

	private final EdgeSettings edge;

	private final ClientAddressSettings.ProxyProtocol proxyProtocol;

	private final ClientAddressResolver clients;

	private final @Nullable ServerTls tls;

	private final RefusedConnections refused;

	/**
	 * Makes it.
	 * @param edge limits
	 * @param proxyProtocol whether connections begin with a PROXY protocol header
	 * @param clients knows trusted proxies
	 * @param tls null for clear text only
	 * @param refused where refused connections go
	 */
	Pipelines(EdgeSettings edge, ClientAddressSettings.ProxyProtocol proxyProtocol, ClientAddressResolver clients,
			@Nullable ServerTls tls, RefusedConnections refused) {
		this.edge = edge;
		this.proxyProtocol = proxyProtocol;
		this.clients = clients;
		this.tls = tls;
		this.refused = refused;
	}

	/**
	 * A connection that was just opened: nothing is known but its peer. What is put first
	 * here stays, whatever is spoken later; what is put behind the protocol sniffer goes
	 * when HTTP/2 takes over.
	 * @param pipeline of the connection, which holds the server library's handlers for
	 * HTTP/1
	 * @param serverHttp2 adds the server library's handlers for HTTP/2
	 */
	void opened(ChannelPipeline pipeline, ChannelHandler serverHttp2) {
		http1(pipeline);
		pipeline.addFirst("hkp.protocol-sniffer",
				new ProtocolSniffer(this.tls, this.refused, (ctx) -> switchToHttp2(ctx, serverHttp2)));
		switch (this.proxyProtocol) {
			case OFF -> {
			}
			case OPTIONAL,
					REQUIRED ->
				pipeline.addFirst("hkp.proxy-header",
						new ProxyHeader(this.proxyProtocol == ClientAddressSettings.ProxyProtocol.REQUIRED,
								this.clients::isTrusted, this.refused));
		}
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

	private void switchToHttp2(ChannelHandlerContext last, ChannelHandler serverHttp2) {
		ChannelPipeline pipeline = last.pipeline();
		while (pipeline.last() != last.handler()) {
			pipeline.removeLast();
		}
		// A client that ends its side has no use for answers: the codec would end the
		// streams, and nobody the connection.
		last.channel().config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, false);
		pipeline.addLast(serverHttp2);
		http2(pipeline);
	}

	/**
	 * HTTP/2: the connection. None of its frames has been read.
	 * @param pipeline of the connection, with the server library's codec and multiplexer;
	 * the handlers of HTTP/1 are gone
	 */
	private void http2(ChannelPipeline pipeline) {
		pipeline.addLast("hkp.http2-faults", Http2Faults.INSTANCE);
	}

	/**
	 * HTTP/2: one stream, which is one request and its answer. None of its frames has
	 * been read.
	 * @param pipeline of the stream, with the server library's converter between frames
	 * and HTTP messages; its channel's parent is the connection
	 */
	void http2Stream(ChannelPipeline pipeline) {
		pipeline
			.addFirst("hkp.write-timeout",
					new WriteTimeoutHandler(this.edge.idleTimeout().toMillis(), TimeUnit.MILLISECONDS))
			.addBefore(NettyPipeline.H2ToHttp11Codec, "hkp.stream-request", new StreamRequest())
			.addAfter(NettyPipeline.H2ToHttp11Codec, "hkp.stream-end", new StreamEnd())
			.addAfter(NettyPipeline.H2ToHttp11Codec, "hkp.cors", CorsHeader.INSTANCE);
	}

}
