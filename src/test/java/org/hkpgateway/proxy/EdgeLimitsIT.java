package org.hkpgateway.proxy;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

import org.hkpgateway.testsupport.RawClient;
import org.hkpgateway.testsupport.RawHttp2;
import org.hkpgateway.testsupport.RawUpstream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The limits of connections and the ends of refused ones, on real sockets.
 */
@Timeout(60)
class EdgeLimitsIT {

	private static final String OK = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok";

	private static final String GET = "GET /pks/stats HTTP/1.1\r\nHost: k\r\n\r\n";

	private static final String CHUNKED = "POST /pks/add HTTP/1.1\r\nHost: k\r\nTransfer-Encoding: chunked\r\n\r\n";

	private final TestListener listener = new TestListener();

	private final CountDownLatch go = new CountDownLatch(1);

	private @Nullable RawUpstream upstream;

	private @Nullable TestEdge edge;

	@AfterEach
	void stop() throws IOException {
		this.go.countDown();
		if (this.edge != null) {
			this.edge.close();
		}
		if (this.upstream != null) {
			this.upstream.close();
		}
	}

	@Test
	void strayLineEndsAndAHalfCloseLeaveASoundRequestItsAnswer() throws Exception {
		start(waiting(), Map.of());
		try (RawClient client = new RawClient(port())) {
			client.send("GET /pks/stats HTTP/1.0\r\n\r\n" + "\r\n\r\n").shutdownOutput();
			this.upstream.take();
			this.go.countDown();
			assertThat(client.readToEnd().status()).isEqualTo(200);
		}
	}

	@Test
	void aConnectionWhoseUploadBreaksBehindItsAnswerIsNotLeftOpen() throws Exception {
		start(new RawUpstream((socket, request) -> {
			socket.getOutputStream().write(OK.getBytes(StandardCharsets.ISO_8859_1));
			socket.getOutputStream().flush();
			await(this.go);
		}), Map.of(), UpstreamSettings.ContentLength.STREAM);
		try (RawClient client = new RawClient(port())) {
			client.send(CHUNKED + "11170\r\n" + "x".repeat(0x11170) + "\r\n");
			assertThat(client.read().status()).isEqualTo(200);
			client.send("zz\r\n");
			assertThat(client.readToEnd().bytes()).isEmpty();
		}
		eventually(() -> this.listener.open.get() == 0);
	}

	@Test
	void whoSendsWithoutEndBehindARefusalIsCutOffEvenWhileAnEarlierRequestIsServed() throws Exception {
		start(waiting(), Map.of("max-body", "100KB"));
		try (RawClient client = new RawClient(port())) {
			client.send(GET);
			this.upstream.take();
			client.send("rubbish\r\n");
			this.go.countDown();
			assertThat(client.read().status()).isEqualTo(200);
			boolean cutOff = false;
			try {
				for (int i = 0; i < 1000; i++) {
					client.send(new byte[64 * 1024]);
				}
			}
			catch (SocketException ex) {
				cutOff = true;
			}
			assertThat(cutOff).isTrue();
		}
	}

	@Test
	void aHeadThatDoesNotEndIs408() throws Exception {
		start(RawUpstream.answering(OK), Map.of("request-head-timeout", "300ms"));
		try (RawClient client = new RawClient(port())) {
			RawClient.Answer answer = client.send("GET /pks/stats HTTP/1.1\r\nHost: k\r\nX: ").readToEnd();
			assertThat(answer.status()).isEqualTo(408);
			assertThat(answer.header("connection")).isEqualTo("close");
			assertThat(answer.body()).isEqualTo("The request head did not come in time.\n");
		}
		assertThat(this.listener.limits).containsExactly(EdgeLimit.REQUEST_HEAD_TIMEOUT);
		assertThat(this.listener.refusals).containsExactly(408);
		assertThat(this.upstream.waiting()).isZero();
	}

	@ParameterizedTest
	@ValueSource(strings = { "", GET })
	void aSilentConnectionIsClosed(String first) throws Exception {
		start(RawUpstream.answering(OK), Map.of("idle-timeout", "300ms"));
		try (RawClient client = new RawClient(port())) {
			if (!first.isEmpty()) {
				assertThat(client.send(first).read().status()).isEqualTo(200);
			}
			assertThat(client.readToEnd().bytes()).isEmpty();
		}
		assertThat(this.listener.limits).containsExactly(EdgeLimit.IDLE_TIMEOUT);
	}

