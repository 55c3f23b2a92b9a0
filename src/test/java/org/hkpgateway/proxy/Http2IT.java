package org.hkpgateway.proxy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collections;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

import org.hkpgateway.hkp.Operation;
import org.hkpgateway.http.Headers;
import org.hkpgateway.http.ResponseHead;
import org.hkpgateway.plugin.BodyMode;
import org.hkpgateway.plugin.Decision;
import org.hkpgateway.plugin.PluginClient;
import org.hkpgateway.plugin.PluginRegistry;
import org.hkpgateway.plugin.RequestEvent;
import org.awaitility.Awaitility;
import org.hkpgateway.testsupport.RawClient;
import org.hkpgateway.testsupport.RawHttp2;
import org.hkpgateway.testsupport.RawUpstream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.publisher.Mono;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * HTTP/2 in the clear, frame by frame, and what the keyserver gets of it.
 */
@Timeout(90)
@ExtendWith(OutputCaptureExtension.class)
class Http2IT {

	private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: text/plain\r\n\r\nok";

	private static final int PROTOCOL_ERROR = 1;

	private static final int INTERNAL_ERROR = 2;

	private static final int REFUSED_STREAM = 7;

	private static final int ENHANCE_YOUR_CALM = 11;

	private final List<RequestEvent> seen = Collections.synchronizedList(new ArrayList<>());

	private @Nullable RawUpstream upstream;

	private @Nullable TestEdge edge;

	@AfterEach
	void close() throws IOException {
		if (this.edge != null) {
			this.edge.close();
		}
		if (this.upstream != null) {
			this.upstream.close();
		}
	}

	@Test
	void aRequestReachesTheKeyserverAsTheSameInHttp1() throws Exception {
		start(RawUpstream.answering(OK));
		try (RawHttp2 client = RawHttp2.connect(port())) {
			RawHttp2.Answer answer = client
				.request(1, true, "GET", "/pks/lookup?op=get&options=mr&search=0x0123456789ABCDEF", "pragma",
						"no-cache", "cookie", "a=1", "cookie", "b=2", "x-twice", "1", "x-twice", "2", "te", "trailers",
						"x-forwarded-for", "192.0.2.66")
				.answer(1);
			assertThat(answer.status()).as(answer.toString()).isEqualTo(200);
			assertThat(answer.body()).isEqualTo("ok");
			assertThat(answer.headers()).containsEntry("access-control-allow-origin", "*")
				.doesNotContainKeys("connection", "transfer-encoding", "x-http2-stream-id");
		}
		RawUpstream.Received received = this.upstream.take();
		assertThat(received.requestLine())
			.isEqualTo("GET /pks/lookup?op=get&options=mr&search=0x0123456789ABCDEF HTTP/1.1");
		assertThat(received.headers()).containsExactlyInAnyOrder("pragma: no-cache", "cookie: a=1; b=2", "x-twice: 1",
				"x-twice: 2", "host: keys.example", "X-Forwarded-For: 127.0.0.1", "X-Real-IP: 127.0.0.1",
				"X-Forwarded-Proto: http", "X-Forwarded-Host: keys.example", "Via: 2 hkp-gateway");
	}

	@Test
	void pluginsSeeTheHkpRequest() throws Exception {
		start(RawUpstream.answering(OK), TestEdge.plugin(BodyMode.NONE, continuing()));
		try (RawHttp2 client = RawHttp2.connect(port())) {
			client.request(1, true, "GET", "/pks/lookup?op=index&search=alice").answer(1);
		}
		RequestEvent event = this.seen.get(0);
		assertThat(event.hkp().operation()).isEqualTo(Operation.LOOKUP_INDEX);
		assertThat(event.client().getAddress().isLoopbackAddress()).isTrue();
		assertThat(event.tls()).isFalse();
	}

	@Test
	void aBodyOfUnknownLengthIsSentWithItsLength() throws Exception {
		start(RawUpstream.answering(OK));
		try (RawHttp2 client = RawHttp2.connect(port())) {
			client.request(1, false, "POST", "/pks/add")
				.data(1, false, "key".getBytes(StandardCharsets.US_ASCII))
				.data(1, false, "text=".getBytes(StandardCharsets.US_ASCII))
				// Trailers.
				.head(1, true, "x-checksum", "1");
			assertThat(client.answer(1).status()).isEqualTo(200);
		}
		RawUpstream.Received received = this.upstream.take();
		assertThat(received.headers()).contains("content-length: 8").doesNotContain("x-checksum: 1");
		assertThat(new String(received.body(), StandardCharsets.US_ASCII)).isEqualTo("keytext=");
	}

