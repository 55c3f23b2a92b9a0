package org.hkpgateway.proxy;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

import io.netty.util.NetUtil;
import org.hkpgateway.hkp.HkpRequest;
import org.hkpgateway.hkp.Operation;
import org.jspecify.annotations.Nullable;

/**
 * The names under which the gateway serves ({@code hkp.edge.allowed-hosts}). Case, a
 * final dot and the port do not matter; IP addresses are compared as addresses, however
 * they are written. Immutable.
 */
final class AllowedHosts {

	private static final String KEY = "hkp.edge.allowed-hosts";

	private static final String EXPECTED = "host names without a port, *.example.org for all names below example.org, "
			+ "or IP addresses";

	private static final Pattern NAME = Pattern
		.compile("[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?" + "(?:\\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*");

	private static final int LONGEST_NAME = 253;

	private final Set<String> names = new HashSet<>();

	private final List<String> suffixes = new ArrayList<>();

	private final Set<InetAddress> addresses = new HashSet<>();

	/**
	 * Reads the names.
	 * @param entries the names; none to serve under any
	 * @throws IllegalArgumentException if one is not a name; the message names the key
	 */
	AllowedHosts(List<String> entries) {
		for (String entry : entries) {
			String host = withoutFinalDot(entry.toLowerCase(Locale.ROOT));
			InetAddress address = address(host);
			boolean wildcard = host.startsWith("*.");
			String name = wildcard ? host.substring(2) : host;
			if (address != null) {
				this.addresses.add(address);
				continue;
			}
			// What looks like an IPv4 address and is none is a mistake, not a name.
			boolean numeric = name.chars().allMatch((c) -> c == '.' || (c >= '0' && c <= '9'));
			Checks.that(NAME.matcher(name).matches() && name.length() <= LONGEST_NAME && !numeric, KEY, EXPECTED,
					entry);
			if (wildcard) {
				this.suffixes.add("." + name);
			}
			else {
				this.names.add(name);
			}
		}
	}

	/**
	 * Whether a request is to be served. Peer keyservers send no Host with a hashquery,
	 * and load balancers ask an address for its health: these two always are.
	 * @param host the Host header, valid; null if there is none, which is no allowed name
	 * @param hkp what is asked; null outside HKP
	 * @return true if any name is served, or this one
	 */
	boolean serves(@Nullable String host, @Nullable HkpRequest hkp) {
		if (this.names.isEmpty() && this.suffixes.isEmpty() && this.addresses.isEmpty()) {
			return true;
		}
		return (host != null && contains(host))
				|| (hkp != null && (hkp.operation() == Operation.HASHQUERY || hkp.operation() == Operation.HEALTH));
	}

	private boolean contains(String header) {
		// With a colon in it an IPv6 address stands in brackets, so this one ends the
		// name.
		int colon = header.indexOf(':', Math.max(header.indexOf(']'), 0));
		String host = withoutFinalDot(((colon >= 0) ? header.substring(0, colon) : header).toLowerCase(Locale.ROOT));
		if (this.names.contains(host)) {
			return true;
		}
		for (String suffix : this.suffixes) {
			if (host.endsWith(suffix) && host.length() > suffix.length()) {
				return true;
			}
		}
		InetAddress address = this.addresses.isEmpty() ? null : address(host);
		return address != null && this.addresses.contains(address);
	}

	private static @Nullable InetAddress address(String host) {
		return (host.indexOf('%') >= 0) ? null : NetUtil.createInetAddressFromIpAddressString(host);
	}

	private static String withoutFinalDot(String host) {
		return (host.endsWith(".") && host.length() > 1) ? host.substring(0, host.length() - 1) : host;
	}

}
