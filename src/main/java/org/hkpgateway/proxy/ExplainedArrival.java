package org.hkpgateway.proxy;

import java.net.InetSocketAddress;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpRequestDecoder;
import io.netty.handler.codec.http.HttpVersion;
import org.hkpgateway.hkp.HkpRequest;
import org.jspecify.annotations.Nullable;

/**
 * An explained request, read as if it had come over a connection: by the same scanner,
 * and the same decoder behind it.
 */
final class ExplainedArrival implements Arrival {

	private final ExplainedRequest asked;

	private final HttpRequest request;

	private @Nullable ClientAddress client;

	private @Nullable HkpRequest hkp;

	private ExplainedArrival(ExplainedRequest asked, HttpRequest request) {
		this.asked = asked;
		this.request = request;
	}

	/**
	 * Reads the head.
	 * @param asked the request
	 * @param maxHead longest head in bytes
	 * @return the request, not yet understood
	 * @throws Refusal if the connection would end with that
	 */
	static ExplainedArrival read(ExplainedRequest asked, int maxHead) {
		ByteBuf head = Unpooled.wrappedBuffer(asked.head());
		new WireScanner(maxHead).scan(head.duplicate());
		EmbeddedChannel decoder = new EmbeddedChannel(new HttpRequestDecoder(
				new HttpDecoderConfig().setMaxInitialLineLength(maxHead).setMaxHeaderSize(maxHead)));
		try {
			decoder.writeInbound(head);
			HttpRequest request = decoder.readInbound();
			if (request == null || request.decoderResult().isFailure()) {
				throw Refusal.badRequest("The request is not valid HTTP.");
			}
			return new ExplainedArrival(asked, request);
		}
		finally {
			decoder.finishAndReleaseAll();
		}
	}

	@Override
	public @Nullable Refusal unreadable() {
		return null;
	}

	@Override
	public HttpHeaders fields() {
		return this.request.headers();
	}

	@Override
	public String method() {
		return this.request.method().name();
	}

	@Override
	public String target() {
		return this.request.uri();
	}

	@Override
	public HttpVersion version() {
		return this.request.protocolVersion();
	}

	@Override
	public boolean http2() {
		return false;
	}

	@Override
	public boolean overTls() {
		return this.asked.tls();
	}

	@Override
	public InetSocketAddress peer() {
		return this.asked.peer();
	}

	@Override
	public void sentBy(ClientAddress client) {
		this.client = client;
	}

	@Override
	public void asks(@Nullable HkpRequest hkp) {
		this.hkp = hkp;
	}

	/** What was found out, perhaps before it was refused. */
	Explanation.Understood understood() {
		ClientAddress from = this.client;
		return new Explanation.Understood(method(), target(), this.hkp, (from != null) ? from.client() : null,
				from != null && from.trustedPeer(), (from != null) ? from.tls() : overTls());
	}

}
