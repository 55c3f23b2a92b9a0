package org.hkpgateway.sdk;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Map;

import org.hkpgateway.sdk.log.LogLevel;

import org.jspecify.annotations.Nullable;

/**
 * The launch contract: what the gateway says in the environment.
 *
 * @param name the plugin's name; empty when not told
 * @param version its version as in the manifest; empty when not told
 * @param listen where to listen
 * @param credentials whom to let in
 * @param host where the gateway can be asked; null when it cannot
 * @param dataDirectory where the plugin may keep files
 * @param logLevel the least level to log
 */
record Launch(String name, String version, Listen listen, Credentials credentials, @Nullable HostAddress host,
		@Nullable Path dataDirectory, LogLevel logLevel) {

	private static final String HAND = """
			this is a plugin, not a program to run by hand
			It is started by hkp-gateway: put its directory (plugin.toml and the executable) into one of the
			gateway's hkp.plugins.directories and start the gateway. To run it under a debugger and let a gateway
			attach to it, start it with HKP_PLUGIN_DEBUG=true, or with the Java option -Dhkp.plugin.debug=true.""";

	/**
	 * Reads the contract.
	 * @param environment the environment
	 * @param debug whether a start by hand is meant, as if the environment said so; it
	 * changes nothing for a plugin that a gateway starts
	 * @return what the gateway says, or the terms of a start by hand
	 * @throws LaunchException if this is a start by hand and not meant, or if a variable
	 * is missing or malformed
	 */
	static Launch parse(Map<String, String> environment, boolean debug) throws LaunchException {
		if (HkpPlugin.COOKIE.equals(environment.get(HkpPlugin.COOKIE_VARIABLE))) {
			return launch(environment, listen(environment), Credentials.parse(environment));
		}
		if (debug || "true".equalsIgnoreCase(environment.get(HkpPlugin.DEBUG_VARIABLE))) {
			return launch(environment, new Listen.OwnDirectory(), Credentials.NONE);
		}
		throw new LaunchException(HAND);
	}

	private static Launch launch(Map<String, String> environment, Listen listen, Credentials credentials)
			throws LaunchException {
		String data = environment.getOrDefault("PLUGIN_DATA_DIR", "");
		return new Launch(environment.getOrDefault("PLUGIN_NAME", ""), environment.getOrDefault("PLUGIN_VERSION", ""),
				listen, credentials, HostAddress.parse(environment),
				data.isEmpty() ? null : path("PLUGIN_DATA_DIR", data), logLevel(environment));
	}

	/**
	 * Whether a person has started the plugin, for gateways to attach to it.
	 * @return true in the debugging mode
	 */
	boolean byHand() {
		return this.listen instanceof Listen.OwnDirectory;
	}

	/**
	 * Whether the operator has started the plugin beside the gateway, and said where.
	 * @return true if it is told the path of its socket, which a gateway never does
	 */
	boolean beside() {
		return this.listen instanceof Listen.NamedSocket;
	}

	/**
	 * Whether the process is not the gateway's: gateways come and go.
	 * @return true of one that was started by hand or by the operator, and of one whose
	 * gateway is elsewhere
	 */
	boolean outlivesGateways() {
		return byHand() || beside() || this.host instanceof HostAddress.Remote;
	}

	/**
	 * Whether the gateway speaks our protocol version.
	 * @param environment the environment
	 * @return true also when it does not say
	 */
	static boolean isSpokenBy(Map<String, String> environment) {
		String versions = environment.getOrDefault("PLUGIN_PROTOCOL_VERSIONS", "");
		if (versions.isBlank()) {
			return true;
		}
		for (String version : versions.split(",", -1)) {
			if (version.strip().equals(Integer.toString(HkpPlugin.PROTOCOL_VERSION))) {
				return true;
			}
		}
		return false;
	}

	private static Listen listen(Map<String, String> environment) throws LaunchException {
		String socket = environment.getOrDefault("PLUGIN_UNIX_SOCKET", "");
		if (!socket.isEmpty()) {
			return new Listen.NamedSocket(path("PLUGIN_UNIX_SOCKET", socket));
		}
		// The directory is always told, the ports only when TCP is configured: they win.
		if (environment.containsKey("PLUGIN_MIN_PORT") || environment.containsKey("PLUGIN_MAX_PORT")) {
			int first = port(environment, "PLUGIN_MIN_PORT");
			int last = port(environment, "PLUGIN_MAX_PORT");
			if (first > last) {
				throw new LaunchException(
						"expected: PLUGIN_MIN_PORT at most PLUGIN_MAX_PORT, got: " + first + " and " + last);
			}
			return new Listen.Tcp(first, last);
		}
		String directory = environment.getOrDefault("PLUGIN_UNIX_SOCKET_DIR", "");
		if (!directory.isEmpty()) {
			return new Listen.UnixSocket(path("PLUGIN_UNIX_SOCKET_DIR", directory));
		}
		throw new LaunchException("expected: PLUGIN_UNIX_SOCKET_DIR, or PLUGIN_MIN_PORT and PLUGIN_MAX_PORT, in the"
				+ " environment, got: neither; the gateway sets them");
	}

	private static Path path(String variable, String value) throws LaunchException {
		try {
			return Path.of(value).toAbsolutePath();
		}
		catch (InvalidPathException ex) {
			throw new LaunchException("expected: a path in " + variable + ", got: '" + value + "'", ex);
		}
	}

	private static int port(Map<String, String> environment, String variable) throws LaunchException {
		String value = environment.getOrDefault(variable, "");
		try {
			int port = Integer.parseInt(value.strip());
			if (port >= 0 && port <= 65535) {
				return port;
			}
		}
		catch (NumberFormatException ex) {
			// Told below.
		}
		throw new LaunchException("expected: a port from 0 to 65535 in " + variable + ", got: '" + value + "'");
	}

	private static LogLevel logLevel(Map<String, String> environment) throws LaunchException {
		String name = environment.getOrDefault(HkpPlugin.LOG_LEVEL_VARIABLE, "");
		try {
			return name.isEmpty() ? LogLevel.INFO : LogLevel.parse(name);
		}
		catch (IllegalArgumentException ex) {
			throw new LaunchException(HkpPlugin.LOG_LEVEL_VARIABLE + ": " + ex.getMessage(), ex);
		}
	}

}
