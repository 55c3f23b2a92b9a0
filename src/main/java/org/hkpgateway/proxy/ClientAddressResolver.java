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

	private static final String X_FORWARDED_PROTO = "X-Forwarded-Proto";

	private static final String X_FORWARDED_HOST = "X-Forwarded-Host";

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
		return read ? resolve(peer, NettyHeaders.copy(headers), tls) : ClientAddress.untrusted(peer, tls);
	}

	ClientAddress resolve(InetSocketAddress peer, Headers headers, boolean tls) {
		if (!isTrusted(peer.getAddress())) {
			return ClientAddress.untrusted(peer, tls);
		}
		if (readsForwarded(headers)) {
			return fromForwarded(peer, headers, tls);
		}
		boolean chain = this.header.isEmpty() || this.header.equalsIgnoreCase(X_FORWARDED_FOR);
		InetSocketAddress client = chain ? fromForwardedFor(peer, headers) : fromHeader(peer, headers);
		String scheme = last(headers, X_FORWARDED_PROTO);
		// Proxies with a header of their own name hosts in Host.
		return new ClientAddress(client, peer, true, (scheme != null) ? isTls(scheme) : tls,
				chain ? last(headers, X_FORWARDED_HOST) : null);
	}

	/** Forwarded only where there is no X-Forwarded-For, unless it is configured. */
	private boolean readsForwarded(Headers headers) {
		return this.header.isEmpty() ? !headers.contains(X_FORWARDED_FOR) && headers.contains(FORWARDED)
				: this.header.equalsIgnoreCase(FORWARDED);
	}

	private static boolean isTls(String scheme) {
		return scheme.equalsIgnoreCase("https");
	}

	/** The nearest proxy's word. */
	private static @Nullable String last(Headers headers, String name) {
		List<String> lines = headers.all(name);
		if (lines.isEmpty()) {
			return null;
		}
		String last = lines.get(lines.size() - 1);
		return last.substring(last.lastIndexOf(',') + 1).trim();
	}

	/**
	 * Of the element that names the client, which a trusted proxy wrote, scheme and host
	 * are believed, too, and of no other.
	 */
	private ClientAddress fromForwarded(InetSocketAddress peer, Headers headers, boolean tls) {
		InetSocketAddress client = peer;
		ForwardedElements.Element believed = ForwardedElements.Element.NONE;
		for (ForwardedElements.Element element : forwardedFromTheRight(headers)) {
			believed = element;
			InetSocketAddress address = parse(element.address());
			client = (address != null) ? address : client;
			if (address == null || !isTrusted(address.getAddress())) {
				break;
			}
		}
		String host = believed.host();
		return new ClientAddress(client, peer, true, believed.scheme().isEmpty() ? tls : isTls(believed.scheme()),
				host.isEmpty() ? null : host);
	}

	private static List<ForwardedElements.Element> forwardedFromTheRight(Headers headers) {
		List<String> lines = headers.all(FORWARDED);
		List<ForwardedElements.Element> elements = new ArrayList<>();
		for (int i = lines.size() - 1; i >= 0 && elements.size() < MAX_HOPS; i--) {
			elements.addAll(ForwardedElements.fromTheRight(lines.get(i), MAX_HOPS - elements.size()));
		}
		return elements;
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

	private InetSocketAddress fromForwardedFor(InetSocketAddress peer, Headers headers) {
		InetSocketAddress client = peer;
		for (String hop : fromTheRight(headers.all(X_FORWARDED_FOR))) {
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

	private static List<String> fromTheRight(List<String> lines) {
		List<String> chain = new ArrayList<>();
		for (int i = lines.size() - 1; i >= 0 && chain.size() < MAX_HOPS; i--) {
			chain.addAll(fromTheRight(lines.get(i), MAX_HOPS - chain.size()));
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