	@Test
	void aSlowKeyserverIsNoSilenceOfTheClient() throws Exception {
		start(new RawUpstream((socket, request) -> {
			pause(900);
			socket.getOutputStream().write(OK.getBytes(StandardCharsets.ISO_8859_1));
			socket.close();
		}), Map.of("idle-timeout", "300ms"));
		assertThat(RawClient.exchange(port(), "GET /pks/stats HTTP/1.0\r\n\r\n").status()).isEqualTo(200);
	}

	@ParameterizedTest
	@ValueSource(strings = { "1KB", "0B" })
	void aBodyThatDoesNotComeTakesUpNoConnectionToTheKeyserver(String rate) throws Exception {
		start(RawUpstream.answering(OK), Map.of("idle-timeout", "1s", "min-body-rate", rate));
		RawClient.Answer answer = RawClient.exchange(port(),
				"POST /pks/add HTTP/1.1\r\nHost: k\r\nContent-Length: 500000\r\n\r\nhello");
		assertThat(answer.status()).isEqualTo(408);
		assertThat(this.listener.limits).containsExactly(EdgeLimit.IDLE_TIMEOUT);
		assertThat(this.upstream.octets()).isZero();
	}

	@ParameterizedTest
	@CsvSource({ "1KB, MIN_RESPONSE_RATE", "0B, IDLE_TIMEOUT" })
	void anAnswerThatNobodyTakesEndsWithTheCallToTheKeyserver(String rate, EdgeLimit limit) throws Exception {
		CountDownLatch ended = new CountDownLatch(1);
		start(new RawUpstream((socket, request) -> {
			try {
				socket.getOutputStream()
					.write("HTTP/1.1 200 OK\r\nContent-Length: 400000000\r\n\r\n"
						.getBytes(StandardCharsets.ISO_8859_1));
				for (int i = 0; i < 6000; i++) {
					socket.getOutputStream().write(new byte[64 * 1024]);
				}
			}
			catch (SocketException ex) {
				ended.countDown();
			}
		}), Map.of("idle-timeout", "1s", "min-response-rate", rate));
		try (RawClient client = new RawClient(port())) {
			client.send(GET);
			assertThat(ended.await(30, TimeUnit.SECONDS)).isTrue();
			assertThat(client.readToEnd().reset()).isTrue();
		}
		assertThat(this.listener.limits).containsExactly(limit);
		eventually(() -> this.listener.open.get() == 0);
	}

	@Test
	void aConnectionTooManyIsResetAndThereIsRoomAgainWhenOneEnds() throws Exception {
		start(RawUpstream.answering(OK), Map.of("max-connections", "3"));
		fillAndFreeOne(3, EdgeLimit.MAX_CONNECTIONS);
	}

	@Test
	void anAddressHasItsShareOfConnections() throws Exception {
		start(RawUpstream.answering(OK), Map.of("max-connections-per-address", "3"));
		fillAndFreeOne(3, EdgeLimit.MAX_CONNECTIONS_PER_ADDRESS);
		List<Socket> open = open(3);
		try (Socket other = connect("127.0.0.2")) {
			assertThat(isServed(other)).isTrue();
		}
		close(open);
	}

	@Test
	void aTrustedProxyMayHaveMore() throws Exception {
		start(RawUpstream.answering(OK), Map.of("max-connections-per-address", "3"),
				UpstreamSettings.ContentLength.REQUIRE, List.of("127.0.0.1"));
		List<Socket> open = open(10);
		assertThat(isServed(open.get(9))).isTrue();
		close(open);
	}

	@Test
	void behindAProxyTheAddressThatItNamesHasItsShare() throws Exception {
		start(RawUpstream.answering(OK), Map.of("max-connections-per-address", "3"),
				UpstreamSettings.ContentLength.REQUIRE, List.of("127.0.0.1"),
				ClientAddressSettings.ProxyProtocol.REQUIRED);
		List<Socket> open = open(5);
		for (int i = 0; i < 5; i++) {
			String client = (i < 4) ? "192.0.2.66" : "192.0.2.67";
			open.get(i)
				.getOutputStream()
				.write(("PROXY TCP4 " + client + " 192.0.2.1 4711 11371\r\n").getBytes(StandardCharsets.ISO_8859_1));
			// So that the request is not in the same segment.
			pause(50);
			if (i == 3) {
				eventually(() -> this.listener.limits.contains(EdgeLimit.MAX_CONNECTIONS_PER_ADDRESS));
			}
			else {
				assertThat(isServed(open.get(i))).isTrue();
			}
		}
		eventually(() -> this.listener.open.get() == 4);
		close(open);
	}

