package org.hkpgateway.process;

import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;

import org.hkpgateway.plugin.PluginEndpoint;

/**
 * The first line on a plugin's stdout, as go-plugin defines it:
 * {@code core|app|network|address[|protocol[|certificate[|multiplex]]]}.
 *
 * @param appVersion the major protocol version that the plugin chose
 * @param endpoint where it listens
 */
record Handshake(int appVersion, PluginEndpoint.Unix endpoint) {

	/** Socket addresses hold 108 bytes, the last of which is a NUL. */
	static final int MOST_SOCKET_PATH_BYTES = 107;

	private static final String FORM = "core|app|network|address|protocol, for example 1|1|unix|/run/x/plugin123|grpc";

	private static final int CORE_VERSION = 1;

	/** go-plugin itself ignores shorter certificate fields. */
	private static final int SHORTEST_CERTIFICATE = 51;

	/**
	 * Reads a handshake.
	 * @param line the line without its end
	 * @param appVersions the majors that the gateway speaks
	 * @return the handshake
	 * @throws HandshakeException if it is none, or none that the gateway can work with
	 */
	static Handshake parse(String line, List<Integer> appVersions) {
		String[] fields = line.strip().split("\\|", -1);
		if (fields.length < 4 || !isNumber(fields[0])) {
			throw new HandshakeException("not a handshake: expected: " + FORM + ", got: '"
					+ Printable.excerpt(line, 200) + "'. Does the plugin, or a runtime it is started by, print "
					+ "something before the handshake? Is it built for another machine, or does it miss libraries?");
		}
		checkCore(fields[0]);
		int appVersion = appVersion(fields[1], appVersions);
		checkNetwork(fields[2], fields[3]);
		Path address = address(fields[3]);
		checkProtocol((fields.length > 4) ? fields[4] : "");
		checkCertificate((fields.length > 5) ? fields[5] : "");
		return new Handshake(appVersion, new PluginEndpoint.Unix(address));
	}

	private static void checkCore(String core) {
		if (!core.equals(String.valueOf(CORE_VERSION))) {
			throw new HandshakeException(
					"core protocol version: expected: " + CORE_VERSION + ", got: " + Printable.excerpt(core, 20)
							+ "; build the plugin with a library that speaks version " + CORE_VERSION);
		}
	}

	private static int appVersion(String text, List<Integer> appVersions) {
		if (!isNumber(text)) {
			throw new HandshakeException(
					"app protocol version: expected: a number, got: '" + Printable.excerpt(text, 20) + "'");
		}
		int version = Integer.parseInt(text);
		if (!appVersions.contains(version)) {
			throw new HandshakeException(
					"no common app protocol version: the plugin speaks " + version + ", this gateway speaks "
							+ appVersions + "; the plugin must choose one of " + "PLUGIN_PROTOCOL_VERSIONS");
		}
		return version;
	}

	private static void checkNetwork(String network, String address) {
		if (network.equals("tcp")) {
			throw new HandshakeException(
					"network tcp was not offered: expected: unix, got: tcp " + Printable.excerpt(address, 100)
							+ "; the plugin must listen on a socket in " + PluginEnvironment.SOCKET_DIRECTORY);
		}
		if (!network.equals("unix")) {
			throw new HandshakeException("network: expected: unix, got: '" + Printable.excerpt(network, 20) + "'");
		}
	}

	private static Path address(String text) {
		Path path = path(text);
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

	private static Path path(String text) {
		try {
			return Path.of(text);
		}
		catch (InvalidPathException ex) {
			throw new HandshakeException(
					"address: expected: the path of a socket, got: '" + Printable.excerpt(text, 200) + "'");
		}
	}

	private static void checkProtocol(String protocol) {
		if (!protocol.equals("grpc")) {
			throw new HandshakeException("protocol: expected: grpc, got: "
					+ (protocol.isEmpty() ? "nothing, which means netrpc" : "'" + Printable.excerpt(protocol, 20) + "'")
					+ "; have the plugin serve gRPC");
		}
	}

	private static void checkCertificate(String certificate) {
		if (certificate.length() >= SHORTEST_CERTIFICATE) {
			throw new HandshakeException("certificate: expected: none, because no PLUGIN_CLIENT_CERT was given, got: "
					+ "one of " + certificate.length() + " characters; have the plugin serve without TLS");
		}
	}

	private static boolean isNumber(String text) {
		return text.matches("[0-9]{1,9}");
	}

}
