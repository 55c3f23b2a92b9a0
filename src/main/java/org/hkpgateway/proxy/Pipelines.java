package org.hkpgateway.proxy;

import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.epoll.EpollSocketChannelConfig;
import io.netty.handler.codec.http2.DefaultHttp2WindowUpdateFrame;
import io.netty.handler.codec.http2.Http2CodecUtil;
import io.netty.handler.codec.http2.Http2FrameCodec;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.flush.FlushConsolidationHandler;
import org.jspecify.annotations.Nullable;
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

	private final ClientAddressSettings.ProxyProtocol proxyProtocol;

	private final ClientAddressResolver clients;

	private final @Nullable ServerTls tls;

	private final RefusedConnections refused;

	private final LimitReport report;

	/**
	 * Makes it.
	 * @param edge limits
	 * @param proxyProtocol whether connections begin with a PROXY protocol header
	 * @param clients knows trusted proxies
	 * @param tls null for clear text only
	 * @param refused where refused connections go
	 * @param report told of limits that are reached
	 */
	Pipelines(EdgeSettings edge, ClientAddressSettings.ProxyProtocol proxyProtocol, ClientAddressResolver clients,
			@Nullable ServerTls tls, RefusedConnections refused, LimitReport report) {
		this.edge = edge;
		this.proxyProtocol = proxyProtocol;
		this.clients = clients;
		this.tls = tls;
		this.refused = refused;
		this.report = report;
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
		// Flushes wait for the end of the event loop's turn: those of one connection are
		// one call of the kernel then. What that brings is measured in docs/decisions/29.
		pipeline.addFirst("hkp.flush-consolidation",
				new FlushConsolidationHandler(FlushConsolidationHandler.DEFAULT_EXPLICIT_FLUSH_AFTER_FLUSHES, true));
		slowReader(pipeline);
	}

	private void slowReader(ChannelPipeline pipeline) {
		if (pipeline.channel().config() instanceof EpollSocketChannelConfig epoll) {
			// Else the kernel takes nothing for long from a buffer of megabytes, and then
			// much at once.
			epoll.setTcpNotSentLowAt(NOT_SENT_BYTES);
		}
		pipeline.addFirst("hkp.slow-reader",
				new SlowReader(this.edge.minResponseRate().toBytes(), this.edge.idleTimeout(), this.report));
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
		Http2FrameCodec codec = pipeline.get(Http2FrameCodec.class);
		Http2Limits.watch(pipeline.channel(), codec.connection(), this.report);
		announceMaxHead(pipeline.context(codec), codec);
		// Each stream has a window of its own. In one that all share, a body that nobody
		// takes for the moment would hold up all others, which would then be too slow.
		var unused = pipeline.writeAndFlush(
				new DefaultHttp2WindowUpdateFrame((PublicServer.MAX_STREAMS - 1) * Http2CodecUtil.DEFAULT_WINDOW_SIZE));
		pipeline.addBefore(pipeline.context(codec).name(), "hkp.http2-head-wait",
				new Http2HeadWait(this.edge.requestHeadTimeout(), this.report));
		pipeline.addLast("hkp.idle", new Http2Idle(codec.connection(), this.edge.idleTimeout(), this.report))
			.addLast("hkp.http2-faults", Http2Faults.INSTANCE);
	}

	/**
	 * As over HTTP/1, but not less than a window: beyond that a client sends only once it
	 * was given some back, and then it has read the answer, which came before.
	 */
	private long maxLeftOver() {
		return Math.max(this.edge.maxBody().toBytes(), Http2CodecUtil.DEFAULT_WINDOW_SIZE);
	}

	/**
	 * How long a header list may be for the codec, which counts more than HTTP/1 has
	 * bytes (32 for each field), and answers 431 without a word to anybody: so much that
	 * whatever is only somewhat too long is refused by {@link StreamHead}.
	 * @param maxHead most bytes of a head
	 * @return bytes as RFC 9113 section 10.5.1 counts them
	 */
	static int maxHeaderList(int maxHead) {
		return 2 * maxHead + 4096;
	}

	/**
	 * Behind the codec's own SETTINGS, so that clients learn what is served. Past the
	 * codec, which would apply it to itself.
	 */
	private void announceMaxHead(ChannelHandlerContext ctx, Http2FrameCodec codec) {
		var unused = codec.encoder()
			.frameWriter()
			.writeSettings(ctx, new Http2Settings().maxHeaderListSize(this.edge.maxHeaderBytes().toBytes()),
					ctx.newPromise());
	}

	/**
	 * HTTP/2: one stream, which is one request and its answer. None of its frames has
	 * been read.
	 * @param pipeline of the stream, with the server library's converter between frames
	 * and HTTP messages; its channel's parent is the connection
	 */
	void http2Stream(ChannelPipeline pipeline) {
		pipeline.addFirst("hkp.slow-stream",
				new SlowStream(this.edge.minResponseRate().toBytes(), this.edge.idleTimeout(), this.report));
		pipeline
			.addBefore(NettyPipeline.H2ToHttp11Codec, "hkp.stream-request",
					new StreamRequest((int) this.edge.maxHeaderBytes().toBytes()))
			.addAfter(NettyPipeline.H2ToHttp11Codec, "hkp.stream-end", new StreamEnd(maxLeftOver()))
			.addAfter(NettyPipeline.H2ToHttp11Codec, "hkp.cors", CorsHeader.INSTANCE);
	}

}