	@Test
	void anAddressOpensItsShareAndOthersNoticeNothing() throws Exception {
		start(RawUpstream.answering(OK), opening("5", "1h"));
		Socket first = open(1).get(0);
		for (int i = 0; i < 4; i++) {
			assertThat(asked()).isEqualTo(200);
		}
		for (int i = 0; i < 3; i++) {
			try (RawClient refused = new RawClient(port())) {
				assertThat(refused.readToEnd().bytes()).isEmpty();
			}
		}
		assertThat(this.listener.limits).hasSize(3).containsOnly(EdgeLimit.MAX_NEW_CONNECTIONS_PER_ADDRESS);
		assertThat(isServed(first)).as("one that was open before").isTrue();
		first.close();
		for (int i = 0; i < 5; i++) {
			try (Socket other = connect("127.0.0.2")) {
				assertThat(isServed(other)).isTrue();
			}
		}
		assertThat(this.listener.limits).hasSize(3);
		eventually(() -> this.listener.open.get() == 0);
	}

	/** Without a request, which the limits of plugins never see. */
	@Test
	void whoOpensAndClosesIsRefusedAndServedAgainLater() throws Exception {
		start(RawUpstream.answering(OK), opening("20", "10s"));
		// A busy machine may take long enough for one connection or another to be let in.
		for (int i = 0; i < 2000 && this.listener.limits.isEmpty(); i++) {
			new RawClient(port()).close();
		}
		eventually(() -> this.listener.limits.contains(EdgeLimit.MAX_NEW_CONNECTIONS_PER_ADDRESS));
		eventually(() -> {
			try {
				return asked() == 200;
			}
			catch (IOException ex) {
				// Reset before the request was written.
				return false;
			}
		});
	}

	@Test
	void aTrustedProxyOpensAnyNumber() throws Exception {
		start(RawUpstream.answering(OK), opening("3", "1h"), UpstreamSettings.ContentLength.REQUIRE,
				List.of("127.0.0.1"));
		for (int i = 0; i < 10; i++) {
			assertThat(asked()).isEqualTo(200);
		}
		assertThat(this.listener.limits).isEmpty();
	}

	@Test
	void behindAProxyTheAddressThatItNamesOpensItsShare() throws Exception {
		start(RawUpstream.answering(OK), opening("3", "1h"), UpstreamSettings.ContentLength.REQUIRE,
				List.of("127.0.0.1"), ClientAddressSettings.ProxyProtocol.REQUIRED);
		for (int i = 0; i < 5; i++) {
			String client = (i < 4) ? "192.0.2.66" : "192.0.2.67";
			try (RawClient proxied = new RawClient(port())) {
				proxied.send("PROXY TCP4 " + client + " 192.0.2.1 4711 11371\r\n");
				if (i == 3) {
					assertThat(proxied.readToEnd().bytes()).isEmpty();
				}
				else {
					assertThat(proxied.send(GET).read().status()).isEqualTo(200);
				}
			}
		}
		assertThat(this.listener.limits).containsExactly(EdgeLimit.MAX_NEW_CONNECTIONS_PER_ADDRESS);
	}

	@Test
	void anHttp2ConnectionWithoutStreamsIsIdleHoweverOftenItPings() throws Exception {
		start(RawUpstream.answering(OK), Map.of("idle-timeout", "500ms"));
		try (RawHttp2 client = RawHttp2.connect(port())) {
			assertThat(client.request(1, true, "GET", "/pks/stats").answer(1).status()).isEqualTo(200);
			eventually(() -> {
				try {
					client.frame(RawHttp2.PING, 0, 0, new byte[8]);
				}
				catch (IOException ex) {
					// Closed.
				}
				return this.listener.limits.contains(EdgeLimit.IDLE_TIMEOUT);
			});
			eventually(() -> this.listener.open.get() == 0);
		}
	}

