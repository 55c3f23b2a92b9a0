package org.hkpgateway.proxy;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;

import io.netty.handler.codec.http.HttpHeaders;
import io.netty.util.NetUtil;
import org.hkpgateway.http.AddressRange;
import org.hkpgateway.http.FieldNames;
import org.hkpgateway.http.Headers;
import org.jspecify.annotations.Nullable;

/**
 * Finds the client behind trusted proxies: the right-most address of the forwarded chain
 * that is not itself a trusted proxy. Whatever stands further left a client may have
 * written.
 */
final class ClientAddressResolver {

	/** Entries beyond this many are not looked at. */
	private static final int MAX_HOPS = 32;

	private static final String X_FORWARDED_FOR = "X-Forwarded-For";

	private static final String FORWARDED = "Forwarded";

	private final List<AddressRange> trusted;

	private final String header;

	private final FieldNames headerNames;

	ClientAddressResolver(ClientAddressSettings settings) {
		this.trusted = settings.trustedProxies().stream().map(AddressRange::parse).filter(Objects::nonNull).toList();
		this.header = settings.header();
		this.headerNames = this.header.isEmpty() ? FieldNames.of()
				: FieldNames.of(this.header.toLowerCase(Locale.ROOT).replace('_', '-'));
	}

	/**
	 * Finds the client.
	 * @param peer who connected
	 * @param headers valid ones, read only if the peer is trusted
	 * @param tls whether the peer speaks TLS
	 * @return the client
	 */
	ClientAddress resolve(InetSocketAddress peer, HttpHeaders headers, boolean tls) {
		boolean read = !this.trusted.isEmpty() && isTrusted(peer.getAddress());
		return read ? resolve(peer, NettyHeaders.copy(headers), tls) : new ClientAddress(peer, peer, false, tls);
	}

	ClientAddress resolve(InetSocketAddress peer, Headers headers, boolean tls) {
		if (!isTrusted(peer.getAddress())) {
			return new ClientAddress(peer, peer, false, tls);
		}
		boolean standard = this.header.isEmpty() || this.header.equalsIgnoreCase(X_FORWARDED_FOR)
				|| this.header.equalsIgnoreCase(FORWARDED);
		InetSocketAddress client = standard ? fromChain(peer, fromTheRight(headers)) : fromHeader(peer, headers);
		return new ClientAddress(client, peer, true, isTls(headers, tls));
	}

	/** The nearest proxy's word, which is the last one. */
	private static boolean isTls(Headers headers, boolean tls) {
		List<String> schemes = headers.all("X-Forwarded-Proto");
		if (schemes.isEmpty()) {
			return tls;
		}
		String last = schemes.get(schemes.size() - 1);
		return last.substring(last.lastIndexOf(',') + 1).trim().equalsIgnoreCase("https");
	}

	/**
	 * Whether X-Forwarded-For of a trusted proxy is what its clients are known by. If
	 * not, it may be a client's own.
	 * @param received all headers
	 * @return false also if there is none
	 */
	boolean believesForwardedFor(HttpHeaders received) {
		return (this.header.isEmpty() || this.header.equalsIgnoreCase(X_FORWARDED_FOR))
				&& received.contains(X_FORWARDED_FOR);
	}

	/**
	 * Whether a header is the one in which trusted proxies name the client, but did not
	 * come from there: from anybody else, or written with underscores in place of
	 * hyphens, which proxies do not know for theirs and some keyservers do.
	 * @param name of any header
	 * @param trustedPeer whether a trusted proxy sent it
	 * @return false for all but the configured one
	 */
	boolean isForged(String name, boolean trustedPeer) {
		return this.headerNames.couldContain(name) && !(trustedPeer && name.equalsIgnoreCase(this.header));
	}

	private InetSocketAddress fromHeader(InetSocketAddress peer, Headers headers) {
		List<String> values = headers.all(this.header);
		InetSocketAddress named = values.isEmpty() ? null : parse(values.get(values.size() - 1).trim());
		return (named != null) ? named : peer;
	}

	private InetSocketAddress fromChain(InetSocketAddress peer, List<String> chain) {
		InetSocketAddress client = peer;
		for (String hop : chain) {
			InetSocketAddress address = parse(hop.trim());
			if (address == null) {
				break;
			}
			client = address;
			if (!isTrusted(address.getAddress())) {
				break;
			}
		}
		return client;
	}

	/** Forwarded only where there is no X-Forwarded-For, unless it is configured. */
	private List<String> fromTheRight(Headers headers) {
		boolean forwarded = this.header.isEmpty() ? !headers.contains(X_FORWARDED_FOR)
				: this.header.equalsIgnoreCase(FORWARDED);
		List<String> lines = headers.all(forwarded ? FORWARDED : X_FORWARDED_FOR);
		List<String> chain = new ArrayList<>();
		for (int i = lines.size() - 1; i >= 0 && chain.size() < MAX_HOPS; i--) {
			String line = lines.get(i);
			int most = MAX_HOPS - chain.size();
			chain.addAll(forwarded ? ForwardedElements.addressesFromTheRight(line, most) : fromTheRight(line, most));
		}
		return chain;
	}

	private static List<String> fromTheRight(String list, int most) {
		List<String> entries = new ArrayList<>();
		for (int end = list.length(); end >= 0 && entries.size() < most;) {
			int comma = list.lastIndexOf(',', end - 1);
			entries.add(list.substring(comma + 1, end));
			end = comma;
		}
		return entries;
	}

	/**
	 * Whether an address is one of the trusted proxies.
	 * @param address of a peer
	 * @return true if what it says about clients is believed
	 */
	boolean isTrusted(InetAddress address) {
		for (AddressRange range : this.trusted) {
			if (range.contains(address)) {
				return true;
			}
		}
		return false;
	}

	/**
	 * Reads {@code a.b.c.d}, {@code a.b.c.d:port}, {@code v6}, {@code [v6]} or
	 * {@code [v6]:port}.
	 */
	static @Nullable InetSocketAddress parse(String text) {
		String host = text;
		String port = "";
		if (text.startsWith("[")) {
			int end = text.indexOf(']');
			if (end < 0) {
				return null;
			}
			host = text.substring(1, end);
			port = text.substring(end + 1);
		}
		else if (text.indexOf(':') >= 0 && text.indexOf(':') == text.lastIndexOf(':')) {
			host = text.substring(0, text.indexOf(':'));
			port = text.substring(text.indexOf(':'));
		}
		InetAddress address = host.contains("%") ? null : NetUtil.createInetAddressFromIpAddressString(host);
		if (address == null || !(port.isEmpty() || port.matches(":\\d{1,5}"))) {
			return null;
		}
		int number = port.isEmpty() ? 0 : Integer.parseInt(port.substring(1));
		return (number > 65535) ? null : new InetSocketAddress(address, number);
	}

}
