package org.hkpgateway.proxy;

import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Pattern;

import io.netty.handler.codec.http.DefaultHttpHeadersFactory;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpHeadersFactory;
import io.netty.util.AsciiString;
import org.hkpgateway.hkp.HkpRequest;
import org.hkpgateway.hkp.HkpTarget;
import org.hkpgateway.hkp.HkpTargets;
import org.hkpgateway.http.ForwardedNames;
import org.hkpgateway.http.HopByHop;
import org.hkpgateway.http.RequestHead;
import org.jspecify.annotations.Nullable;

/**
 * Understands a parsed request: refuses what is malformed or ambiguous, resolves the
 * client, classifies the HKP operation, separates what is passed on from what is not.
 */
final class RequestReader {

	/** RFC 9110 section 7.2, without the punctuation that no host name has. */
	private static final Pattern HOST = Pattern.compile("(?:[A-Za-z0-9._~%-]+|\\[[0-9A-Fa-f:.]+\\])(?::[0-9]{0,5})?");

	/** What goes in was checked when it came. */
	private static final HttpHeadersFactory UNCHECKED = DefaultHttpHeadersFactory.headersFactory()
		.withValidation(false);

	private static final AsciiString VIA = AsciiString.cached("Via");

	private final ClientAddressResolver clients;

	private final AllowedHosts hosts;

	private final boolean tracing;

	/**
	 * Makes a reader.
	 * @param clients knows who clients are
	 * @param hosts that are served
	 * @param tracing whether the gateway writes the fields of Trace Context itself, and
	 * passes none on
	 */
	RequestReader(ClientAddressResolver clients, AllowedHosts hosts, boolean tracing) {
		this.tracing = tracing;
		this.clients = clients;
		this.hosts = hosts;
	}

	/**
	 * A request that may be served. Used on the connection's event loop.
	 */
	static final class Understood {

		private final Arrival arrival;

		private final HttpHeaders received;

		private final Predicate<String> withheld;

		private final boolean keepChain;

		private final @Nullable HkpRequest hkp;

		private final ClientAddress client;

		private @Nullable RequestHead head;

		private Understood(Arrival arrival, HttpHeaders received, Predicate<String> withheld, boolean keepChain,
				@Nullable HkpRequest hkp, ClientAddress client) {
			this.arrival = arrival;
			this.received = received;
			this.withheld = withheld;
			this.keepChain = keepChain;
			this.hkp = hkp;
			this.client = client;
		}

		/**
		 * The request as plugins may see it. Made when it is first asked for.
		 * @return without hop-by-hop and forwarded fields
		 */
		RequestHead head() {
			RequestHead made = this.head;
			if (made == null) {
				made = new RequestHead(this.arrival.method(), this.arrival.target(),
						NettyHeaders.copy(this.received, this.withheld));
				this.head = made;
			}
			return made;
		}

		/**
		 * What is asked.
		 * @return null outside HKP
		 */
		@Nullable HkpRequest hkp() {
			return this.hkp;
		}

		ClientAddress client() {
			return this.client;
		}

		/**
		 * The head for the keyserver of a request that no plugin was asked about, with
		 * forwarded fields, and Via of RFC 9110 section 7.6.3.
		 * @return without framing, which the upstream client sets
		 */
		UpstreamHead upstreamHead() {
			HttpHeaders fields = UNCHECKED.newHeaders();
			NettyHeaders.pass(this.received, this.withheld, fields);
			return completed(this.arrival.target(), this.hkp, fields);
		}

		/**
		 * The same of a request as plugins left it.
		 * @param last the head after the last plugin
		 * @param hkp what it asks; null outside HKP
		 * @return without framing
		 */
		UpstreamHead upstreamHead(RequestHead last, @Nullable HkpRequest hkp) {
			if (last.equals(this.head)) {
				return upstreamHead();
			}
			HttpHeaders fields = UNCHECKED.newHeaders();
			NettyHeaders.add(last.headers(), fields);
			return completed(last.target(), hkp, fields);
		}

