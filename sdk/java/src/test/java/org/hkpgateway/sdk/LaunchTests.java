package org.hkpgateway.sdk;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

import org.hkpgateway.sdk.log.LogLevel;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link Launch}.
 */
class LaunchTests {

	@Test
	void withoutTheCookieItIsARunByHand() {
		assertThatExceptionOfType(LaunchException.class).isThrownBy(() -> Launch.parse(Map.of(), false))
			.withMessageStartingWith("this is a plugin, not a program to run by hand");
		assertThatExceptionOfType(LaunchException.class)
			.isThrownBy(() -> Launch.parse(Map.of(HkpPlugin.COOKIE_VARIABLE, "wrong"), false));
	}

	@Test
	void theEnvironmentCanSayThatARunByHandIsMeant() throws LaunchException {
		assertThat(Launch.parse(Map.of("HKP_PLUGIN_DEBUG", "true", "PLUGIN_NAME", "n"), false).byHand()).isTrue();
		assertThatExceptionOfType(LaunchException.class)
			.isThrownBy(() -> Launch.parse(Map.of("HKP_PLUGIN_DEBUG", "1"), false));
		// Of a plugin that a gateway starts it changes nothing.
		assertThat(Launch.parse(environment("HKP_PLUGIN_DEBUG", "true", "PLUGIN_UNIX_SOCKET_DIR", "/run/x"), false)
			.byHand()).isFalse();
	}

	@Test
	void thePortsComeFirst() throws LaunchException {
		Launch launch = Launch.parse(environment("PLUGIN_UNIX_SOCKET_DIR", "/run/x", "PLUGIN_MIN_PORT", "1",
				"PLUGIN_MAX_PORT", "2", "PLUGIN_NAME", "n", "PLUGIN_VERSION", "1.2", "PLUGIN_DATA_DIR", "/data",
				HkpPlugin.LOG_LEVEL_VARIABLE, "Debug"), false);
		assertThat(launch).isEqualTo(
				new Launch("n", "1.2", new Listen.Tcp(1, 2), Credentials.NONE, null, Path.of("/data"), LogLevel.DEBUG));
	}

	@Test
	void aNamedSocketComesBeforeAll() throws LaunchException {
		Launch launch = Launch.parse(environment("PLUGIN_UNIX_SOCKET", "/run/p/plugin.sock", "PLUGIN_UNIX_SOCKET_DIR",
				"/run/x", "PLUGIN_MIN_PORT", "1", "PLUGIN_MAX_PORT", "2"), false);
		assertThat(launch.listen()).isEqualTo(new Listen.NamedSocket(Path.of("/run/p/plugin.sock")));
		assertThat(launch.outlivesGateways()).isTrue();
		assertThat(launch.byHand()).isFalse();
	}

	@Test
	void portsWhenThereIsNoDirectory() throws LaunchException {
		Launch launch = Launch.parse(environment("PLUGIN_MIN_PORT", "10000", "PLUGIN_MAX_PORT", "10010"), false);
		assertThat(launch)
			.isEqualTo(new Launch("", "", new Listen.Tcp(10000, 10010), Credentials.NONE, null, null, LogLevel.INFO));
	}

	@Test
	void theDirectoryWhenThereAreNoPorts() throws LaunchException {
		Launch launch = Launch.parse(environment("PLUGIN_UNIX_SOCKET_DIR", "/run/x"), false);
		assertThat(launch.listen()).isEqualTo(new Listen.UnixSocket(Path.of("/run/x")));
		assertThat(launch.credentials()).isEqualTo(Credentials.NONE);
		assertThat(launch.byHand()).isFalse();
	}

	@Test
	void oneOfTwoPortsIsAnError() {
		assertThatExceptionOfType(LaunchException.class)
			.isThrownBy(() -> Launch.parse(environment("PLUGIN_UNIX_SOCKET_DIR", "/x", "PLUGIN_MIN_PORT", "1"), false))
			.withMessage("expected: a port from 0 to 65535 in PLUGIN_MAX_PORT, got: ''");
	}

	@Test
	void debuggingIsForAStartByHandOnly() throws LaunchException {
		Launch byHand = Launch.parse(Map.of("PLUGIN_NAME", "n", "PLUGIN_CLIENT_CERT", "ignored"), true);
		assertThat(byHand)
			.isEqualTo(new Launch("n", "", new Listen.OwnDirectory(), Credentials.NONE, null, null, LogLevel.INFO));
		assertThat(byHand.byHand()).isTrue();
		assertThat(Launch.parse(environment("PLUGIN_UNIX_SOCKET_DIR", "/run/x"), true).byHand()).isFalse();
	}

