package org.hkpgateway.proxy;

import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpVersion;
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

	private final StrictTransport strictTransport;

	private final Channel channel;

	private final String id = Long.toHexString(ThreadLocalRandom.current().nextLong() | Long.MIN_VALUE);

	private final long startedNanos = System.nanoTime();

	private @Nullable ClientAddress client;

	private @Nullable HkpRequest hkp;

	private List<PluginOutcome> outcomes = List.of();

	private boolean headSent;

	private long received;

	private long sent;

	private long chainStarted;

	private long chainNanos = -1;

	private String upstream = "";

	private long upstreamStarted;

	private long upstreamFirstNanos = -1;

	private String decision = "none";

	private String note = "";

	Exchange(HttpServerRequest request, HttpServerResponse response, StrictTransport strictTransport) {
		this.strictTransport = strictTransport;
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

	/**
	 * The version of HTTP that the client speaks.
	 * @return for example {@code HTTP/1.1}; empty if nobody knows
	 */
	String protocol() {
		return (unreadable() != null) ? "" : this.request.version().text();
	}

	boolean http10() {
		return this.request.version().equals(HttpVersion.HTTP_1_0);
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

	/** Plugins are asked from now until {@link #decided}. */
	void asksPlugins() {
		this.chainStarted = System.nanoTime();
	}

	void decided(String decision, List<PluginOutcome> outcomes) {
		if (this.chainStarted != 0) {
			this.chainNanos = System.nanoTime() - this.chainStarted;
		}
		this.decision = decision;
		this.outcomes = outcomes;
	}

	/**
	 * The keyserver is asked. Of a second attempt only its name is kept.
	 * @param upstream its host and port
	 */
	void asksUpstream(String upstream) {
		this.upstream = upstream;
		if (this.upstreamStarted == 0) {
			this.upstreamStarted = System.nanoTime();
		}
	}

	/** The head of the keyserver's answer has come. */
	void upstreamAnswers() {
		this.upstreamFirstNanos = System.nanoTime() - this.upstreamStarted;
	}

	String upstream() {
		return this.upstream;
	}

	/**
	 * How long plugins were waited for.
	 * @return nanoseconds; -1 if there were none, or no decision came
	 */
	long chainNanos() {
		return this.chainNanos;
	}

	/**
	 * How long the keyserver took to begin its answer.
	 * @return nanoseconds; -1 if it has not
	 */
	long upstreamFirstNanos() {
		return this.upstreamFirstNanos;
	}

	/**
	 * How long ago the keyserver was asked, which for an exchange that has ended is how
	 * long it took to relay the whole answer.
	 * @return nanoseconds; -1 if it was not asked
	 */
	long upstreamNanos() {
		return (this.upstreamStarted != 0) ? System.nanoTime() - this.upstreamStarted : -1;
	}

	void received(ByteBuf body) {
		this.received += body.readableBytes();
	}

	/**
	 * How many bytes of the request body were read.
	 * @return without chunk sizes
	 */
	long received() {
		return this.received;
	}

	void sent(ByteBuf body) {
		this.sent += body.readableBytes();
	}

	/**
	 * How many bytes of the answer's body were handed to the connection.
	 * @return without chunk sizes
	 */
	long sent() {
		return this.sent;
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

	/** To be called when the head of the answer is complete, before it is sent. */
	void headSent() {
		this.headSent = true;
		if (this.client != null) {
			this.strictTransport.complete(this.response.responseHeaders(), this.client.tls());
		}
	}

	boolean isHeadSent() {
		return this.headSent;
	}

	long elapsedNanos() {
		return System.nanoTime() - this.startedNanos;
	}

	/**
	 * Ends the connection by a TCP reset, so that an answer which was cut short cannot be
	 * taken for a complete one, not even when its end is the end of the connection.
	 */
	void reset() {
		this.note = "answer cut short by the upstream; connection reset";
		this.channel.attr(ConnectionEnd.RESET).set(Boolean.TRUE);
		this.channel.config().setOption(ChannelOption.SO_LINGER, 0);
		var unused = this.channel.close();
	}

}
