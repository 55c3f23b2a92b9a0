package org.hkpgateway.process;

import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;

import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

import org.hkpgateway.plugin.PluginEndpoint;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

class HandshakeTests {

	private static final HandshakeTerms UNIX = new HandshakeTerms(List.of(1), false, false);

	private static final HandshakeTerms TCP = new HandshakeTerms(List.of(1), true, false);

	private static final HandshakeTerms MTLS = new HandshakeTerms(List.of(1), false, true);

	@ParameterizedTest
	@ValueSource(strings = { "1|1|unix|/run/x/plugin123|grpc", "1|1|unix|/run/x/plugin123|grpc|",
			"  1|1|unix|/run/x/plugin123|grpc||false \r", "1|1|unix|/run/x/plugin123|grpc||true|more|segments",
			"1|1|unix|/run/x/plugin123|grpc|short-certificate-field" })
	void valid(String line) {
		Handshake handshake = Handshake.parse(line, UNIX);
		assertThat(handshake.appVersion()).isEqualTo(1);
		assertThat(handshake.endpoint()).isEqualTo(new PluginEndpoint.Unix(Path.of("/run/x/plugin123")));
	}

	@Test
	void anyOfSeveralAppVersions() {
		assertThat(Handshake.parse("1|2|unix|/s|grpc", new HandshakeTerms(List.of(1, 2), false, false)).appVersion())
			.isEqualTo(2);
	}

	@ParameterizedTest
	@ValueSource(strings = { "hello", "", "|||", "1|1|unix", "x|1|unix|/s|grpc", "Usage: plugin [a|b|c|d]",
			"-1|1|unix|/s|grpc", "99999999999|1|unix|/s|grpc" })
	void notAHandshake(String line) {
		assertThatExceptionOfType(HandshakeException.class).isThrownBy(() -> Handshake.parse(line, UNIX))
			.withMessageStartingWith("not a handshake: expected: core|app|network|address|protocol, for example "
					+ "1|1|unix|/run/x/plugin123|grpc, got: '" + line + "'")
			.withMessageContaining("built for another machine");
	}

	@Test
	void whatCameIsShownPrintableAndShort() {
		assertThatExceptionOfType(HandshakeException.class)
			.isThrownBy(() -> Handshake.parse("\u001b[2J" + "x".repeat(100_000), UNIX))
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
		assertThatExceptionOfType(HandshakeException.class).isThrownBy(() -> Handshake.parse(line, UNIX))
			.withMessageStartingWith(message);
	}

	@Test
	void addressThatNoSocketCanHave() {
		String longest = "/" + "x".repeat(106);
		assertThat(Handshake.parse("1|1|unix|" + longest + "|grpc", UNIX).endpoint()).hasToString("unix:" + longest);
		assertThatExceptionOfType(HandshakeException.class)
			.isThrownBy(() -> Handshake.parse("1|1|unix|" + longest + "y|grpc", UNIX))
			.withMessageStartingWith("address: expected: at most 107 bytes, got: 108: /xxx");
		assertThatExceptionOfType(HandshakeException.class)
			.isThrownBy(() -> Handshake.parse("1|1|unix|/a\u0000b|grpc", UNIX))
			.withMessageStartingWith("address: expected: the path of a socket, got: '/a\\u0000b'");
	}

	@Test
	void certificateThatNobodyAskedFor() {
		assertThatExceptionOfType(HandshakeException.class)
			.isThrownBy(() -> Handshake.parse("1|1|unix|/s|grpc|" + "M".repeat(51), UNIX))
			.withMessageStartingWith(
					"certificate: expected: none, because no PLUGIN_CLIENT_CERT was given, got: one of "
							+ "51 characters");
		assertThat(Handshake.parse("1|1|unix|/s|grpc|" + "M".repeat(50), UNIX).appVersion()).isEqualTo(1);
	}

	@ParameterizedTest
	@CsvSource({ "127.0.0.1:10000, 127.0.0.1, 10000", "127.9.9.9:1, 127.9.9.9, 1", "[::1]:65535, ::1, 65535",
			"localhost:10000, localhost, 10000" })
	void tcpWhereItWasOffered(String address, String host, int port) {
		assertThat(Handshake.parse("1|1|tcp|" + address + "|grpc", TCP).endpoint())
			.isEqualTo(new PluginEndpoint.Tcp(host, port));
	}

	@Test
	void unixIsWelcomeWhereTcpWasOffered() {
		assertThat(Handshake.parse("1|1|unix|/s|grpc", TCP).endpoint())
			.isEqualTo(new PluginEndpoint.Unix(Path.of("/s")));
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "127.0.0.1", ":10000", "0.0.0.0:10000", "10.0.0.1:10000", "[::]:10000",
			"[2001:db8::1]:10000", "keys.example:10000", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.256:1", "[:::]:1",
			"127.0.0.1:-1" })
	void tcpMustBeLoopback(String address) {
		assertThatExceptionOfType(HandshakeException.class)
			.isThrownBy(() -> Handshake.parse("1|1|tcp|" + address + "|grpc", TCP))
			.withMessageStartingWith("address: expected: a loopback address and a port, for example 127.0.0.1:10000, "
					+ "got: '" + address + "'; ");
	}

	@Test
	void unknownNetworkWhereTcpWasOffered() {
		assertThatExceptionOfType(HandshakeException.class).isThrownBy(() -> Handshake.parse("1|1|pipe|/s|grpc", TCP))
			.withMessage("network: expected: unix or tcp, got: 'pipe'");
	}

	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void certificateWithAndWithoutPadding(boolean padding) throws Exception {
		X509Certificate expected = certificate();
		Base64.Encoder encoder = padding ? Base64.getEncoder() : Base64.getEncoder().withoutPadding();
		String field = encoder.encodeToString(expected.getEncoded());
		assertThat(Handshake.parse("1|1|unix|/s|grpc|" + field + "|true", MTLS).certificate()).isEqualTo(expected);
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "|", "|short" })
	void certificateThatWasPromisedAndDidNotCome(String rest) {
		assertThatExceptionOfType(HandshakeException.class)
			.isThrownBy(() -> Handshake.parse("1|1|unix|/s|grpc" + rest, MTLS))
			.withMessageStartingWith("mTLS asked and no certificate returned: expected: ")
			.withMessageEndingWith("or set its transport to secret or plaintext");
	}

	@Test
	void certificateThatCannotBeDecoded() throws Exception {
		byte[] good = certificate().getEncoded();
		for (String field : List.of("M".repeat(60), "*".repeat(60),
				Base64.getEncoder().encodeToString(Arrays.copyOf(good, good.length - 1)),
				Base64.getEncoder().encodeToString(Arrays.copyOf(good, good.length + 1)))) {
			assertThatExceptionOfType(HandshakeException.class)
				.isThrownBy(() -> Handshake.parse("1|1|unix|/s|grpc|" + field, MTLS))
				.withMessageStartingWith("certificate: expected: one X.509 certificate, DER in standard base64, got: "
						+ "something that cannot be decoded: ");
		}
	}

	/** Any will do: the JDK brings some. */
	private static X509Certificate certificate() throws Exception {
		TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
		factory.init((KeyStore) null);
		return ((X509TrustManager) factory.getTrustManagers()[0]).getAcceptedIssuers()[0];
	}

}
