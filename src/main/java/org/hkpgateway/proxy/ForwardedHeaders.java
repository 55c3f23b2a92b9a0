package org.hkpgateway.proxy;

import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

import io.netty.util.NetUtil;
import org.hkpgateway.http.Headers;

/**
 * The headers that tell a keyserver who is behind the gateway. Only a trusted proxy's are
 * kept; from anybody else they are dropped and made anew.
 */
final class ForwardedHeaders {

	private ForwardedHeaders() {
	}

	/**
	 * Whether a field is one of those that are made anew.
	 * @param name in any case, also with underscores, which some keyservers' frameworks
	 * take for hyphens
	 * @return true also for those that {@link #rebuild} does not make
	 */
	static boolean isForwarded(String name) {
		String hyphens = name.toLowerCase(Locale.ROOT).replace('_', '-');
		return hyphens.startsWith("x-forwarded-") || hyphens.equals("x-real-ip") || hyphens.equals("forwarded");
	}

	/**
	 * The headers to add on the way to the keyserver.
	 * @param received all headers as received
	 * @param from who sent them
	 * @param keepChain whether the sender's X-Forwarded-For is kept; else it is made of
	 * the client
	 * @return X-Forwarded-For with the peer appended, X-Real-IP, X-Forwarded-Proto and,
	 * when there was a Host, X-Forwarded-Host
	 */
	static Headers rebuild(Headers received, ClientAddress from, boolean keepChain) {
		List<String> chain = new ArrayList<>();
		if (from.trustedPeer() && keepChain) {
			received.all("X-Forwarded-For").stream().filter((line) -> !line.isBlank()).forEach(chain::add);
		}
		else if (!from.client().equals(from.peer())) {
			chain.add(address(from.client()));
		}
		chain.add(address(from.peer()));
		Headers rebuilt = Headers.of("X-Forwarded-For", String.join(", ", chain), "X-Real-IP", address(from.client()),
				"X-Forwarded-Proto", from.tls() ? "https" : "http");
		String host = from.trustedPeer() ? received.first("X-Forwarded-Host") : null;
		if (host == null) {
			host = received.first("Host");
		}
		return (host != null) ? rebuilt.with("X-Forwarded-Host", host) : rebuilt;
	}

	private static String address(InetSocketAddress address) {
		return NetUtil.toAddressString(address.getAddress());
	}

}
