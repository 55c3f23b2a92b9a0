package org.hkpgateway.proxy;

import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;
import java.util.regex.Pattern;

import io.netty.handler.codec.http.HttpHeaders;
import org.hkpgateway.hkp.HkpRequest;
import org.hkpgateway.hkp.HkpTarget;
import org.hkpgateway.hkp.HkpTargets;
import org.hkpgateway.http.HeaderField;
import org.hkpgateway.http.Headers;
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

	private final ClientAddressResolver clients;

	private final AllowedHosts hosts;

	RequestReader(ClientAddressResolver clients, AllowedHosts hosts) {
		this.clients = clients;
		this.hosts = hosts;
	}

	/**
	 * A request that may be served.
	 *
	 * @param head as plugins may see it: without hop-by-hop and forwarded fields
	 * @param hkp what it asks; null outside HKP
	 * @param client who asks
	 * @param forwarded the forwarded fields for the keyserver, and Via of RFC 9110
	 * section 7.6.3
	 */
	record Understood(RequestHead head, @Nullable HkpRequest hkp, ClientAddress client, Headers forwarded) {

		/**
		 * The head for the keyserver.
		 * @param last the head after the last plugin
		 * @return without framing, which the upstream client sets
		 */
		RequestHead upstreamHead(RequestHead last) {
			List<HeaderField> fields = new ArrayList<>(last.headers().without(RequestReader::isFraming).fields());
			fields.addAll(this.forwarded.fields());
			return last.withHeaders(Headers.of(fields));
		}

	}

	/**
	 * Understands a request. The client is known even if the request is refused.
	 * @param exchange the exchange, which is told of client and operation
	 * @return the request, understood
	 * @throws Refusal if it is malformed or ambiguous
	 */
	Understood read(Exchange exchange) {
		Refusal unreadable = exchange.unreadable();
		Headers all = (unreadable != null) ? Headers.empty() : headers(exchange.request().requestHeaders());
		InetSocketAddress peer = exchange.peer();
		ClientAddress client = this.clients.resolve(peer, all, exchange.request().scheme().equals("https"));
		exchange.sentBy(client);
		if (unreadable != null) {
			throw unreadable;
		}
		checkHead(exchange, all);
		HkpRequest hkp = classify(exchange.method(), exchange.target());
		exchange.asks(hkp);
		if (!this.hosts.serves(all.first("Host"), hkp)) {
			throw Refusal.misdirected();
		}
		Predicate<String> hopByHop = HopByHop.names(all.all("Connection"));
		Predicate<String> forged = (name) -> this.clients.isForged(name, client.trustedPeer());
		Headers passed = all.without(hopByHop.or(ForwardedHeaders::isForwarded).or(forged));
		String via = exchange.protocolVersion() + " hkp-gateway";
		return new Understood(new RequestHead(exchange.method(), exchange.target(), passed), hkp, client,
				ForwardedHeaders.rebuild(all, client, this.clients.believesForwardedFor(all)).with("Via", via));
	}

	private static void checkHead(Exchange exchange, Headers all) {
		if (!exchange.http2() && exchange.request().version().majorVersion() != 1) {
			throw Refusal.versionNotSupported();
		}
		String method = exchange.method();
		if (method.equals("CONNECT") || method.equals("TRACE")) {
			throw Refusal.methodNotAllowed(method);
		}
		if (!RequestHead.METHODS.contains(method)) {
			throw Refusal.methodNotImplemented();
		}
		int hosts = all.all("Host").size();
		if (hosts > 1 || (hosts == 0 && !exchange.http10())) {
			throw Refusal.badRequest("Expected one Host header, got " + hosts + ".");
		}
		String host = all.first("Host");
		if (host != null && !HOST.matcher(host).matches()) {
			throw Refusal.badRequest("Expected a host and perhaps a port in the Host header, got something else.");
		}
		List<String> codings = all.all("Transfer-Encoding");
		if (!codings.isEmpty() && !(codings.size() == 1 && codings.get(0).equalsIgnoreCase("chunked"))) {
			throw Refusal.badRequest("Of Transfer-Encoding only chunked is understood.");
		}
		String expect = all.first("Expect");
		if (expect != null && !expect.equalsIgnoreCase("100-continue")) {
			throw Refusal.expectationFailed();
		}
	}

	private static @Nullable HkpRequest classify(String method, String target) {
		HkpTarget understood = HkpTargets.parse(method, target);
		if (understood instanceof HkpTarget.Refused refused) {
			throw Refusal.badRequest(refused.reason());
		}
		return (understood instanceof HkpTarget.Hkp hkp) ? hkp.request() : null;
	}

	private static Headers headers(HttpHeaders received) {
		try {
			return NettyHeaders.copy(received);
		}
		catch (IllegalArgumentException ex) {
			throw Refusal.badRequest("Malformed header. " + ex.getMessage());
		}
	}

	/** Expect is answered by the gateway itself. */
	private static boolean isFraming(String name) {
		String lower = name.toLowerCase(Locale.ROOT);
		return lower.equals("content-length") || lower.equals("expect");
	}

}
