package org.hkpgateway.proxy;

import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.util.AsciiString;
import io.netty.util.NetUtil;

/**
 * The headers that tell a keyserver who is behind the gateway. Only a trusted proxy's are
 * kept; from anybody else they are dropped and made anew.
 */
final class ForwardedHeaders {

	private static final AsciiString FOR = AsciiString.cached("X-Forwarded-For");

	private static final AsciiString REAL_IP = AsciiString.cached("X-Real-IP");

	private static final AsciiString PROTO = AsciiString.cached("X-Forwarded-Proto");

	private static final AsciiString HOST = AsciiString.cached("X-Forwarded-Host");

	private ForwardedHeaders() {
	}

	/**
	 * Adds the headers for the keyserver: X-Forwarded-For with the peer appended,
	 * X-Real-IP, X-Forwarded-Proto and, when there was a Host, X-Forwarded-Host.
	 * @param received all headers as received
	 * @param from who sent them
	 * @param keepChain whether the sender's X-Forwarded-For is kept; else it is made of
	 * the client
	 * @param to where they go
	 */
	static void add(HttpHeaders received, ClientAddress from, boolean keepChain, HttpHeaders to) {
		String peer = address(from.peer());
		String client = from.client().equals(from.peer()) ? peer : address(from.client());
		to.add(FOR, from.trustedPeer() ? chain(received, from, keepChain) : peer);
		to.add(REAL_IP, client);
		to.add(PROTO, from.tls() ? "https" : "http");
		String host = from.host();
		if (host == null || !RequestReader.isHost(host)) {
			host = received.get(HttpHeaderNames.HOST);
		}
		if (host != null) {
			to.add(HOST, host);
		}
	}

	private static String chain(HttpHeaders received, ClientAddress from, boolean keepChain) {
		List<String> chain = new ArrayList<>();
		if (keepChain) {
			received.getAll(FOR).stream().filter((line) -> !line.isBlank()).forEach(chain::add);
		}
		else if (!from.client().equals(from.peer())) {
			chain.add(address(from.client()));
		}
		chain.add(address(from.peer()));
		return String.join(", ", chain);
	}

	private static String address(InetSocketAddress address) {
		return NetUtil.toAddressString(address.getAddress());
	}

}