		private UpstreamHead completed(String target, @Nullable HkpRequest hkp, HttpHeaders fields) {
			// Expect is answered by the gateway itself.
			fields.remove(HttpHeaderNames.CONTENT_LENGTH).remove(HttpHeaderNames.EXPECT);
			ForwardedHeaders.add(this.received, this.client, this.keepChain, fields);
			fields.add(VIA, this.arrival.protocolVersion() + " hkp-gateway");
			return new UpstreamHead(this.arrival.method(), target, hkp, fields);
		}

	}

	/**
	 * Understands a request. The client is known even if the request is refused.
	 * @param arrival the request, which is told of client and operation
	 * @return the request, understood
	 * @throws Refusal if it is malformed or ambiguous
	 */
	Understood read(Arrival arrival) {
		HttpHeaders received = arrival.fields();
		Refusal unreadable = arrival.unreadable();
		if (unreadable == null) {
			check(received);
		}
		ClientAddress client = this.clients.resolve(arrival.peer(), received, arrival.overTls());
		arrival.sentBy(client);
		if (unreadable != null) {
			throw unreadable;
		}
		checkHead(arrival, received);
		HkpRequest hkp = classify(arrival.method(), arrival.target());
		arrival.asks(hkp);
		if (!this.hosts.serves(received.get(HttpHeaderNames.HOST), hkp)) {
			throw Refusal.misdirected();
		}
		Predicate<String> hopByHop = HopByHop.names(received.getAll(HttpHeaderNames.CONNECTION));
		boolean trusted = client.trustedPeer();
		Predicate<String> withheld = (name) -> hopByHop.test(name) || ForwardedNames.contains(name)
				|| this.clients.isForged(name, trusted) || (this.tracing && TraceContext.isField(name));
		boolean keepChain = trusted && this.clients.believesForwardedFor(received);
		return new Understood(arrival, received, withheld, keepChain, hkp, client);
	}

	private static void checkHead(Arrival arrival, HttpHeaders received) {
		if (!arrival.http2() && arrival.version().majorVersion() != 1) {
			throw Refusal.versionNotSupported();
		}
		String method = arrival.method();
		if (method.equals("CONNECT") || method.equals("TRACE")) {
			throw Refusal.methodNotAllowed(method);
		}
		if (!RequestHead.METHODS.contains(method)) {
			throw Refusal.methodNotImplemented();
		}
		int hosts = received.getAll(HttpHeaderNames.HOST).size();
		if (hosts > 1 || (hosts == 0 && !arrival.http10())) {
			throw Refusal.badRequest("Expected one Host header, got " + hosts + ".");
		}
		String host = received.get(HttpHeaderNames.HOST);
		if (host != null && !isHost(host)) {
			throw Refusal.badRequest("Expected a host and perhaps a port in the Host header, got something else.");
		}
		List<String> codings = received.getAll(HttpHeaderNames.TRANSFER_ENCODING);
		if (!codings.isEmpty() && !(codings.size() == 1 && codings.get(0).equalsIgnoreCase("chunked"))) {
			throw Refusal.badRequest("Of Transfer-Encoding only chunked is understood.");
		}
		String expect = received.get(HttpHeaderNames.EXPECT);
		if (expect != null && !expect.equalsIgnoreCase("100-continue")) {
			throw Refusal.expectationFailed();
		}
	}

	/** Whether it may stand in a Host header. */
	static boolean isHost(String host) {
		return HOST.matcher(host).matches();
	}

	private static @Nullable HkpRequest classify(String method, String target) {
		HkpTarget understood = HkpTargets.parse(method, target);
		if (understood instanceof HkpTarget.Refused refused) {
			throw Refusal.badRequest(refused.reason());
		}
		return (understood instanceof HkpTarget.Hkp hkp) ? hkp.request() : null;
	}

	private static void check(HttpHeaders received) {
		try {
			NettyHeaders.check(received);
		}
		catch (IllegalArgumentException ex) {
			throw Refusal.badRequest("Malformed header. " + ex.getMessage());
		}
	}

}
