package org.hkpgateway.process;

import java.nio.file.Path;
import java.util.List;

import org.hkpgateway.plugin.PluginEndpoint;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

class HandshakeTests {

	private static final List<Integer> ONE = List.of(1);

	@ParameterizedTest
	@ValueSource(strings = { "1|1|unix|/run/x/plugin123|grpc", "1|1|unix|/run/x/plugin123|grpc|",
			"  1|1|unix|/run/x/plugin123|grpc||false \r", "1|1|unix|/run/x/plugin123|grpc||true|more|segments",
			"1|1|unix|/run/x/plugin123|grpc|short-certificate-field" })
	void valid(String line) {
		Handshake handshake = Handshake.parse(line, ONE);
		assertThat(handshake.appVersion()).isEqualTo(1);
		assertThat(handshake.endpoint()).isEqualTo(new PluginEndpoint.Unix(Path.of("/run/x/plugin123")));
	}

	@Test
	void anyOfSeveralAppVersions() {
		assertThat(Handshake.parse("1|2|unix|/s|grpc", List.of(1, 2)).appVersion()).isEqualTo(2);
	}

	@ParameterizedTest
	@ValueSource(strings = { "hello", "", "|||", "1|1|unix", "x|1|unix|/s|grpc", "Usage: plugin [a|b|c|d]",
			"-1|1|unix|/s|grpc", "99999999999|1|unix|/s|grpc" })
	void notAHandshake(String line) {
		assertThatExceptionOfType(HandshakeException.class).isThrownBy(() -> Handshake.parse(line, ONE))
			.withMessageStartingWith("not a handshake: expected: core|app|network|address|protocol, for example "
					+ "1|1|unix|/run/x/plugin123|grpc, got: '" + line + "'")
			.withMessageContaining("built for another machine");
	}

	@Test
	void whatCameIsShownPrintableAndShort() {
		assertThatExceptionOfType(HandshakeException.class)
			.isThrownBy(() -> Handshake.parse("\u001b[2J" + "x".repeat(100_000), ONE))
			.satisfies((ex) -> assertThat(ex.getMessage()).contains("got: '\\u001b[2Jxxx").hasSizeLessThan(600));
	}

	@ParameterizedTest
	@CsvSource(delimiter = ';', quoteCharacter = '"', textBlock = """
			2|1|unix|/s|grpc; core protocol version: expected: 1, got: 2; build
			1|x|unix|/s|grpc; app protocol version: expected: a number, got: 'x'
			1||unix|/s|grpc; app protocol version: expected: a number, got: ''
			1|9|unix|/s|grpc; no common app protocol version: the plugin speaks 9, this gateway speaks [1]
			1|1|tcp|127.0.0.1:4711|grpc; network tcp was not offered: expected: unix, got: tcp 127.0.0.1:4711
			1|1|pipe|/s|grpc; network: expected: unix, got: 'pipe'
			1|1|unix||grpc; address: expected: the absolute path of a socket in PLUGIN_UNIX_SOCKET_DIR, got: ''
			1|1|unix|s|grpc; address: expected: the absolute path of a socket in PLUGIN_UNIX_SOCKET_DIR, got: 's'
			1|1|unix|/s; protocol: expected: grpc, got: nothing, which means netrpc
			1|1|unix|/s|; protocol: expected: grpc, got: nothing, which means netrpc
			1|1|unix|/s|netrpc; protocol: expected: grpc, got: 'netrpc'
			""")
	void refused(String line, String message) {
		assertThatExceptionOfType(HandshakeException.class).isThrownBy(() -> Handshake.parse(line, ONE))
			.withMessageStartingWith(message);
	}

	@Test
	void addressThatNoSocketCanHave() {
		String longest = "/" + "x".repeat(106);
		assertThat(Handshake.parse("1|1|unix|" + longest + "|grpc", ONE).endpoint().path()).hasToString(longest);
		assertThatExceptionOfType(HandshakeException.class)
			.isThrownBy(() -> Handshake.parse("1|1|unix|" + longest + "y|grpc", ONE))
			.withMessageStartingWith("address: expected: at most 107 bytes, got: 108: /xxx");
		assertThatExceptionOfType(HandshakeException.class)
			.isThrownBy(() -> Handshake.parse("1|1|unix|/a\u0000b|grpc", ONE))
			.withMessageStartingWith("address: expected: the path of a socket, got: '/a\\u0000b'");
	}

	@Test
	void certificateThatNobodyAskedFor() {
		assertThatExceptionOfType(HandshakeException.class)
			.isThrownBy(() -> Handshake.parse("1|1|unix|/s|grpc|" + "M".repeat(51), ONE))
			.withMessageStartingWith(
					"certificate: expected: none, because no PLUGIN_CLIENT_CERT was given, got: one of "
							+ "51 characters");
		assertThat(Handshake.parse("1|1|unix|/s|grpc|" + "M".repeat(50), ONE).appVersion()).isEqualTo(1);
	}

}
