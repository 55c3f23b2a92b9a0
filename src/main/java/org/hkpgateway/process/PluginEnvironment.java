package org.hkpgateway.process;

import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

import org.hkpgateway.plugin.Network;
import org.hkpgateway.plugin.PluginEndpoint;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.PluginStartException;
import org.hkpgateway.plugin.ProtocolVersion;

import org.jspecify.annotations.Nullable;

/**
 * The environment of a plugin's process: nothing is inherited but what is listed here.
 */
final class PluginEnvironment {

	static final String COOKIE = "HKP_PLUGIN_COOKIE";

	/** Tells a plugin that it was started by a gateway; a constant, not a secret. */
	static final String COOKIE_VALUE = "hkp-gateway-plugin-7b1e5c1f0d3a4e2c";

	static final String SOCKET_DIRECTORY = "PLUGIN_UNIX_SOCKET_DIR";

	static final String GRPC_ADDRESS = "PLUGIN_GRPC_ADDRESS";

	/** The ports that plugins choose from, as go-plugin's own hosts offer them. */
	static final int MIN_PORT = 10000;

	static final int MAX_PORT = 25000;

	private static final Set<String> INHERITED = Set.of("PATH", "JAVA_HOME", "LANG", "TZ");

	private PluginEnvironment() {
	}

	/**
	 * Puts the environment together.
	 * @param spec the plugin
	 * @param gateway the gateway's own environment
	 * @param directories what was made for this launch
	 * @return all variables
	 * @throws PluginStartException if the operator's additions set what is not theirs
	 */
	static Map<String, String> of(PluginSpec spec, Map<String, String> gateway, LaunchDirectories directories) {
		Map<String, String> environment = new TreeMap<>();
		gateway.forEach((name, value) -> {
			if (INHERITED.contains(name) || name.startsWith("LC_")) {
				environment.put(name, value);
			}
		});
		environment.put("TMPDIR", directories.temporary().toString());
		spec.environment().forEach((name, value) -> {
			checkAddition(spec, name, value);
			environment.put(name, value);
		});
		environment.put(COOKIE, COOKIE_VALUE);
		environment.put("PLUGIN_PROTOCOL_VERSIONS", String.valueOf(ProtocolVersion.CURRENT.major()));
		environment.put(SOCKET_DIRECTORY, directories.sockets().toString());
		environment.put("PLUGIN_NAME", spec.id().name());
		environment.put("PLUGIN_VERSION", spec.version());
		environment.put("PLUGIN_DATA_DIR", directories.data().toString());
		return environment;
	}

	/**
	 * What tells the plugin where to listen, if not on a socket of its choice.
	 * @param address null for a plugin that shakes hands
	 */
	static Map<String, String> listening(Network network, PluginEndpoint.@Nullable Tcp address) {
		if (address != null) {
			return Map.of(GRPC_ADDRESS, address.host() + ":" + address.port());
		}
		return (network == Network.TCP)
				? Map.of("PLUGIN_MIN_PORT", String.valueOf(MIN_PORT), "PLUGIN_MAX_PORT", String.valueOf(MAX_PORT))
				: Map.of();
	}

	private static void checkAddition(PluginSpec spec, String name, String value) {
		String key = "hkp.plugins.settings." + spec.id() + ".environment";
		if (name.startsWith("PLUGIN_") || name.equals(COOKIE)) {
			throw new PluginStartException(spec.id(), key + ": expected: no variable " + COOKIE
					+ " and none that begins with PLUGIN_, which the gateway sets itself, got: " + name);
		}
		if (name.isEmpty() || name.indexOf('=') >= 0 || name.indexOf('\0') >= 0 || value.indexOf('\0') >= 0) {
			throw new PluginStartException(spec.id(),
					key + ": expected: a name without '=' and no NUL, got: '" + Printable.excerpt(name, 100) + "'");
		}
	}

	/**
	 * The directories of one launch.
	 *
	 * @param runtime holds them, and those of other launches
	 * @param sockets where its socket belongs
	 * @param temporary for its temporary files
	 * @param data for what should outlive it
	 */
	record LaunchDirectories(Path runtime, Path sockets, Path temporary, Path data) {

	}

}
