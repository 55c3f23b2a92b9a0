package org.hkpgateway.proxy;

import java.io.OutputStream;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import org.hkpgateway.testsupport.RawClient;
import org.hkpgateway.testsupport.RawUpstream;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Clients that go away, or end their side, before the answer.
 */
class ClientEndIT extends AbstractEdgeIT {

	@Test
	void aClientThatGoesAwayCancelsTheCall() throws Exception {
		CountDownLatch cancelled = new CountDownLatch(1);
		start(new RawUpstream((socket, request) -> {
			OutputStream out = socket.getOutputStream();
			out.write("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n".getBytes(StandardCharsets.ISO_8859_1));
			try {
				while (true) {
					out.write(new byte[64 * 1024]);
				}
			}
			catch (SocketException ex) {
				cancelled.countDown();
			}
		}));
		try (RawClient client = new RawClient(port())) {
			client.send("GET /pks/stats HTTP/1.1\r\nHost: k\r\n\r\n");
			this.upstream.take();
		}
		assertThat(cancelled.await(10, TimeUnit.SECONDS)).isTrue();
	}

	@Test
	void aClientThatResetsBeforeTheAnswerCancelsTheCall() throws Exception {
		CountDownLatch cancelled = new CountDownLatch(1);
		start(new RawUpstream((socket, request) -> {
			if (socket.getInputStream().read() < 0) {
				cancelled.countDown();
			}
		}));
		RawClient client = new RawClient(port());
		client.send("GET /pks/stats HTTP/1.1\r\nHost: k\r\n\r\n");
		this.upstream.take();
		client.reset();
		assertThat(cancelled.await(5, TimeUnit.SECONDS)).isTrue();
	}

	@Test
	void aClientThatClosesBeforeTheAnswerCancelsTheCall() throws Exception {
		CountDownLatch cancelled = new CountDownLatch(1);
		start(new RawUpstream((socket, request) -> {
			if (socket.getInputStream().read() < 0) {
				cancelled.countDown();
			}
		}));
		try (RawClient client = new RawClient(port())) {
			client.send("GET /pks/stats HTTP/1.1\r\nHost: k\r\n\r\n");
			this.upstream.take();
		}
		assertThat(cancelled.await(9, TimeUnit.SECONDS)).isTrue();
	}

	@Test
	void aClientThatEndsItsSideAfterTheRequestGetsItsAnswer() throws Exception {
		start(new RawUpstream((socket, request) -> {
			awaitAbout300Milliseconds();
			socket.getOutputStream().write(OK.getBytes(StandardCharsets.ISO_8859_1));
			socket.close();
		}));
		try (RawClient client = new RawClient(port())) {
			client.send("GET /pks/stats HTTP/1.1\r\nHost: k\r\n\r\n").shutdownOutput();
			assertThat(client.readToEnd().body()).isEqualTo("ok");
		}
	}

	/** One that has not read the answer yet. A reset could take it away. */
	@Test
	void aClientThatSendsOnBehindTheLastAnswerIsNotReset() throws Exception {
		start(RawUpstream.answering(OK));
		try (RawClient client = new RawClient(port())) {
			RawClient.Answer answer = client.send("GET / HTTP/1.1\r\nHost: a, b\r\n\r\n").readToEnd();
			assertThat(answer.status()).isEqualTo(400);
			assertThat(answer.header("connection")).isEqualTo("close");
			assertThat(answer.reset()).isFalse();
			for (int i = 0; i < 2; i++) {
				client.send("GET /pks/stats HTTP/1.1\r\nHost: k\r\n\r\n");
				awaitAbout300Milliseconds();
			}
			answer = client.shutdownOutput().readToEnd();
			assertThat(answer.bytes()).isEmpty();
			assertThat(answer.reset()).isFalse();
			assertThat(this.upstream.octets()).isZero();
		}
	}

}