	/** Neither a head without end nor one of which a byte comes now and then. */
	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void anHttp2HeadThatDoesNotEndEndsTheConnection(boolean trickle) throws Exception {
		start(waiting(), Map.of("request-head-timeout", "500ms"));
		try (RawHttp2 client = RawHttp2.connect(port())) {
			// Still waited for when the next head comes.
			client.request(1, true, "GET", "/pks/stats");
			assertThat(this.upstream.take()).isNotNull();
			client.frame(RawHttp2.HEADERS, RawHttp2.END_STREAM, 3, client.block(":method", "GET"));
			if (trickle) {
				client.send(new byte[] { 0, 1, 0, RawHttp2.CONTINUATION, 0, 0, 0, 0, 3 });
				eventually(() -> {
					try {
						client.send(new byte[] { 0 });
					}
					catch (IOException ex) {
						// Closed.
					}
					return !this.listener.limits.isEmpty();
				});
			}
			eventually(() -> this.listener.open.get() == 0);
		}
		assertThat(this.listener.limits).containsExactly(EdgeLimit.REQUEST_HEAD_TIMEOUT);
		assertThat(this.upstream.waiting()).isZero();
	}

	/** Each has its own time, however it is cut up, and answers have theirs. */
	@Test
	void http2HeadsThatEndInTimeDoNot() throws Exception {
		start(new RawUpstream((socket, request) -> {
			pause(1300);
			socket.getOutputStream().write(OK.getBytes(StandardCharsets.ISO_8859_1));
			socket.close();
		}), Map.of("request-head-timeout", "1s"));
		try (RawHttp2 client = RawHttp2.connect(port())) {
			for (int stream = 1; stream < 5; stream += 2) {
				byte[] block = client.block(":method", "GET", ":scheme", "http", ":path", "/pks/stats", ":authority",
						"k");
				byte[] first = RawHttp2.bytes(RawHttp2.HEADERS, RawHttp2.END_STREAM, stream,
						java.util.Arrays.copyOf(block, 2));
				for (byte one : first) {
					client.send(new byte[] { one });
				}
				client.frame(RawHttp2.CONTINUATION, RawHttp2.END_HEADERS, stream,
						java.util.Arrays.copyOfRange(block, 2, block.length));
				assertThat(client.answer(stream).status()).isEqualTo(200);
			}
		}
		assertThat(this.listener.limits).isEmpty();
	}

	@Test
	void anHttp2ConnectionWhoseStreamWaitsForTheKeyserverIsNotIdle() throws Exception {
		start(new RawUpstream((socket, request) -> {
			pause(900);
			socket.getOutputStream().write(OK.getBytes(StandardCharsets.ISO_8859_1));
			socket.close();
		}), Map.of("idle-timeout", "300ms"));
		try (RawHttp2 client = RawHttp2.connect(port())) {
			assertThat(client.request(1, true, "GET", "/pks/stats").answer(1).status()).isEqualTo(200);
		}
	}

	@Test
	void aBodyThatDoesNotComeOnAStreamIs408AndOtherStreamsGoOn() throws Exception {
		start(RawUpstream.answering(OK), Map.of("idle-timeout", "500ms"));
		try (RawHttp2 client = RawHttp2.connect(port())) {
			client.request(1, false, "POST", "/pks/add", "content-length", "100");
			assertThat(client.answer(1).status()).isEqualTo(408);
			assertThat(client.request(3, true, "GET", "/pks/stats").answer(3).status()).isEqualTo(200);
		}
		assertThat(this.listener.limits).containsExactly(EdgeLimit.IDLE_TIMEOUT);
	}

	@ParameterizedTest
	@CsvSource({ "1KB, MIN_RESPONSE_RATE", "0B, IDLE_TIMEOUT" })
	void aStreamWhoseWindowStaysClosedIsReset(String rate, EdgeLimit limit) throws Exception {
		String large = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1000000\r\n\r\n"
				+ "x".repeat(1_000_000);
		start(RawUpstream.answering(large), Map.of("idle-timeout", "500ms", "min-response-rate", rate));
		try (RawHttp2 client = RawHttp2.connect(port())) {
			client.request(1, true, "GET", "/pks/stats");
			RawHttp2.Frame frame = client.next();
			while (frame.type() != RawHttp2.RST_STREAM) {
				frame = client.next();
			}
			assertThat(frame.stream()).isEqualTo(1);
		}
		assertThat(this.listener.limits).containsExactly(limit);
	}

