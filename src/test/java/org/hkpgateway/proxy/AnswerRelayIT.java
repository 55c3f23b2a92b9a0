package org.hkpgateway.proxy;

import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import org.hkpgateway.testsupport.RawClient;
import org.hkpgateway.testsupport.RawUpstream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * How the keyserver's answer reaches clients of HTTP/1.0 and HTTP/1.1.
 */
class AnswerRelayIT extends AbstractEdgeIT {

	@Test
	void anHttp10ClientGetsNoChunksWhenTheLengthIsUnknown() throws Exception {
		start(RawUpstream
			.answering("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"));
		RawClient.Answer answer = RawClient.exchange(port(),
				"GET /pks/lookup?op=get&search=0x0123456789ABCDEF HTTP/1.0\r\n\r\n");
		assertThat(answer.body()).isEqualTo("abcde");
		assertThat(answer.header("transfer-encoding")).isNull();
		assertThat(answer.header("access-control-allow-origin")).isEqualTo("*");
	}

	@Test
	void anHttp10ClientGetsContentLengthWhenItIsKnownAndTheEnd() throws Exception {
		start(RawUpstream.answering(OK));
		RawClient.Answer answer = RawClient.exchange(port(), "GET /pks/stats HTTP/1.0\r\n\r\n");
		assertThat(answer.header("content-length")).isEqualTo("2");
		assertThat(answer.body()).isEqualTo("ok");
	}

	@Test
	void anHttp11ConnectionIsKept() throws Exception {
		start(RawUpstream.answering(OK));
		try (RawClient client = new RawClient(port())) {
			for (int i = 0; i < 3; i++) {
				assertThat(client.send("GET /pks/stats HTTP/1.1\r\nHost: k\r\n\r\n").read().body()).isEqualTo("ok");
			}
		}
	}

	@Test
	void pipelinedRequestsAreAnsweredInOrder() throws Exception {
		start(new RawUpstream((socket, request) -> {
			String path = request.requestLine().split(" ", 3)[1];
			socket.getOutputStream()
				.write(("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: " + path.length() + "\r\n\r\n" + path)
					.getBytes(StandardCharsets.US_ASCII));
			socket.close();
		}));
		try (RawClient client = new RawClient(port())) {
			client.send("GET /a HTTP/1.1\r\nHost: k\r\n\r\nGET /bb HTTP/1.1\r\nHost: k\r\n\r\n");
			assertThat(client.read().body()).isEqualTo("/a");
			assertThat(client.read().body()).isEqualTo("/bb");
		}
	}

	@Test
	void theAnswerOfAnHttp10KeyserverThatClosesIsRelayed() throws Exception {
		start(RawUpstream.answering("HTTP/1.0 200 OK\r\nServer: sks_www/1.1.6\r\n\r\nall of it"));
		assertThat(RawClient.exchange(port(), "GET /pks/stats HTTP/1.0\r\n\r\n").body()).isEqualTo("all of it");
	}

	@ParameterizedTest
	@CsvSource({ "404", "413", "422", "500", "503", "301" })
	void theStatusOfTheKeyserverIsNotTouched(int status) throws Exception {
		start(RawUpstream.answering("HTTP/1.0 " + status + " X\r\nContent-Length: 1\r\nLocation: /y\r\n\r\nx"));
		RawClient.Answer answer = RawClient.exchange(port(), "GET /x HTTP/1.0\r\n\r\n");
		assertThat(answer.status()).isEqualTo(status);
		assertThat(answer.header("access-control-allow-origin")).isEqualTo("*");
	}

