package org.hkpgateway.sdk;

import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import io.netty.handler.ssl.SslContext;

import org.jspecify.annotations.Nullable;

/**
 * Where the gateway's host service listens, and the token that lets this process in.
 */
sealed interface HostAddress {

	/**
	 * The token.
	 * @return never printed
	 */
	String token();

	/**
	 * Reads it.
	 * @param environment the environment
	 * @return null if the gateway serves none to this process
	 * @throws LaunchException if it is malformed; the message does not quote the token
	 */
	static @Nullable HostAddress parse(Map<String, String> environment) throws LaunchException {
		String address = environment.getOrDefault("PLUGIN_HOST_ADDRESS", "");
		if (address.isEmpty()) {
			return null;
		}
		Matcher remote = Remote.SYNTAX.matcher(address);
		int port = remote.matches() ? Integer.parseInt(remote.group(3)) : 0;
		boolean unix = address.startsWith(Unix.PREFIX) && address.length() > Unix.PREFIX.length();
		if (!unix && (port < 1 || port > 65535)) {
			throw new LaunchException(
					"expected: unix:PATH or HOST:PORT in PLUGIN_HOST_ADDRESS, got: '" + address + "'");
		}
		String token = environment.getOrDefault("PLUGIN_HOST_TOKEN", "");
		if (token.isEmpty() || !token.chars().allMatch((c) -> c > ' ' && c < 0x7f)) {
			throw new LaunchException("expected: a token of printable ASCII in PLUGIN_HOST_TOKEN, got: "
					+ (token.isEmpty() ? "none" : "something else"));
		}
		if (unix) {
			return new Unix(address.substring(Unix.PREFIX.length()), token);
		}
		String host = (remote.group(1) != null) ? remote.group(1) : remote.group(2);
		return new Remote(host, port, token, HostTls.parse(environment));
	}

	/**
	 * On this machine, for a plugin that the gateway has started.
	 *
	 * @param socket path of a unix socket
	 * @param token as above
	 */
	record Unix(String socket, String token) implements HostAddress {

		private static final String PREFIX = "unix:";

		@Override
		public String toString() {
			return PREFIX + this.socket;
		}

	}

	/**
	 * Elsewhere, for a plugin that its operator has started. Always with TLS.
	 *
	 * @param host name or literal address, which the gateway's certificate must carry
	 * @param port 1 to 65535
	 * @param token as above
	 * @param tls whom to trust, and who this is
	 */
	record Remote(String host, int port, String token, SslContext tls) implements HostAddress {

		private static final Pattern SYNTAX = Pattern.compile("(?:\\[([0-9A-Fa-f:.]+)]|([A-Za-z0-9._-]+)):(\\d{1,5})");

		@Override
		public String toString() {
			return this.host + ":" + this.port;
		}

	}

}
