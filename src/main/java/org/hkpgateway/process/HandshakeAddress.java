package org.hkpgateway.process;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.hkpgateway.plugin.PluginEndpoint;

/**
 * The network and address fields of a handshake.
 */
final class HandshakeAddress {

	/** Socket addresses hold 108 bytes, the last of which is a NUL. */
	static final int MOST_SOCKET_PATH_BYTES = 107;

	/** A name other than localhost would have to be looked up, and could be anywhere. */
	private static final Pattern HOST_AND_PORT = Pattern
		.compile("(?<host>localhost|[0-9]{1,3}(?:\\.[0-9]{1,3}){3}|\\[[0-9A-Fa-f:]+]):(?<port>[0-9]{1,5})");

	private HandshakeAddress() {
	}

	/**
	 * Reads both fields.
	 * @throws HandshakeException if it is no address that the gateway can connect to
	 */
	static PluginEndpoint parse(String network, String address, boolean tcp) {
		return switch (network) {
			case "unix" -> new PluginEndpoint.Unix(path(address));
			case "tcp" -> {
				if (!tcp) {
					throw new HandshakeException(
							"network tcp was not offered: expected: unix, got: tcp " + Printable.excerpt(address, 100)
									+ "; the plugin must listen on a socket in " + PluginEnvironment.SOCKET_DIRECTORY);
				}
				yield port(address);
			}
			default -> throw new HandshakeException("network: expected: unix" + (tcp ? " or tcp" : "") + ", got: '"
					+ Printable.excerpt(network, 20) + "'");
		};
	}

	private static PluginEndpoint.Tcp port(String text) {
		Matcher matcher = HOST_AND_PORT.matcher(text);
		if (matcher.matches()) {
			int port = Integer.parseInt(matcher.group("port"));
			String host = matcher.group("host").replaceAll("[\\[\\]]", "");
			if (port >= 1 && port <= 65535 && isLoopback(host)) {
				return new PluginEndpoint.Tcp(host, port);
			}
		}
		throw new HandshakeException("address: expected: a loopback address and a port, for example 127.0.0.1:10000, "
				+ "got: '" + Printable.excerpt(text, 100) + "'; the plugin must not be reachable from other machines");
	}

	private static boolean isLoopback(String host) {
		try {
			return host.equals("localhost") || InetAddress.getByName(host).isLoopbackAddress();
		}
		catch (UnknownHostException ex) {
			return false;
		}
	}

	private static Path path(String text) {
		Path path;
		try {
			path = Path.of(text);
		}
		catch (InvalidPathException ex) {
			throw new HandshakeException(
					"address: expected: the path of a socket, got: '" + Printable.excerpt(text, 200) + "'");
		}
		if (text.isEmpty() || !path.isAbsolute()) {
			throw new HandshakeException("address: expected: the absolute path of a socket in "
					+ PluginEnvironment.SOCKET_DIRECTORY + ", got: '" + Printable.excerpt(text, 200) + "'");
		}
		int length = text.getBytes(StandardCharsets.UTF_8).length;
		if (length > MOST_SOCKET_PATH_BYTES) {
			throw new HandshakeException("address: expected: at most " + MOST_SOCKET_PATH_BYTES + " bytes, got: "
					+ length + ": " + Printable.excerpt(text, 200));
		}
		return path;
	}

}
