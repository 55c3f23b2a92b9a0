package org.hkpgateway.grpc;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where a plugin that runs elsewhere is said to be, in the forms of
 * {@link org.hkpgateway.plugin.PluginSource.Remote#address()}.
 */
sealed interface RemoteTarget {

	/** More endpoints than this are a mistake in somebody's DNS. */
	int MOST_ENDPOINTS = 64;

	/**
	 * Reads an address.
	 * @param address as configured
	 * @return what it means
	 * @throws IllegalArgumentException if it is none of the forms
	 */
	static RemoteTarget parse(String address) {
		if (address.startsWith("unix:/")) {
			return new Unix(Path.of(address.substring("unix:".length()).replaceFirst("^/{2,}", "/")));
		}
		Matcher matcher = Name.SYNTAX.matcher(address);
		int port = matcher.matches() ? Integer.parseInt(matcher.group(2)) : 0;
		if (port < 1 || port > 65535) {
			throw new IllegalArgumentException(
					"address: expected: host:port, dns:///host:port or unix:/path, got: " + address);
		}
		return new Name(matcher.group(1), port);
	}

	/**
	 * What the certificate must say.
	 * @return as {@code :authority} has it
	 */
	String authority();

	/**
	 * Finds all endpoints. May block for as long as the name server takes.
	 * @param resolver turns a name into addresses
	 * @param transport the sockets to use
	 * @return by their names for people, at least one
	 * @throws UnknownHostException if the name has no address
	 */
	Map<String, SocketAddress> endpoints(Resolver resolver, SocketTransport transport) throws UnknownHostException;

	/**
	 * A name or literal address, and a port.
	 *
	 * @param host as in a URI
	 * @param port 1 to 65535
	 */
	record Name(String host, int port) implements RemoteTarget {

		private static final Pattern SYNTAX = Pattern
			.compile("(?:dns:///)?([A-Za-z0-9._-]+|\\[[0-9A-Fa-f:.]+]):(\\d{1,5})");

		@Override
		public String authority() {
			return this.host + ":" + this.port;
		}

		@Override
		public Map<String, SocketAddress> endpoints(Resolver resolver, SocketTransport transport)
				throws UnknownHostException {
			Map<String, SocketAddress> endpoints = new LinkedHashMap<>();
			for (InetAddress address : resolver.resolve(this.host)) {
				if (endpoints.size() < MOST_ENDPOINTS) {
					String literal = address.getHostAddress();
					endpoints.put((literal.indexOf(':') < 0 ? literal : "[" + literal + "]") + ":" + this.port,
							new InetSocketAddress(address, this.port));
				}
			}
			if (endpoints.isEmpty()) {
				throw new UnknownHostException(this.host);
			}
			return endpoints;
		}

		@Override
		public String toString() {
			return authority();
		}

	}

	/**
	 * A socket that somebody else has put there.
	 *
	 * @param path absolute
	 */
	record Unix(Path path) implements RemoteTarget {

		@Override
		public String authority() {
			return "localhost";
		}

		@Override
		public Map<String, SocketAddress> endpoints(Resolver resolver, SocketTransport transport) {
			return Map.of(toString(), transport.unix(this.path));
		}

		@Override
		public String toString() {
			return "unix:" + this.path;
		}

	}

	/** Turns names into addresses. */
	@FunctionalInterface
	interface Resolver {

		/** The system's. */
		Resolver SYSTEM = InetAddress::getAllByName;

		/**
		 * Resolves a name. May block.
		 * @param host a name or a literal address
		 * @return its addresses
		 * @throws UnknownHostException if it has none
		 */
		InetAddress[] resolve(String host) throws UnknownHostException;

	}

}
