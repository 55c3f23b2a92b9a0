package org.hkpgateway.proxy;

import java.net.InetSocketAddress;
import java.net.URI;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2StreamChannel;
import org.hkpgateway.chain.CallSpans;
import org.hkpgateway.chain.ChainRun;
import org.hkpgateway.chain.ChainTrace;
import org.hkpgateway.chain.ResponsePhase;
import org.hkpgateway.hkp.HkpRequest;
import org.hkpgateway.http.HeaderMutation;
import org.jspecify.annotations.Nullable;
import reactor.netty.http.server.HttpServerRequest;
import reactor.netty.http.server.HttpServerResponse;

/**
 * One request and its answer, and what is to be said of them in the log. Used by one
 * request at a time; fields are written before the signal that lets others read them.
 */
final class Exchange implements Arrival {

	private final HttpServerRequest request;

	private final HttpServerResponse response;

	private final StrictTransport strictTransport;

	private final Channel channel;

	private final String id = Long.toHexString(ThreadLocalRandom.current().nextLong() | Long.MIN_VALUE);

	private final long startedNanos = System.nanoTime();

	private @Nullable ClientAddress client;

	private @Nullable HkpRequest hkp;

	private @Nullable ChainRun run;

	private @Nullable ChainTrace trace;

	private List<HeaderMutation> answerChanges = List.of();

	private RequestTracing.@Nullable RequestSpan span;

	private boolean headSent;

	private ResponsePhase.@Nullable Review review;

	private long received;

	private long sent;

	private @Nullable UpstreamServer upstream;

	private long upstreamStarted;

	private long upstreamFirstNanos = -1;

	private String decision = "none";

	private String note = "";

	private Ending ending = Ending.WHOLE;

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

	/**
	 * The connection, also of a stream of HTTP/2.
	 * @return the one with the socket
	 */
	Channel connection() {
		return http2() ? this.channel.parent() : this.channel;
	}

	String id() {
		return this.id;
	}

	@Override
	public @Nullable Refusal unreadable() {
		return (this.request.requestHeaders() instanceof RefusedHeaders headers) ? headers.refusal() : null;
	}

	@Override
	public HttpHeaders fields() {
		return this.request.requestHeaders();
	}

	@Override
	public String method() {
		return (unreadable() != null) ? "-" : this.request.method().name();
	}

	@Override
	public String target() {
		return (unreadable() != null) ? "-" : this.request.uri();
	}

	/**
	 * The version of HTTP that the client speaks.
	 * @return for example {@code HTTP/1.1}; empty if nobody knows
	 */
	String protocol() {
		return (unreadable() != null) ? "" : this.request.version().text();
	}

	@Override
	public HttpVersion version() {
		return this.request.version();
	}

	@Override
	public boolean http2() {
		return this.channel instanceof Http2StreamChannel;
	}

	@Override
	public boolean overTls() {
		return this.request.connectionScheme().equals("https");
	}

	@Override
	public InetSocketAddress peer() {
		InetSocketAddress peer = ProxyHeader.peer(connection());
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
		return bodyLength(this.request.requestHeaders());
	}

	/**
	 * The same of a head.
	 * @param received its fields, framing known to be sound
	 * @return 0 if there is none, -1 if it is chunked
	 */
	static long bodyLength(HttpHeaders received) {
		if (received.contains(HttpHeaderNames.TRANSFER_ENCODING)) {
			return -1;
		}
		String length = received.get(HttpHeaderNames.CONTENT_LENGTH);
		return (length != null) ? Long.parseLong(length.trim()) : 0;
	}

	@Nullable ClientAddress client() {
		return this.client;
	}

	@Override
	public void sentBy(ClientAddress client) {
		this.client = client;
	}

	@Override
	public void asks(@Nullable HkpRequest hkp) {
		this.hkp = hkp;
	}

	void tracedBy(RequestTracing.RequestSpan span) {
		this.span = span;
	}

	/**
	 * Its span.
	 * @return null if it is not traced, or not yet
	 */
	RequestTracing.@Nullable RequestSpan span() {
		return this.span;
	}

	/** Sees the calls of plugins. */
	CallSpans callSpans() {
		return (this.span != null) ? this.span : CallSpans.NONE;
	}

	@Nullable HkpRequest hkp() {
		return this.hkp;
	}

	/**
	 * Plugins are asked from now until {@link #decided}.
	 * @param run knows how far they are
	 */
	void asksPlugins(ChainRun run) {
		this.run = run;
	}

	void decided(String decision, ChainTrace trace) {
		this.decision = decision;
		this.trace = trace;
		// It has the bytes of an upload, which nobody needs from here on.
		this.run = null;
	}

	/**
	 * Who is to see the keyserver's answer.
	 * @param review null if nobody is
	 */
	void answerPasses(ResponsePhase.@Nullable Review review) {
		this.review = review;
	}

	ResponsePhase.@Nullable Review review() {
		return this.review;
	}

	/**
	 * What plugins want in the answer, whoever gives it.
	 * @param changes in order
	 */
	void changesAnswer(List<HeaderMutation> changes) {
		this.answerChanges = changes;
	}

	List<HeaderMutation> answerChanges() {
		return this.answerChanges;
	}

	/**
	 * The keyserver is asked. Of a second attempt only which one it is is kept.
	 * @param server which
	 */
	void asksUpstream(UpstreamServer server) {
		this.upstream = server;
		if (this.upstreamStarted == 0) {
			this.upstreamStarted = System.nanoTime();
		}
	}

	/** The head of the keyserver's answer has come. */
	void upstreamAnswers() {
		this.upstreamFirstNanos = System.nanoTime() - this.upstreamStarted;
	}

	/**
	 * Where the keyserver is.
	 * @return host and port; empty if none was asked
	 */
	String upstream() {
		return (this.upstream != null) ? this.upstream.name() : "";
	}

	/**
	 * The same as it is configured.
	 * @return null if none was asked
	 */
	@Nullable URI upstreamUrl() {
		return (this.upstream != null) ? this.upstream.url() : null;
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
		this.ending = Ending.CLIENT_LEFT;
		this.note = "client went away";
	}

	void refused(String note) {
		this.decision = "refuse";
		this.note = note;
	}

	Ending ending() {
		return this.ending;
	}

	String decision() {
		return this.decision;
	}

	/**
	 * What plugins have done about request and answer; if the client left while they were
	 * asked, until then.
	 * @return the empty one if none was asked
	 */
	ChainTrace trace() {
		if (this.review != null) {
			return this.review.trace();
		}
		if (this.trace != null) {
			return this.trace;
		}
		return (this.run != null) ? this.run.soFar() : ChainTrace.EMPTY;
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
	 * Does something once the client can do nothing more with this request: over HTTP/1
	 * at once, where the connection counts; over HTTP/2 when the stream has ended, which
	 * may stay open behind the answer.
	 * @param task not blocking, called once
	 */
	void whenOver(Runnable task) {
		if (http2()) {
			this.channel.closeFuture().addListener((closed) -> task.run());
		}
		else {
			task.run();
		}
	}

	/**
	 * Ends the connection by a TCP reset, or the stream by one of HTTP/2, so that an
	 * answer which was cut short cannot be taken for a complete one, not even when its
	 * end is the end of the connection.
	 */
	void reset() {
		this.ending = Ending.CUT_SHORT;
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
