package org.hkpgateway.proxy;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import org.awaitility.Awaitility;
import org.hkpgateway.testsupport.RawClient;
import org.hkpgateway.testsupport.RawHttp2;
import org.hkpgateway.testsupport.RawUpstream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.LoggerFactory;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * {@code hkp.upstream.response-timeout}: who is slow, and who is blamed for it.
 */
@Timeout(90)
class AnswerWaitIT {

	private static final Duration LIMIT = Duration.ofSeconds(1);

	private static final long LONGER_MILLIS = 3000;

	/** More than all buffers on the way hold. */
	private static final int LARGE = 40_000_000;

	private static final int INTERNAL_ERROR = 2;

	private static final String GET = "GET /pks/lookup?op=index&search=a HTTP/1.1\r\nHost: k\r\n";

	private final Logger logger = (Logger) LoggerFactory.getLogger(GatewayHandler.class);

	private final ListAppender<ILoggingEvent> log = new ListAppender<>();

	private final CountDownLatch end = new CountDownLatch(1);

	@BeforeEach
	void listen() {
		this.log.start();
		this.logger.addAppender(this.log);
	}

	@AfterEach
	void close() {
		this.end.countDown();
		this.logger.detachAppender(this.log);
	}

	@Test
	void aClientThatPausesLongerThanTheKeyserverMayStillGetsAll() throws Exception {
		try (RawUpstream upstream = new RawUpstream((socket, request) -> large(socket, LARGE));
				TestEdge edge = edge(upstream.uri());
				Socket client = slow(edge.port())) {
			client.getOutputStream().write((GET + "Connection: close\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
			InputStream in = client.getInputStream();
			long read = in.readNBytes(100_000).length;
			for (int i = 0; i < 2; i++) {
				TimeUnit.MILLISECONDS.sleep(LONGER_MILLIS);
				read += in.readNBytes(2_000_000).length;
			}
			read += in.transferTo(OutputStream.nullOutputStream());
			assertThat(read).isGreaterThan(LARGE);
		}
		assertThat(logged()).isEmpty();
	}

	@Test
	void overHttp2Too() throws Exception {
		try (RawUpstream upstream = new RawUpstream((socket, request) -> large(socket, LARGE));
				TestEdge edge = edge(upstream.uri());
				RawHttp2 client = RawHttp2.connect(edge.port())) {
			client.request(1, true, "GET", "/pks/lookup?op=index&search=a");
			// The window of 65535 bytes is used up by now.
			TimeUnit.MILLISECONDS.sleep(LONGER_MILLIS);
			open(client, 1, 1_000_000);
			TimeUnit.MILLISECONDS.sleep(LONGER_MILLIS);
			open(client, 1, LARGE);
			RawHttp2.Answer answer = client.answer(1);
			assertThat(answer.reset()).isEqualTo(-1);
			assertThat(answer.ended()).isTrue();
			assertThat(answer.body()).hasSize(LARGE);
		}
		assertThat(logged()).isEmpty();
	}

	@Test
	void aKeyserverThatFallsSilentInItsAnswerIsNamedAndTheClientIsReset() throws Exception {
		try (RawUpstream upstream = new RawUpstream((socket, request) -> half(socket));
				TestEdge edge = edge(upstream.uri())) {
			RawClient.Answer answer = RawClient.exchange(edge.port(), GET + "Connection: close\r\n\r\n");
			assertThat(answer.reset()).isTrue();
			assertThat(answer.body()).isEqualTo("half");
			assertBlamed(upstream.uri(), "Answer cut short");
		}
	}

	@Test
	void overHttp2TheStreamIsReset() throws Exception {
		try (RawUpstream upstream = new RawUpstream((socket, request) -> half(socket));
				TestEdge edge = edge(upstream.uri());
				RawHttp2 client = RawHttp2.connect(edge.port())) {
			RawHttp2.Answer answer = client.request(1, true, "GET", "/pks/lookup?op=index&search=a").answer(1);
			assertThat(answer.reset()).isEqualTo(INTERNAL_ERROR);
			assertThat(answer.body()).isEqualTo("half");
			assertBlamed(upstream.uri(), "Answer cut short");
		}
	}

	@Test
	void aKeyserverThatFallsSilentBehindASlowClientIsNamedWhenTheClientGoesOn() throws Exception {
		try (RawUpstream upstream = new RawUpstream((socket, request) -> {
			large(socket, LARGE - 1);
			await();
		}); TestEdge edge = edge(upstream.uri()); Socket client = slow(edge.port())) {
			client.getOutputStream().write((GET + "\r\n").getBytes(StandardCharsets.US_ASCII));
			InputStream in = client.getInputStream();
			in.readNBytes(100_000);
			TimeUnit.MILLISECONDS.sleep(LONGER_MILLIS);
			assertThat(logged()).isEmpty();
			try {
				in.transferTo(OutputStream.nullOutputStream());
			}
			catch (IOException ex) {
				// Reset.
			}
			assertBlamed(upstream.uri(), "Answer cut short");
		}
	}

	@Test
	void aKeyserverThatDoesNotAnswerIs502AndNamed() throws Exception {
		try (RawUpstream upstream = new RawUpstream((socket, request) -> await());
				TestEdge edge = edge(upstream.uri())) {
			RawClient.Answer answer = RawClient.exchange(edge.port(), GET + "Connection: close\r\n\r\n");
			assertThat(answer.status()).isEqualTo(502);
			assertThat(answer.body()).isEqualTo("No valid answer came from the keyserver.\n");
			assertBlamed(upstream.uri(), "No valid answer");
		}
	}

	/** Its own timeout runs; the keyserver's begins with the end of the upload. */
	@Test
	void anUploadMayPauseLongerThanTheKeyserverMay() throws Exception {
		try (RawUpstream upstream = RawUpstream.answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
				TestEdge edge = edge(upstream.uri());
				RawClient client = new RawClient(edge.port())) {
			client.send("POST /pks/add HTTP/1.1\r\nHost: k\r\nContent-Length: 200000\r\n\r\n").send(new byte[150_000]);
			Awaitility.await().until(() -> upstream.octets() > 0);
			TimeUnit.MILLISECONDS.sleep(LONGER_MILLIS);
			assertThat(client.send(new byte[50_000]).read().body()).isEqualTo("ok");
		}
		assertThat(logged()).isEmpty();
	}

	@Test
	void aKeyserverThatDoesNotTakeAnUploadIs502AndNamed() throws Exception {
		int length = 20_000_000;
		// Nobody accepts: the kernel does, and takes what fits into its buffers.
		try (ServerSocket deaf = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
				TestEdge edge = edge(URI.create("http://127.0.0.1:" + deaf.getLocalPort()), "hkp.edge.max-body=32MB");
				RawClient client = new RawClient(edge.port())) {
			client.send("POST /pks/add HTTP/1.1\r\nHost: k\r\nContent-Length: " + length + "\r\n\r\n");
			Thread upload = new Thread(() -> {
				try {
					client.send(new byte[length]);
				}
				catch (IOException ex) {
					// Refused meanwhile.
				}
			});
			upload.setDaemon(true);
			upload.start();
			assertThat(client.read().status()).isEqualTo(502);
			assertBlamed(URI.create("http://127.0.0.1:" + deaf.getLocalPort()), "No valid answer");
		}
	}

	private TestEdge edge(URI upstream, String... more) {
		String[] properties = List
			.of(List.of("hkp.upstream.response-timeout=" + LIMIT.toMillis() + "ms"), List.of(more))
			.stream()
			.flatMap(List::stream)
			.toArray(String[]::new);
		return new TestEdge(upstream, List.of(), properties);
	}

	private void assertBlamed(URI keyserver, String what) {
		Awaitility.await().until(() -> !logged().isEmpty());
		assertThat(logged()).singleElement()
			.asString()
			.contains(what, keyserver.getAuthority(), "expected: ", "within 1000 ms, got: none");
	}

	private List<String> logged() {
		synchronized (this.log) {
			return this.log.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
		}
	}

	private void await() throws IOException {
		try {
			this.end.await(60, TimeUnit.SECONDS);
		}
		catch (InterruptedException ex) {
			throw new IOException(ex);
		}
	}

	private void half(Socket socket) throws IOException {
		socket.getOutputStream()
			.write("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf".getBytes(StandardCharsets.US_ASCII));
		await();
	}

	private static void large(Socket socket, int sent) throws IOException {
		OutputStream out = socket.getOutputStream();
		out.write(("HTTP/1.1 200 OK\r\nContent-Length: " + LARGE + "\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
		byte[] part = new byte[100_000];
		for (int left = sent; left > 0; left -= part.length) {
			out.write(part, 0, Math.min(left, part.length));
		}
	}

	/** With a small window, so that it is the client that holds up the answer. */
	private static Socket slow(int port) throws IOException {
		Socket client = new Socket();
		client.setReceiveBufferSize(64 * 1024);
		client.setSoTimeout(20_000);
		client.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
		return client;
	}

	private static void open(RawHttp2 client, int stream, int bytes) throws IOException {
		byte[] window = ByteBuffer.allocate(4).putInt(bytes).array();
		client.frame(RawHttp2.WINDOW_UPDATE, 0, 0, window).frame(RawHttp2.WINDOW_UPDATE, 0, stream, window);
	}

}