	@Test
	void expectIsAnsweredBeforeTheBody() throws Exception {
		start(RawUpstream.answering(OK));
		try (RawHttp2 client = RawHttp2.connect(port())) {
			client.request(1, false, "POST", "/pks/add", "content-length", "4", "expect", "100-continue");
			RawHttp2.Frame first = client.next();
			assertThat(first.type()).isEqualTo(RawHttp2.HEADERS);
			assertThat(first.flags() & RawHttp2.END_STREAM).isZero();
			client.data(1, true, new byte[4]);
			RawHttp2.Frame second = client.next();
			assertThat(second.type()).isEqualTo(RawHttp2.HEADERS);
		}
		assertThat(this.upstream.take().body()).hasSize(4);
	}

	@Test
	void aGetMayEndWithAnEmptyFrame() throws Exception {
		start(RawUpstream.answering(OK));
		try (RawHttp2 client = RawHttp2.connect(port())) {
			client.request(1, false, "GET", "/pks/lookup?op=stats").data(1, true, new byte[0]);
			assertThat(client.answer(1).status()).isEqualTo(200);
			client.request(3, false, "GET", "/pks/lookup?op=stats").data(3, true, new byte[3]);
			assertThat(client.answer(3).status()).isEqualTo(400);
		}
		assertThat(this.upstream.take().headers()).noneMatch((line) -> line.startsWith("content-length"));
		assertThat(this.upstream.waiting()).isZero();
	}

