package org.hkpgateway.proxy;

import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2StreamChannel;
import org.hkpgateway.chain.PluginOutcome;
import org.hkpgateway.hkp.HkpRequest;
import org.jspecify.annotations.Nullable;
import reactor.netty.http.server.HttpServerRequest;
import reactor.netty.http.server.HttpServerResponse;

/**
 * One request and its answer, and what is to be said of them in the log. Used by one
 * request at a time; fields are written before the signal that lets others read them.
 */
final class Exchange {

	private final HttpServerRequest request;

	private final HttpServerResponse response;

	private final Channel channel;

	private final String id = Long.toHexString(ThreadLocalRandom.current().nextLong() | Long.MIN_VALUE);

	private final long startedNanos = System.nanoTime();

	private @Nullable ClientAddress client;

	private @Nullable HkpRequest hkp;

	private List<PluginOutcome> outcomes = List.of();

	private boolean headSent;

	private String decision = "none";

	private String note = "";

	Exchange(HttpServerRequest request, HttpServerResponse response) {
		this.request = request;
		this.response = response;
		Channel[] found = new Channel[1];
		request.withConnection((connection) -> found[0] = connection.channel());
		this.channel = found[0];
	}

	HttpServerRequest request() {
		return this.request;
	}

	HttpServerResponse response() {
		return this.response;
	}

	Channel channel() {
		return this.channel;
	}

	String id() {
		return this.id;
	}

	/**
	 * Why the request could not be read.
	 * @return null if it could
	 */
	@Nullable Refusal unreadable() {
		return (this.request.requestHeaders() instanceof RefusedHeaders headers) ? headers.refusal() : null;
	}

	String method() {
		return (unreadable() != null) ? "-" : this.request.method().name();
	}

	String target() {
		return (unreadable() != null) ? "-" : this.request.uri();
	}

	boolean http10() {
		return this.request.version().equals(HttpVersion.HTTP_1_0);
	}

	boolean http2() {
		return this.channel instanceof Http2StreamChannel;
	}

	/**
	 * What the client speaks.
	 * @return {@code 1.0}, {@code 1.1} or {@code 2}
	 */
	String protocolVersion() {
		return http2() ? "2" : http10() ? "1.0" : "1.1";
	}

	/**
	 * The other end of the connection.
	 * @return whom a trusted proxy's PROXY header names, if there was one
	 * @throws Refusal if it has gone away
	 */
	InetSocketAddress peer() {
		InetSocketAddress peer = ProxyHeader.peer(http2() ? this.channel.parent() : this.channel);
		if (peer == null) {
			throw Refusal.bodyCutShort();
		}
		return peer;
	}

	/**
	 * Declared length of the request body.
	 * @return 0 if there is none, -1 if it is chunked
	 */
	long bodyLength() {
		if (this.request.requestHeaders().contains(HttpHeaderNames.TRANSFER_ENCODING)) {
			return -1;
		}
		String length = this.request.requestHeaders().get(HttpHeaderNames.CONTENT_LENGTH);
		return (length != null) ? Long.parseLong(length.trim()) : 0;
	}

	@Nullable ClientAddress client() {
		return this.client;
	}

	void sentBy(ClientAddress client) {
		this.client = client;
	}

	void asks(@Nullable HkpRequest hkp) {
		this.hkp = hkp;
	}

	@Nullable HkpRequest hkp() {
		return this.hkp;
	}

	void decided(String decision, List<PluginOutcome> outcomes) {
		this.decision = decision;
		this.outcomes = outcomes;
	}

	void abandoned() {
		this.note = "client went away";
	}

	void refused(String note) {
		this.decision = "refuse";
		this.note = note;
	}

	String decision() {
		return this.decision;
	}

	List<PluginOutcome> outcomes() {
		return this.outcomes;
	}

	String note() {
		return this.note;
	}

	void headSent() {
		this.headSent = true;
	}

	boolean isHeadSent() {
		return this.headSent;
	}

	long elapsedNanos() {
		return System.nanoTime() - this.startedNanos;
	}

	/**
	 * Ends the connection by a TCP reset, or the stream by one of HTTP/2, so that an
	 * answer which was cut short cannot be taken for a complete one, not even when its
	 * end is the end of the connection.
	 */
	void reset() {
		if (http2()) {
			this.note = "answer cut short by the upstream; stream reset";
			StreamEnd.reset(this.channel, Http2Error.INTERNAL_ERROR);
			return;
		}
		this.note = "answer cut short by the upstream; connection reset";
		this.channel.attr(ConnectionEnd.RESET).set(Boolean.TRUE);
		this.channel.config().setOption(ChannelOption.SO_LINGER, 0);
		var unused = this.channel.close();
	}

}
