package org.hkpgateway.process;

import java.nio.file.Path;
import java.util.Map;

import org.hkpgateway.plugin.Network;
import org.hkpgateway.plugin.PluginEndpoint;
import org.hkpgateway.plugin.PluginStartException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.entry;

class PluginEnvironmentTests {

	private static final PluginEnvironment.LaunchDirectories DIRECTORIES = new PluginEnvironment.LaunchDirectories(
			Path.of("/r"), Path.of("/r/abc"), Path.of("/r/abc/tmp"), Path.of("/r/data/x"));

	@Test
	void nothingIsInheritedButWhatIsAllowed() {
		Map<String, String> gateway = Map.of("PATH", "/bin", "JAVA_HOME", "/j", "LANG", "C.UTF-8", "LC_ALL", "C", "TZ",
				"UTC", "HOME", "/root", "SECRET", "s", "PLUGIN_CLIENT_CERT", "outer", "HKP_PLUGIN_COOKIE", "outer");
		assertThat(PluginEnvironment.of(TestPlugins.spec(Map.of("EXTRA", "1")), gateway, DIRECTORIES)).containsOnly(
				entry("PATH", "/bin"), entry("JAVA_HOME", "/j"), entry("LANG", "C.UTF-8"), entry("LC_ALL", "C"),
				entry("TZ", "UTC"), entry("TMPDIR", "/r/abc/tmp"), entry("EXTRA", "1"),
				entry("HKP_PLUGIN_COOKIE", "hkp-gateway-plugin-7b1e5c1f0d3a4e2c"),
				entry("PLUGIN_PROTOCOL_VERSIONS", "1"), entry("PLUGIN_UNIX_SOCKET_DIR", "/r/abc"),
				entry("PLUGIN_NAME", "fake"), entry("PLUGIN_VERSION", "1.2.3"), entry("PLUGIN_DATA_DIR", "/r/data/x"));
	}

	@Test
	void theOperatorMayChangeWhatIsInherited() {
		assertThat(PluginEnvironment.of(TestPlugins.spec(Map.of("PATH", "/opt/bin", "LD_PRELOAD", "/l.so")),
				Map.of("PATH", "/bin"), DIRECTORIES))
			.contains(entry("PATH", "/opt/bin"), entry("LD_PRELOAD", "/l.so"));
	}

	@ParameterizedTest
	@ValueSource(strings = { "PLUGIN_NAME", "PLUGIN_ANYTHING", "HKP_PLUGIN_COOKIE" })
	void theOperatorMayNotSetWhatIsTheGateways(String name) {
		assertThatExceptionOfType(PluginStartException.class)
			.isThrownBy(() -> PluginEnvironment.of(TestPlugins.spec(Map.of(name, "x")), Map.of(), DIRECTORIES))
			.withMessage("plugin fake: hkp.plugins.settings.fake.environment: expected: no variable HKP_PLUGIN_COOKIE "
					+ "and none that begins with PLUGIN_, which the gateway sets itself, got: " + name);
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "A=B", "A\0" })
	void namesThatNoVariableCanHave(String name) {
		assertThatExceptionOfType(PluginStartException.class)
			.isThrownBy(() -> PluginEnvironment.of(TestPlugins.spec(Map.of(name, "x")), Map.of(), DIRECTORIES))
			.withMessageContaining("expected: a name without '='");
	}

	@Test
	void whereToListen() {
		assertThat(PluginEnvironment.listening(Network.UNIX, null)).isEmpty();
		assertThat(PluginEnvironment.listening(Network.TCP, null)).containsOnly(entry("PLUGIN_MIN_PORT", "10000"),
				entry("PLUGIN_MAX_PORT", "25000"));
		assertThat(PluginEnvironment.listening(Network.TCP, new PluginEndpoint.Tcp("localhost", 4711)))
			.containsOnly(entry("PLUGIN_GRPC_ADDRESS", "localhost:4711"));
	}

}
