package org.hkpgateway.config;

import java.util.Map;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.core.env.MapPropertySource;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.env.SystemEnvironmentPropertySource;

import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatNoException;

/**
 * Tests for {@link ServerSettingsCheck}.
 */
class ServerSettingsCheckTests {

	@ParameterizedTest
	@CsvSource({ "server.ssl.bundle,server.ssl,hkp.tls.bundle", "server.ssl.enabled,server.ssl,hkp.tls.bundle",
			"server.ssl.server-name-bundles[0].bundle,server.ssl,hkp.tls.bundle",
			"server.compression.enabled,server.compression,keyserver", "server.http2.enabled,server.http2,HTTP/2",
			"server.netty.idle-timeout,server.netty,hkp.edge.idle-timeout",
			"server.netty.validate-headers,server.netty,hkp.edge",
			"server.netty.connectionTimeout,server.netty,hkp.edge",
			"server.max-http-request-header-size,server.max-http-request-header-size,hkp.edge.max-header-bytes",
			"server.shutdown,server.shutdown,hkp.shutdown.drain",
			"server.forward-headers-strategy,server.forward-headers-strategy,hkp.client-address.trusted-proxies" })
	void aSettingThatThePublicPortDoesNotKeepIsRefused(String key, String named, String instead) {
		assertThatExceptionOfType(UnusableSettingException.class)
			.isThrownBy(() -> ServerSettingsCheck.check(properties(Map.of(key, "native"))))
			.withMessageStartingWith(named + ": expected: not to be set")
			.satisfies((ex) -> org.assertj.core.api.Assertions.assertThat(ex.action()).contains(named, instead));
	}

	@ParameterizedTest
	@ValueSource(strings = { "SERVER_SSL_BUNDLE", "SERVER_NETTY_IDLETIMEOUT", "SERVER_FORWARDHEADERSSTRATEGY",
			"SERVER_FORWARD_HEADERS_STRATEGY", "SERVER_SHUTDOWN" })
	void soIsAVariableOfTheEnvironment(String name) {
		assertThatExceptionOfType(UnusableSettingException.class)
			.isThrownBy(() -> ServerSettingsCheck.check(variables(Map.of(name, "framework"))));
	}

	@ParameterizedTest
	@CsvSource({ "server.http2.enabled,true", "server.ssl.enabled,false", "server.compression.enabled,false",
			"server.shutdown,graceful", "server.shutdown,''", "server.ssl.bundle,''", "server.netty.idle-timeout,''" })
	void whatChangesNothingIsNot(String key, String value) {
		assertThatNoException().isThrownBy(() -> ServerSettingsCheck.check(properties(Map.of(key, value))));
	}

	@Test
	void soIsMoreThanThat() {
		assertThatExceptionOfType(UnusableSettingException.class).isThrownBy(() -> ServerSettingsCheck
			.check(properties(Map.of("server.ssl.enabled", "false", "server.ssl.bundle", "b"))));
	}

	@Test
	void whatThePublicPortKeepsAndWhatIsNotOursIsNot() {
		assertThatNoException()
			.isThrownBy(() -> ServerSettingsCheck.check(properties(Map.of("server.port", "1", "server.address",
					"127.0.0.1", "server.forward-headers-strategy", "none", "management.server.ssl.bundle", "b"))));
		assertThatNoException().isThrownBy(() -> ServerSettingsCheck
			.check(variables(Map.of("SERVER_NAME", "keys", "SERVER_SERVICE_HOST", "192.0.2.1"))));
	}

	private static StandardEnvironment properties(Map<String, Object> all) {
		StandardEnvironment environment = new StandardEnvironment();
		environment.getPropertySources().addFirst(new MapPropertySource("test", all));
		return environment;
	}

	private static StandardEnvironment variables(Map<String, Object> all) {
		StandardEnvironment environment = new StandardEnvironment();
		environment.getPropertySources()
			.replace(StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME, new SystemEnvironmentPropertySource(
					StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME, all));
		return environment;
	}

}