	@Test
	void headHasNoBody() throws Exception {
		start(RawUpstream.answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"));
		try (RawHttp2 client = RawHttp2.connect(port())) {
			RawHttp2.Answer answer = client.request(1, true, "HEAD", "/pks/lookup?op=stats").answer(1);
			assertThat(answer.status()).isEqualTo(200);
			assertThat(answer.body()).isEmpty();
			assertThat(answer.ended()).isTrue();
		}
	}

	static List<Arguments> refused() {
		return List.of(refused(400, "hosts that differ", good("host", "evil.example")),
				refused(400, "two hosts", good("host", "keys.example", "host", "keys.example")),
				refused(400, "a host list", bad(":authority", "a, b")), refused(400, "no host", without(":authority")),
				refused(400, "user information", bad(":authority", "me@keys.example")),
				refused(400, "no path", without(":path")), refused(400, "an asterisk", bad(":path", "*")),
				refused(400, "a whole address", bad(":path", "http://keys.example/pks/lookup")),
				refused(400, "a blank in the path", bad(":path", "/pks/lookup?op=get HTTP/1.1")),
				refused(400, "another writing of /pks", bad(":path", "/pks//lookup")),
				refused(400, "no method", without(":method")), refused(400, "no word", bad(":method", "GET /x")),
				refused(501, "an unknown method", bad(":method", "BREW")),
				refused(405, "TRACE", bad(":method", "TRACE")),
				refused(501, "a method in lower case", bad(":method", "get")),
				refused(405, "CONNECT", List.of(":method", "CONNECT", ":authority", "keys.example:80")),
				refused(405, "extended CONNECT",
						List.of(":method", "CONNECT", ":scheme", "http", ":path", "/", ":authority", "keys.example")),
				refused(400, "no scheme", without(":scheme")), refused(400, "another scheme", bad(":scheme", "ftp")),
				refused(400, "underscored length", good("content_length", "5")),
				refused(400, "underscored coding", good("transfer_encoding", "chunked")),
				refused(417, "an expectation", good("expect", "200-ok")),
				refused(431, "many fields", many(WireScanner.MAX_FIELDS + 5)),
				refused(431, "a long field", good("x-long", "x".repeat(TestEdge.MAX_HEAD))),
				refused(431, "a field so long that the codec does not take it",
						good("x-long", "x".repeat(Pipelines.maxHeaderList(TestEdge.MAX_HEAD)))));
	}

	@ParameterizedTest(name = "{1} is answered {0}")
	@MethodSource("refused")
	void aRefusalIsAnsweredOnItsStreamAndNothingIsForwarded(int status, String what, List<String> fields)
			throws Exception {
		start(RawUpstream.answering(OK));
		try (RawHttp2 client = RawHttp2.connect(port())) {
			RawHttp2.Answer answer = client.head(1, true, fields.toArray(String[]::new)).answer(1);
			assertThat(answer.status()).as(answer.toString()).isEqualTo(status);
			assertThat(this.upstream.waiting()).isZero();
			assertThat(client.request(3, true, "GET", "/pks/lookup?op=stats").answer(3).status()).isEqualTo(200);
		}
	}

	static List<Arguments> malformed() {
		return List.of(Arguments.of("Connection", good("connection", "close")),
				Arguments.of("Transfer-Encoding", good("transfer-encoding", "chunked")),
				Arguments.of("Upgrade", good("upgrade", "websocket")),
				Arguments.of("Keep-Alive", good("keep-alive", "5")),
				Arguments.of("Proxy-Connection", good("proxy-connection", "close")),
				Arguments.of("an empty host", bad(":authority", "")), Arguments.of("an empty path", bad(":path", "")),
				Arguments.of("a line end in the path", bad(":path", "/x HTTP/1.1\r\nX: y")),
				Arguments.of("NUL in the path", bad(":path", "/x\0")),
				Arguments.of("a length that is none", good("content-length", "+0")),
				Arguments.of("TE", good("te", "gzip")), Arguments.of("an upper-case name", good("X-Upper", "1")),
				Arguments.of("a pseudo-header of answers", good(":status", "200")),
				Arguments.of("an unknown pseudo-header", good(":extra", "1")),
				Arguments.of("a late pseudo-header", good("x", "1", ":path", "/x")),
				Arguments.of("a second path", bad2(":path", "/pks/lookup?op=get")),
				Arguments.of("a line end in a value", good("x", "1\r\nx-injected: 2")),
				Arguments.of("NUL in a value", good("x", "1\0")), Arguments.of("a blank in a name", good("x y", "1")),
				Arguments.of("two lengths", good("content-length", "0", "content-length", "1")),
				Arguments.of("a length of no body", good("content-length", "5")));
	}

	/**
	 * Some of it the codec resets, some of it the gateway answers: RFC 9113 section 8.1.1
	 * leaves both.
	 */
	@ParameterizedTest(name = "{0}")
	@MethodSource("malformed")
	void whatIsMalformedIsNeverForwardedAndOtherStreamsGoOn(String what, List<String> fields) throws Exception {
		start(RawUpstream.answering(OK));
		try (RawHttp2 client = RawHttp2.connect(port())) {
			RawHttp2.Answer answer = client.head(1, true, fields.toArray(String[]::new)).answer(1);
			if (answer.reset() < 0) {
				assertThat(answer.status()).as(answer.toString()).isEqualTo(400);
			}
			else {
				assertThat(answer.reset()).isEqualTo(PROTOCOL_ERROR);
			}
			assertThat(this.upstream.waiting()).isZero();
			assertThat(client.request(3, true, "GET", "/pks/lookup?op=stats").answer(3).status()).isEqualTo(200);
		}
	}

	@Test
	void moreOrLessThanContentLengthIsAStreamError() throws Exception {
		start(RawUpstream.answering(OK));
		try (RawHttp2 client = RawHttp2.connect(port())) {
			client.request(1, false, "POST", "/pks/add", "content-length", "4").data(1, true, new byte[3]);
			assertThat(client.answer(1).reset()).isEqualTo(PROTOCOL_ERROR);
			client.request(3, false, "POST", "/pks/add", "content-length", "4").data(3, true, new byte[5]);
			assertThat(client.answer(3).reset()).isEqualTo(PROTOCOL_ERROR);
			assertThat(client.request(5, true, "GET", "/pks/lookup?op=stats").answer(5).status()).isEqualTo(200);
		}
		assertThat(this.upstream.take().requestLine()).startsWith("GET ");
		assertThat(this.upstream.waiting()).isZero();
	}

	@Test
	void aBodyBeyondTheLimitIsAnswered413() throws Exception {
		start(RawUpstream.answering(OK));
		try (RawHttp2 client = RawHttp2.connect(port())) {
			RawHttp2.Answer answer = client.request(1, false, "POST", "/pks/add", "content-length", "2000000")
				.answer(1);
			assertThat(answer.status()).isEqualTo(413);
			assertThat(client.request(3, true, "GET", "/pks/lookup?op=stats").answer(3).status()).isEqualTo(200);
		}
	}

	/**
	 * Clients know before they ask; the codec takes more, which is refused with a word.
	 */
	@Test
	void aHeadThatIsTooLongIsAnsweredAsOverHttp1(CapturedOutput output) throws Exception {
		start(RawUpstream.answering(OK));
		String target = "/pks/lookup?op=stats";
		int most = TestEdge.MAX_HEAD - ("GET " + target + " HTTP/1.1\r\nhost: keys.example\r\nx: \r\n\r\n").length();
		try (RawHttp2 client = RawHttp2.connect(port())) {
			// From here on its settings hold.
			assertThat(client.roundTrip().roundTrip().maxHeaderList()).isEqualTo(TestEdge.MAX_HEAD);
			assertThat(client.request(1, true, "GET", target, "x", "x".repeat(most)).answer(1).status()).isEqualTo(200);
			RawHttp2.Answer answer = client.request(3, true, "GET", target, "x", "x".repeat(most + 1)).answer(3);
			assertThat(answer.status()).isEqualTo(431);
			assertThat(answer.body()).isEqualTo("The request head is longer than 16384 bytes.\n");
			assertThat(answer.headers()).containsEntry("access-control-allow-origin", "*");
			String twice = "x".repeat(2 * TestEdge.MAX_HEAD);
			assertThat(client.request(5, true, "GET", target, "x", twice).answer(5).status()).isEqualTo(431);
			assertThat(client.request(7, true, "GET", "/" + twice).answer(7).status()).isEqualTo(414);
			assertThat(client.request(9, true, "GET", target).answer(9).status()).isEqualTo(200);
		}
		assertThat(RawClient
			.exchange(port(),
					"GET " + target + " HTTP/1.1\r\nConnection: close\r\nhost: keys.example\r\nx: "
							+ "x".repeat(most - "Connection: close\r\n".length()) + "\r\n\r\n")
			.status()).isEqualTo(200);
		assertThat(
				RawClient
					.exchange(port(),
							"GET " + target + " HTTP/1.1\r\nhost: keys.example\r\nx: " + "x".repeat(most + 1)
									+ "\r\n\r\n")
					.status())
			.isEqualTo(431);
		Awaitility.await()
			.untilAsserted(() -> assertThat(output.getOut().lines())
				.filteredOn((line) -> line.contains("note=\"The request head is longer than 16384 bytes.\""))
				.hasSize(3)
				.allMatch((line) -> line.contains("client=127.0.0.1") && line.contains("status=431")));
	}

	@Test
	void trailersMayNotBeLongerThanAHead() throws Exception {
		start(RawUpstream.answering(OK));
		try (RawHttp2 client = RawHttp2.connect(port())) {
			client.request(1, false, "POST", "/pks/add").data(1, false, new byte[10]);
			RawHttp2.Answer answer = client.head(1, true, "x", "x".repeat(TestEdge.MAX_HEAD)).answer(1);
			assertThat(answer.status()).isEqualTo(431);
			assertThat(answer.body()).isEqualTo("The request head is longer than 16384 bytes.\n");
			client.request(3, false, "POST", "/pks/add").data(3, false, new byte[10]);
			assertThat(client.head(3, true, "x", "x".repeat(1000)).answer(3).status()).isEqualTo(200);
		}
		assertThat(this.upstream.take().body()).hasSize(10);
		assertThat(this.upstream.waiting()).isZero();
	}

	@Test
	void anAnswerCutShortIsResetAndNeverEnds() throws Exception {
		start(new RawUpstream((socket, request) -> {
			String body = request.requestLine().contains("cut") ? "half" : "enough for all";
			socket.getOutputStream()
				.write(("HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n" + body).getBytes(StandardCharsets.US_ASCII));
			socket.close();
		}));
		try (RawHttp2 client = RawHttp2.connect(port())) {
			client.request(1, true, "GET", "/cut").request(3, true, "GET", "/whole");
			Map<Integer, RawHttp2.Answer> answers = client.answers(1, 3);
			assertThat(answers.get(1).ended()).as(answers.toString()).isFalse();
			assertThat(answers.get(1).reset()).isEqualTo(INTERNAL_ERROR);
			assertThat(answers.get(3).body()).isEqualTo("enough for all");
		}
	}

	@Test
	void aClientsResetCancelsTheCall() throws Exception {
		CountDownLatch gone = new CountDownLatch(1);
		start(new RawUpstream((socket, request) -> {
			// The end of the connection is the sign.
			if (socket.getInputStream().read() < 0) {
				gone.countDown();
			}
		}));
		try (RawHttp2 client = RawHttp2.connect(port())) {
			client.request(1, true, "GET", "/pks/lookup?op=stats");
			this.upstream.take();
			client.reset(1);
			assertThat(gone.await(20, TimeUnit.SECONDS)).isTrue();
		}
	}

	@Test
	void aResetWhileUploadingLeavesTheKeyserverNoWholeRequest() throws Exception {
		start(RawUpstream.answering(OK));
		try (RawHttp2 client = RawHttp2.connect(port())) {
			client.request(1, false, "POST", "/pks/add", "content-length", "100").data(1, false, new byte[50]).reset(1);
			client.request(3, false, "POST", "/pks/add").data(3, false, new byte[50]).reset(3);
			assertThat(client.request(5, true, "GET", "/pks/lookup?op=stats").answer(5).status()).isEqualTo(200);
		}
		assertThat(this.upstream.take().requestLine()).startsWith("GET ");
		assertThat(this.upstream.waiting()).isZero();
	}

	@Test
	void streamsBeyondTheLimitAreRefused() throws Exception {
		CountDownLatch end = new CountDownLatch(1);
		start(new RawUpstream((socket, request) -> {
			try {
				end.await(30, TimeUnit.SECONDS);
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
			}
			socket.getOutputStream().write(OK.getBytes(StandardCharsets.US_ASCII));
			socket.close();
		}));
		try (RawHttp2 client = RawHttp2.connect(port())) {
			for (int stream = 1; stream <= 201; stream += 2) {
				client.request(stream, true, "GET", "/pks/lookup?op=stats");
			}
			RawHttp2.Answer refused = client.answer(201);
			assertThat(refused.reset()).as(refused.toString()).isEqualTo(REFUSED_STREAM);
			end.countDown();
		}
	}

	/**
	 * Else one upload that the keyserver does not take would hold up the others of its
	 * connection, and they would be ended for being slow.
	 */
	@Test
	void aConnectionHasRoomForTheBodiesOfAllItsStreams() throws Exception {
		start(RawUpstream.answering(OK));
		try (RawHttp2 client = RawHttp2.connect(port())) {
			client.roundTrip();
			assertThat(client.connectionWindow()).isEqualTo(20 * 65_535);
		}
	}

	@Test
	void rapidResetsEndTheConnectionAndOthersGoOn() throws Exception {
		start(RawUpstream.answering(OK));
		try (RawHttp2 client = RawHttp2.connect(port())) {
			byte[] block = client.block(":method", "GET", ":scheme", "http", ":path", "/pks/lookup?op=stats",
					":authority", "keys.example");
			ByteArrayOutputStream flood = new ByteArrayOutputStream();
			for (int stream = 1; stream < 20_000; stream += 2) {
				flood
					.write(RawHttp2.bytes(RawHttp2.HEADERS, RawHttp2.END_HEADERS | RawHttp2.END_STREAM, stream, block));
				flood.write(RawHttp2.bytes(RawHttp2.RST_STREAM, 0, stream, new byte[] { 0, 0, 0, 8 }));
			}
			assertCalmed(client, flood.toByteArray());
		}
		// Of ten thousand.
		assertThat(this.upstream.waiting()).isLessThanOrEqualTo(201);
		assertOthersGoOn();
	}

	@Test
	void aFloodOfContinuationsEndsTheConnection() throws Exception {
		start(RawUpstream.answering(OK));
		try (RawHttp2 client = RawHttp2.connect(port())) {
			ByteArrayOutputStream flood = new ByteArrayOutputStream();
			flood.write(RawHttp2.bytes(RawHttp2.HEADERS, RawHttp2.END_STREAM, 1, client.block(":method", "GET")));
			byte[] block = client.block("x", "y");
			IntStream.range(0, 10_000)
				.forEach((i) -> flood.writeBytes(RawHttp2.bytes(RawHttp2.CONTINUATION, 0, 1, block)));
			assertCalmed(client, flood.toByteArray());
		}
		assertThat(this.upstream.waiting()).isZero();
		assertOthersGoOn();
	}

	@Test
	void aHeaderBombEndsTheConnection() throws Exception {
		start(RawUpstream.answering(OK));
		try (RawHttp2 client = RawHttp2.connect(port())) {
			ByteArrayOutputStream block = new ByteArrayOutputStream();
			// A field of 4000 bytes into the table, then ten thousand times one byte that
			// means it.
			block.write(new byte[] { 0x40, 1, 'x', 0x7f, (byte) 0xa1, 0x1e });
			block.write("y".repeat(4000).getBytes(StandardCharsets.US_ASCII));
			byte[] repeated = new byte[10_000];
			Arrays.fill(repeated, (byte) 0xbe);
			block.write(repeated);
			client.frame(RawHttp2.HEADERS, RawHttp2.END_HEADERS | RawHttp2.END_STREAM, 1, block.toByteArray());
			RawHttp2.Answer answer = client.answer(1);
			assertThat(answer.status() == 431 || answer.goAway() >= 0).as(answer.toString()).isTrue();
		}
		assertThat(this.upstream.waiting()).isZero();
		assertOthersGoOn();
	}

	@Test
	void aFloodOfPingsThatNobodyReadsEndsTheConnection() throws Exception {
		start(RawUpstream.answering(OK));
		try (RawHttp2 client = RawHttp2.connect(port())) {
			ByteArrayOutputStream pings = new ByteArrayOutputStream();
			IntStream.range(0, 1000).forEach((i) -> pings.writeBytes(RawHttp2.bytes(RawHttp2.PING, 0, 0, new byte[8])));
			boolean ended = false;
			// About 85 MB at most, far more than sockets hold.
			for (int i = 0; i < 5000 && !ended; i++) {
				try {
					client.send(pings.toByteArray());
				}
				catch (SocketException ex) {
					ended = true;
				}
			}
			assertThat(ended).isTrue();
		}
		assertOthersGoOn();
	}

	/** Sends it all if it can, and expects to be told why it could not go on. */
	private static void assertCalmed(RawHttp2 client, byte[] flood) throws IOException {
		try {
			client.send(flood);
		}
		catch (SocketException ex) {
			// The server has ended the connection meanwhile; perhaps with its last words.
			return;
		}
		List<RawHttp2.Frame> rest = client.rest();
		assertThat(rest).filteredOn((frame) -> frame.type() == RawHttp2.GOAWAY)
			.extracting(RawHttp2.Frame::error)
			.containsOnly(ENHANCE_YOUR_CALM);
	}

	private void assertOthersGoOn() throws IOException {
		// What was reset is in flight until its end is through, and counts for the
		// address.
		Awaitility.await().until(() -> RawClient.exchange(port(), "OPTIONS / HTTP/1.0\r\n\r\n").status() == 204);
		assertThat(RawClient.exchange(port(), "GET /pks/lookup?op=stats HTTP/1.0\r\n\r\n").status()).isEqualTo(200);
		try (RawHttp2 client = RawHttp2.connect(port())) {
			assertThat(client.request(1, true, "GET", "/pks/lookup?op=stats").answer(1).status()).isEqualTo(200);
		}
	}

	private static Arguments refused(int status, String what, List<String> fields) {
		return Arguments.of(status, what, fields);
	}

	private static List<String> good(String... more) {
		List<String> fields = new ArrayList<>(List.of(":method", "GET", ":scheme", "http", ":path",
				"/pks/lookup?op=stats", ":authority", "keys.example"));
		fields.addAll(List.of(more));
		return fields;
	}

	private static List<String> bad(String name, String value) {
		List<String> fields = good();
		fields.set(fields.indexOf(name) + 1, value);
		return fields;
	}

	private static List<String> bad2(String name, String value) {
		List<String> fields = good();
		fields.addAll(0, List.of(name, value));
		return fields;
	}

	private static List<String> without(String name) {
		List<String> fields = good();
		int at = fields.indexOf(name);
		fields.remove(at);
		fields.remove(at);
		return fields;
	}

	private static List<String> many(int number) {
		List<String> fields = good();
		IntStream.range(0, number).forEach((i) -> fields.addAll(List.of("x" + i, "")));
		return fields;
	}

	private void start(RawUpstream upstream, PluginRegistry.Entry... plugins) {
		this.upstream = upstream;
		this.edge = new TestEdge(upstream.uri(), UpstreamSettings.ContentLength.REQUIRE, List.of(plugins));
	}

	private int port() {
		return this.edge.port();
	}

	private PluginClient continuing() {
		return (event, budget) -> {
			this.seen.add(event);
			return Mono.just(Decision.Continue.UNCHANGED);
		};
	}

	private static PluginClient responding(String text) {
		return (event, budget) -> Mono
			.just(new Decision.Respond(new ResponseHead(403, Headers.of("Content-Type", "text/plain")),
					ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)), Map.of(), ""));
	}

}
