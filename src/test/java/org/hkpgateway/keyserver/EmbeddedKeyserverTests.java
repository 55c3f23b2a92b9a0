package org.hkpgateway.keyserver;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;

import org.hkpgateway.testsupport.RawHttp;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link EmbeddedKeyserver} over HTTP.
 */
class EmbeddedKeyserverTests {

	private final EmbeddedKeyserver keyserver = EmbeddedKeyserver.start(new Limits(10, 1_000_000, 100, 1000, 10));

	@AfterEach
	void closeKeyserver() {
		this.keyserver.close();
	}

	@ParameterizedTest
	@CsvSource({ "GET,/pks/health,200", "HEAD,/pks/health,200", "GET,/nowhere,404", "PUT,/pks/add,405",
			"GET,/pks//health,400", "POST,/pks/add,400" })
	void answersOldClientsWithLengthAndAllowOrigin(String method, String target, int status) {
		String answer = RawHttp.request(this.keyserver.port(), method, target);
		assertThat(answer).startsWith("HTTP/1.").contains(" " + status + " ");
		assertThat(answer.toLowerCase(Locale.ROOT)).contains("\r\naccess-control-allow-origin: *\r\n")
			.contains("\r\ncontent-length: ")
			.doesNotContain("transfer-encoding");
		assertThat(method.equals("HEAD")).isEqualTo(answer.endsWith("\r\n\r\n"));
	}

	@Test
	void answersOptionsWithoutBody() {
		assertThat(RawHttp.request(this.keyserver.port(), "OPTIONS", "/pks/add")).contains(" 204 ")
			.containsIgnoringCase("\r\nallow: POST, OPTIONS\r\n")
			.endsWith("\r\n\r\n");
	}

	@Test
	void answersHeadWithLengthOfGetAndKeepsConnection() throws Exception {
		HttpClient client = HttpClient.newHttpClient();
		HttpResponse<String> head = client.send(
				request("/pks/stats").method("HEAD", HttpRequest.BodyPublishers.noBody()).build(),
				HttpResponse.BodyHandlers.ofString());
		HttpResponse<String> get = client.send(request("/pks/stats").build(), HttpResponse.BodyHandlers.ofString());
		assertThat(head.statusCode()).isEqualTo(200);
		assertThat(head.body()).isEmpty();
		assertThat(head.headers().map()).doesNotContainKey("connection");
		assertThat(head.headers().firstValue("content-length")).hasValue(String.valueOf(get.body().length()));
		assertThat(get.body()).contains("\"numkeys\":0");
	}

	@ParameterizedTest
	@CsvSource({ "1001", "7000" })
	void answersBodyOverLimitWith413AfterReadingIt(int length) {
		assertThat(exchange("POST /pks/add HTTP/1.0\r\nContent-Length: " + length + "\r\n\r\n" + "x".repeat(length)))
			.contains(" 413 ");
	}

	@Test
	void answersHugeBodyWith413WithoutReadingIt() {
		assertThat(exchange("POST /pks/add HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000000000\r\n\r\nx"))
			.contains(" 413 ");
	}

	@Test
	void answersChunkedBodyOverLimitWith413() {
		String chunk = Integer.toHexString(600) + "\r\n" + "x".repeat(600) + "\r\n";
		assertThat(exchange("POST /pks/add HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
				+ "Transfer-Encoding: chunked\r\n\r\n" + chunk + chunk + "0\r\n\r\n"))
			.contains(" 413 ");
	}

	@Test
	void acceptsBodyAtLimit() {
		assertThat(exchange("POST /pks/add HTTP/1.0\r\nContent-Length: 1000\r\n\r\n" + "x".repeat(1000)))
			.contains(" 400 ");
	}

	@Test
	void uriNamesLoopbackPort() {
		assertThat(this.keyserver.uri()).hasToString("http://127.0.0.1:" + this.keyserver.port());
		assertThat(this.keyserver.port()).isPositive();
	}

	@Test
	void closeStopsListeningAndMayBeRepeated() {
		int port = this.keyserver.port();
		this.keyserver.close();
		this.keyserver.close();
		assertThatExceptionOfType(ConnectException.class).isThrownBy(() -> connect(port));
	}

	private static void connect(int port) throws IOException {
		try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
			assertThat(socket.isConnected()).isFalse();
		}
	}

	private HttpRequest.Builder request(String target) {
		return HttpRequest.newBuilder(this.keyserver.uri().resolve(target)).timeout(Duration.ofSeconds(10));
	}

	private String exchange(String request) {
		return RawHttp.exchange(this.keyserver.port(), request.getBytes(StandardCharsets.ISO_8859_1));
	}

}
