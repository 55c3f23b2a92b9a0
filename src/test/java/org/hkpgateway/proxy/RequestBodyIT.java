package org.hkpgateway.proxy;

import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

import org.hkpgateway.plugin.BodyMode;
import org.hkpgateway.testsupport.RawClient;
import org.hkpgateway.testsupport.RawUpstream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Bodies of requests on their way to the keyserver: framing, size, time.
 */
class RequestBodyIT extends AbstractEdgeIT {

	@Test
	void aChunkedBodyReachesTheKeyserverWithItsLength() throws Exception {
		start(RawUpstream.answering(OK));
		RawClient.Answer answer = RawClient.exchange(port(),
				"POST /pks/add HTTP/1.1\r\nHost: k\r\nConnection: close\r\n"
						+ "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n");
		assertThat(answer.status()).isEqualTo(200);
		RawUpstream.Received received = this.upstream.take();
		assertThat(new String(received.body(), StandardCharsets.UTF_8)).isEqualTo("hello world");
		assertThat(received.head()).doesNotContainIgnoringCase("transfer-encoding");
	}

	@Test
	void aStreamedBodyOfUnknownLengthIsFramedSoThatItIsNoSecondRequest() throws Exception {
		start(RawUpstream.answering(OK), "hkp.upstream.content-length=stream");
		RawClient.exchange(port(), "POST /pks/add HTTP/1.1\r\nHost: k\r\nConnection: close\r\n"
				+ "Transfer-Encoding: chunked\r\n\r\n11170\r\n" + "x".repeat(0x11170) + "\r\n0\r\n\r\n");
		assertThat(this.upstream.take().headers()).contains("transfer-encoding: chunked");
	}

	@Test
	void expectContinueIsAnsweredByTheGateway() throws Exception {
		start(RawUpstream.answering(OK));
		try (RawClient client = new RawClient(port())) {
			client.send("POST /pks/add HTTP/1.1\r\nHost: k\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
			assertThat(client.read().status()).isEqualTo(100);
			assertThat(client.send("hello").read().status()).isEqualTo(200);
		}
		RawUpstream.Received received = this.upstream.take();
		assertThat(received.body()).hasSize(5);
		assertThat(received.head()).doesNotContainIgnoringCase("expect");
	}

	@Test
	void aBodyWithABadChunkIsNeverForwardedAsIfItWereWhole() throws Exception {
		start(RawUpstream.answering(OK));
		RawClient.exchange(port(), "POST /pks/add HTTP/1.1\r\nHost: k\r\nTransfer-Encoding: chunked\r\n\r\n"
				+ "5\r\nhello\r\nzz\r\n world\r\n0\r\n\r\n");
		assertThat(this.upstream.waiting()).isZero();
	}

	@Test
	void aClientThatEndsInTheMiddleOfItsRequestIsNotForwardedAsWhole() throws Exception {
		start(RawUpstream.answering(OK));
		try (RawClient client = new RawClient(port())) {
			client.send("POST /pks/add HTTP/1.1\r\nHost: k\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
			assertThat(client.shutdownOutput().readToEnd().bytes()).isEmpty();
		}
		assertThat(this.upstream.waiting()).isZero();
	}

	@Test
	void aDeclaredBodyThatIsTooLargeIsRefusedAndTheAnswerArrives() throws Exception {
		start(RawUpstream.answering(OK));
		try (RawClient client = new RawClient(port())) {
			client.send("POST /pks/add HTTP/1.0\r\nContent-Length: " + 2 * MAX_BODY + "\r\n\r\n");
			client.send(new byte[MAX_BODY / 2]);
			RawClient.Answer answer = client.readToEnd();
			assertThat(answer.status()).isEqualTo(413);
			assertThat(answer.reset()).isFalse();
			assertThat(answer.body()).contains("larger than 1048576 bytes");
			assertThat(answer.header("access-control-allow-origin")).isEqualTo("*");
		}
		assertThat(this.upstream.waiting()).isZero();
	}

	@ParameterizedTest
	@ValueSource(strings = { "REQUIRE", "STREAM" })
	void aChunkedBodyThatIsTooLargeIsRefused(UpstreamSettings.ContentLength mode) throws Exception {
		start(new RawUpstream((socket, request) -> socket.getInputStream().transferTo(OutputStream.nullOutputStream())),
				"hkp.edge.max-body=100000B", "hkp.upstream.content-length=" + mode);
		try (RawClient client = new RawClient(port())) {
			client.send("POST /pks/add HTTP/1.1\r\nHost: k\r\nTransfer-Encoding: chunked\r\n\r\n");
			String chunk = "4000\r\n" + "x".repeat(0x4000) + "\r\n";
			for (int i = 0; i < 10; i++) {
				client.send(chunk);
			}
			assertThat(client.read().status()).isEqualTo(413);
		}
	}

	@ParameterizedTest
	@CsvSource({ "NONE,Content-Length: 100", "PREFIX,Content-Length: 100", "FULL,Content-Length: 100",
			"NONE,Transfer-Encoding: chunked", "FULL,Transfer-Encoding: chunked" })
	void aBodyThatDoesNotComeIs408(BodyMode mode, String framing) throws Exception {
		start(RawUpstream.answering(OK), continuing(mode), "hkp.edge.idle-timeout=300ms");
		RawClient.Answer answer = RawClient.exchange(port(),
				"POST /pks/add HTTP/1.1\r\nHost: k\r\n" + framing + "\r\n\r\n5\r\nhello\r\n");
		assertThat(answer.status()).isEqualTo(408);
		assertThat(answer.body()).isEqualTo("The request body did not come in time.\n");
		assertThat(answer.header("access-control-allow-origin")).isEqualTo("*");
		assertThat(this.upstream.waiting()).isZero();
	}

}