	/** RFC 9110 section 7.6.1. */
	@Test
	void connectionDoesNotTakeAwayWhatIsForEverybody() throws Exception {
		start(RawUpstream
			.answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: text/plain\r\nX-Private: secret\r\n"
					+ "Connection: close, Content-Type, content-length, X-Private\r\n\r\nok"));
		RawClient.Answer answer = RawClient.exchange(port(), "GET /pks/stats HTTP/1.0\r\n\r\n");
		assertThat(answer.header("content-type")).isEqualTo("text/plain");
		assertThat(answer.header("content-length")).isEqualTo("2");
		assertThat(answer.header("x-private")).isNull();
		assertThat(answer.body()).isEqualTo("ok");
	}

	@Test
	void headKeepsTheLengthAndHasNoBody() throws Exception {
		start(RawUpstream.answering("HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n"));
		try (RawClient client = new RawClient(port())) {
			RawClient.Answer answer = client.send("HEAD /pks/stats HTTP/1.0\r\n\r\n").readToEnd();
			assertThat(answer.header("content-length")).isEqualTo("1234");
			assertThat(answer.body()).isEmpty();
		}
	}

	@ParameterizedTest
	@ValueSource(ints = { 100, 102, 103 })
	void anInterimAnswerIsNotTakenForTheAnswer(int status) throws Exception {
		start(new RawUpstream((socket, request) -> {
			OutputStream out = socket.getOutputStream();
			out.write(("HTTP/1.1 " + status + " Interim\r\nX-Interim: 1\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
			awaitAbout300Milliseconds();
			out.write(OK.getBytes(StandardCharsets.ISO_8859_1));
		}));
		RawClient.Answer answer = RawClient.exchange(port(), "GET /pks/stats HTTP/1.0\r\n\r\n");
		assertThat(answer.status()).isEqualTo(200);
		assertThat(answer.body()).isEqualTo("ok");
		assertThat(answer.header("x-interim")).isNull();
	}

	/** With all of its body, which is then dropped, and with the beginning of one. */
	@ParameterizedTest
	@CsvSource({ "0,2", "1,2", "13,2", "127,2", "0,100000", "1,100000" })
	void anAnswerWithAMalformedFieldIs502AndEndsItsConnection(int octet, int length) throws Exception {
		String value = "a" + (char) octet + "b";
		CountDownLatch ended = new CountDownLatch(1);
		start(new RawUpstream((socket, request) -> {
			OutputStream out = socket.getOutputStream();
			out.write(("HTTP/1.1 200 OK\r\nX-Odd: " + value + "\r\nContent-Length: " + length + "\r\n\r\nok")
				.getBytes(StandardCharsets.ISO_8859_1));
			if (socket.getInputStream().read() < 0) {
				ended.countDown();
			}
		}));
		RawClient.Answer answer = RawClient.exchange(port(), "GET /pks/stats HTTP/1.0\r\n\r\n");
		assertThat(answer.status()).isEqualTo(502);
		assertThat(answer.header("x-odd")).isNull();
		assertThat(ended.await(20, TimeUnit.SECONDS)).isTrue();
	}

	@Test
	void anAnswerCutShortIsAResetNotAnEnd() throws Exception {
		start(RawUpstream.answering("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this"));
		assertThat(RawClient.exchange(port(), "GET /pks/stats HTTP/1.0\r\n\r\n").reset()).isTrue();
	}

	@Test
	void aChunkedAnswerCutShortIsAResetForAnHttp10Client() throws Exception {
		start(RawUpstream.answering("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"));
		assertThat(RawClient.exchange(port(), "GET /pks/stats HTTP/1.0\r\n\r\n").reset()).isTrue();
	}

	@Test
	void aSlowReaderHoldsTheKeyserverBack() throws Exception {
		long[] written = new long[1];
		CountDownLatch ended = new CountDownLatch(1);
		start(new RawUpstream((socket, request) -> {
			OutputStream out = socket.getOutputStream();
			out.write("HTTP/1.1 200 OK\r\nContent-Length: 400000000\r\n\r\n".getBytes(StandardCharsets.ISO_8859_1));
			socket.setSoTimeout(1);
			writeUntilStuck(socket, written);
			ended.countDown();
		}));
		try (RawClient client = new RawClient(port())) {
			client.send("GET /pks/stats HTTP/1.1\r\nHost: k\r\n\r\n");
			assertThat(ended.await(30, TimeUnit.SECONDS)).isTrue();
			assertThat(written[0]).isLessThan(100_000_000L);
		}
	}

	private static void writeUntilStuck(Socket socket, long[] written) throws IOException {
		Thread writer = Thread.currentThread();
		Thread watch = new Thread(() -> {
			long before = -1;
			try {
				while (before != written[0]) {
					before = written[0];
					TimeUnit.SECONDS.sleep(1);
				}
				socket.close();
			}
			catch (InterruptedException | IOException ex) {
				writer.interrupt();
			}
		});
		watch.setDaemon(true);
		watch.start();
		try {
			while (written[0] < 400_000_000L) {
				socket.getOutputStream().write(new byte[64 * 1024]);
				written[0] += 64 * 1024;
			}
		}
		catch (SocketException ex) {
			// Closed because nothing moved any more: back-pressure.
		}
	}

}