	@Test
	void neitherIsAnError() {
		assertThatExceptionOfType(LaunchException.class).isThrownBy(() -> Launch.parse(environment(), false))
			.withMessageContaining("PLUGIN_UNIX_SOCKET_DIR");
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "x", "-1", "65536" })
	void badPortsAreNamed(String port) {
		assertThatExceptionOfType(LaunchException.class)
			.isThrownBy(() -> Launch.parse(environment("PLUGIN_MIN_PORT", port, "PLUGIN_MAX_PORT", "9"), false))
			.withMessage("expected: a port from 0 to 65535 in PLUGIN_MIN_PORT, got: '" + port + "'");
	}

	@Test
	void badRangeAndBadLevel() {
		assertThatExceptionOfType(LaunchException.class)
			.isThrownBy(() -> Launch.parse(environment("PLUGIN_MIN_PORT", "10", "PLUGIN_MAX_PORT", "9"), false))
			.withMessageContaining("10 and 9");
		assertThatExceptionOfType(LaunchException.class)
			.isThrownBy(() -> Launch
				.parse(environment("PLUGIN_UNIX_SOCKET_DIR", "/x", HkpPlugin.LOG_LEVEL_VARIABLE, "loud"), false))
			.withMessageContaining("HKP_LOG_LEVEL");
	}

	@Test
	void theHostIsOnASocket() throws LaunchException {
		HostAddress host = Launch
			.parse(environment("PLUGIN_UNIX_SOCKET_DIR", "/x", "PLUGIN_HOST_ADDRESS", "unix:/run/h",
					"PLUGIN_HOST_TOKEN", "secret"), false)
			.host();
		assertThat(host).isEqualTo(new HostAddress.Unix("/run/h", "secret")).hasToString("unix:/run/h");
	}

	@ParameterizedTest
	@CsvSource({ "gw.example:11391,gw.example,11391", "192.0.2.1:1,192.0.2.1,1",
			"[2001:db8::1]:65535,2001:db8::1,65535" })
	void orElsewhereWithTheAuthoritiesOfJava(String address, String name, int port) throws LaunchException {
		HostAddress host = HostAddress.parse(Map.of("PLUGIN_HOST_ADDRESS", address, "PLUGIN_HOST_TOKEN", "secret"));
		assertThat(host).isInstanceOfSatisfying(HostAddress.Remote.class, (remote) -> {
			assertThat(remote.host()).isEqualTo(name);
			assertThat(remote.port()).isEqualTo(port);
			assertThat(remote.token()).isEqualTo("secret");
			assertThat(remote.toString()).doesNotContain("secret");
		});
	}

	@Test
	void gatewaysComeAndGoWhereTheyAreElsewhere() throws LaunchException {
		for (String[] host : new String[][] { { "unix:/run/h", "false" }, { "gw.example:1", "true" } }) {
			assertThat(Launch
				.parse(environment("PLUGIN_UNIX_SOCKET_DIR", "/x", "PLUGIN_HOST_ADDRESS", host[0], "PLUGIN_HOST_TOKEN",
						"secret"), false)
				.outlivesGateways()).isEqualTo(Boolean.valueOf(host[1]));
		}
		assertThat(Launch.parse(environment("PLUGIN_UNIX_SOCKET_DIR", "/x"), false).outlivesGateways()).isFalse();
		assertThat(Launch.parse(Map.of(), true).outlivesGateways()).isTrue();
	}

	@ParameterizedTest
	@ValueSource(
			strings = { "unix:", "gw.example", "gw.example:0", "gw.example:65536", "2001:db8::1:9", "http://gw:9" })
	void anAddressIsOneOfTheTwo(String address) {
		assertThatExceptionOfType(LaunchException.class)
			.isThrownBy(() -> HostAddress.parse(Map.of("PLUGIN_HOST_ADDRESS", address, "PLUGIN_HOST_TOKEN", "secret")))
			.withMessage("expected: unix:PATH or HOST:PORT in PLUGIN_HOST_ADDRESS, got: '" + address + "'");
	}

	@ParameterizedTest
	@CsvSource({ "PLUGIN_HOST_CA_FILE,/none,expected: a readable file in PLUGIN_HOST_CA_FILE",
			"PLUGIN_HOST_CA_FILE,pom.xml,expected: certificates in PEM in PLUGIN_HOST_CA_FILE",
			"PLUGIN_HOST_CERT_FILE,pom.xml,expected: both of PLUGIN_HOST_CERT_FILE and PLUGIN_HOST_KEY_FILE",
			"PLUGIN_HOST_KEY_FILE,pom.xml,expected: both of PLUGIN_HOST_CERT_FILE and PLUGIN_HOST_KEY_FILE" })
	void filesThatCannotBeUsedEndTheLaunch(String variable, String file, String message) {
		assertThatExceptionOfType(LaunchException.class)
			.isThrownBy(() -> HostAddress
				.parse(Map.of("PLUGIN_HOST_ADDRESS", "gw:9", "PLUGIN_HOST_TOKEN", "secret", variable, file)))
			.withMessageStartingWith(message)
			.withMessageNotContaining("secret");
	}

	@ParameterizedTest
	@CsvSource({ "'',true", "1,true", "'2,1',true", "' 1 ',true", "2,false", "'2,x',false" })
	void versions(String versions, boolean spoken) {
		assertThat(Launch.isSpokenBy(Map.of("PLUGIN_PROTOCOL_VERSIONS", versions))).isEqualTo(spoken);
	}

	private static Map<String, String> environment(String... namesAndValues) {
		Map<String, String> environment = new HashMap<>();
		environment.put(HkpPlugin.COOKIE_VARIABLE, HkpPlugin.COOKIE);
		for (int i = 0; i < namesAndValues.length; i += 2) {
			environment.put(namesAndValues[i], namesAndValues[i + 1]);
		}
		return environment;
	}

}
