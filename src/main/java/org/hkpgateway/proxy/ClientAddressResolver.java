package org.hkpgateway.proxy;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

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

	/** RFC 7239 section 4: {@code for=192.0.2.1}, {@code for="[2001:db8::1]:4711"}. */
	private static final Pattern FORWARDED_FOR = Pattern.compile("(?i)(?:^|;)\\s*for\\s*=\\s*(\"[^\"]*\"|[^;\\s]*)");

	/** X-Forwarded-For entries beyond this many are not looked at. */
	private static final int MAX_HOPS = 32;

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
		String scheme = headers.first("X-Forwarded-Proto");
		boolean clientTls = (scheme != null) ? scheme.equalsIgnoreCase("https") : tls;
		InetSocketAddress client = this.header.isEmpty() ? fromChain(peer, chain(headers)) : fromHeader(peer, headers);
		return new ClientAddress(client, peer, true, clientTls);
	}

	/**
	 * Whether trusted proxies name the client in this header, so that from others it is
	 * forged.
	 * @param name of any header
	 * @return true for the configured one
	 */
	boolean isClientHeader(String name) {
		return this.headerNames.couldContain(name);
	}

	private InetSocketAddress fromHeader(InetSocketAddress peer, Headers headers) {
		List<String> values = headers.all(this.header);
		InetSocketAddress named = values.isEmpty() ? null : parse(values.get(values.size() - 1).trim());
		return (named != null) ? named : peer;
	}

	private InetSocketAddress fromChain(InetSocketAddress peer, List<String> chain) {
		InetSocketAddress client = peer;
		Collections.reverse(chain);
		for (String hop : chain.subList(0, Math.min(chain.size(), MAX_HOPS))) {
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

	private static List<String> chain(Headers headers) {
		List<String> chain = new ArrayList<>();
		for (String value : headers.all("X-Forwarded-For")) {
			Collections.addAll(chain, value.split(",", -1));
		}
		if (chain.isEmpty()) {
			for (String value : headers.all("Forwarded")) {
				for (String element : value.split(",", -1)) {
					Matcher matcher = FORWARDED_FOR.matcher(element);
					chain.add(matcher.find() ? matcher.group(1).replace("\"", "") : "");
				}
			}
		}
		return chain;
	}

	private boolean isTrusted(InetAddress address) {
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
	private static @Nullable InetSocketAddress parse(String text) {
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