	private void fillAndFreeOne(int most, EdgeLimit limit) throws Exception {
		List<Socket> open = open(most);
		assertThat(this.listener.open).hasValue(most);
		try (RawClient refused = new RawClient(port())) {
			assertThat(refused.readToEnd().bytes()).isEmpty();
		}
		assertThat(this.listener.limits).containsOnly(limit);
		assertThat(isServed(open.get(0))).isTrue();
		open.remove(0).close();
		eventually(() -> this.listener.open.get() < most);
		assertThat(asked()).isEqualTo(200);
		close(open);
		eventually(() -> this.listener.open.get() == 0);
	}

	private List<Socket> open(int count) throws IOException {
		List<Socket> open = new ArrayList<>();
		int before = this.listener.open.get();
		for (int i = 0; i < count; i++) {
			open.add(new Socket(InetAddress.getLoopbackAddress(), port()));
		}
		eventually(() -> this.listener.open.get() == before + count);
		return open;
	}

	private static Map<String, String> opening(String most, String window) {
		return Map.of("max-new-connections-per-address", most, "new-connections-window", window);
	}

	private Socket connect(String from) throws IOException {
		Socket socket = new Socket();
		socket.bind(new InetSocketAddress(InetAddress.getByName(from), 0));
		socket.connect(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), port()));
		return socket;
	}

	/** On a connection of its own, as gpg does. */
	private int asked() throws IOException {
		return RawClient.exchange(port(), "GET /pks/stats HTTP/1.0\r\n\r\n").status();
	}

	private static boolean isServed(Socket socket) throws IOException {
		socket.setSoTimeout(10_000);
		socket.getOutputStream().write(GET.getBytes(StandardCharsets.ISO_8859_1));
		InputStream in = socket.getInputStream();
		return new String(in.readNBytes(12), StandardCharsets.ISO_8859_1).equals("HTTP/1.1 200");
	}

	private static void close(List<Socket> sockets) throws IOException {
		for (Socket socket : sockets) {
			socket.close();
		}
	}

	/** A keyserver that answers when the test says so. */
	private RawUpstream waiting() throws IOException {
		return new RawUpstream((socket, request) -> {
			await(this.go);
			socket.getOutputStream().write(OK.getBytes(StandardCharsets.ISO_8859_1));
			socket.close();
		});
	}

	private static void await(CountDownLatch latch) throws IOException {
		try {
			if (!latch.await(30, TimeUnit.SECONDS)) {
				throw new IOException("expected: the test to go on within 30 s, got: nothing");
			}
		}
		catch (InterruptedException ex) {
			throw new IOException(ex);
		}
	}

	private static void pause(int milliseconds) throws IOException {
		try {
			TimeUnit.MILLISECONDS.sleep(milliseconds);
		}
		catch (InterruptedException ex) {
			throw new IOException(ex);
		}
	}

	private static void eventually(BooleanSupplier condition) throws IOException {
		long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
		while (!condition.getAsBoolean()) {
			assertThat(System.nanoTime() - end).as("expected: the condition within 20 s, got: it never held")
				.isNegative();
			pause(10);
		}
	}

	private int port() {
		return this.edge.port();
	}

	private void start(RawUpstream upstream, Map<String, String> settings) {
		start(upstream, settings, UpstreamSettings.ContentLength.REQUIRE);
	}

	private void start(RawUpstream upstream, Map<String, String> settings, UpstreamSettings.ContentLength length) {
		start(upstream, settings, length, List.of());
	}

	private void start(RawUpstream upstream, Map<String, String> settings, UpstreamSettings.ContentLength length,
			List<String> trustedProxies) {
		start(upstream, settings, length, trustedProxies, ClientAddressSettings.ProxyProtocol.OFF);
	}

	private void start(RawUpstream upstream, Map<String, String> settings, UpstreamSettings.ContentLength length,
			List<String> trustedProxies, ClientAddressSettings.ProxyProtocol proxyProtocol) {
		this.upstream = upstream;
		List<String> properties = new ArrayList<>(List.of("hkp.upstream.content-length=" + length,
				"hkp.client-address.trusted-proxies=" + String.join(",", trustedProxies),
				"hkp.client-address.proxy-protocol=" + proxyProtocol));
		settings.forEach((key, value) -> properties.add("hkp.edge." + key + "=" + value));
		this.edge = new TestEdge(upstream.uri(), List.of(), this.listener, properties.toArray(String[]::new));
	}

}
