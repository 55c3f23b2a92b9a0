package org.hkpgateway.proxy;

import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import io.netty.buffer.ByteBufUtil;
import org.hkpgateway.chain.PluginChain;
import org.hkpgateway.http.HeaderMutation;
import org.hkpgateway.http.Headers;
import org.hkpgateway.http.ResponseHead;
import org.hkpgateway.plugin.BodyMode;
import org.hkpgateway.plugin.Decision;
import org.hkpgateway.plugin.PluginClient;
import org.hkpgateway.plugin.PluginRegistry;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.TestSpec;
import org.hkpgateway.plugin.RequestBody;
import org.hkpgateway.plugin.RequestEvent;
import org.hkpgateway.testsupport.RawClient;
import org.hkpgateway.testsupport.RawUpstream;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Hooks;
import reactor.core.publisher.Mono;
import reactor.netty.DisposableServer;
import reactor.netty.http.server.HttpServer;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The edge against raw bytes on both sides.
 */
@Timeout(60)
class PublicServerIT {

	private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: text/plain\r\n\r\nok";

	private static final List<String> leaks = Collections.synchronizedList(new ArrayList<>());

	private static final List<Throwable> dropped = Collections.synchronizedList(new ArrayList<>());

	static {
		Hooks.onErrorDropped(dropped::add);
		ByteBufUtil.setLeakListener((type, records) -> leaks.add(type + records));
	}

	private final List<RequestEvent> seen = Collections.synchronizedList(new ArrayList<>());

	private BodyMode body = BodyMode.NONE;

	private @Nullable PluginClient plugin;

	private String trusted = "";

	private int maxBody = 1024 * 1024;

	private String clientHeader = "";

	private Duration idleTimeout = Duration.ofSeconds(20);

	private Duration responseTimeout = Duration.ofSeconds(10);

	private UpstreamSettings.ContentLength contentLength = UpstreamSettings.ContentLength.REQUIRE;

	private @Nullable RawUpstream upstream;

	private @Nullable PublicServer gateway;

	private @Nullable DisposableServer server;

	@AfterEach
	void close() throws IOException {
		if (this.server != null) {
			this.server.disposeNow(Duration.ofSeconds(10));
		}
		if (this.gateway != null) {
			this.gateway.close();
		}
		if (this.upstream != null) {
			this.upstream.close();
		}
		System.gc();
		assertThat(leaks).isEmpty();
		assertThat(dropped).isEmpty();
	}

	@ParameterizedTest
	@ValueSource(strings = { "/pks/lookup?op=get&options=mr&search=0x0123456789ABCDEF",
			"/pks/lookup?op=index&search=a+b%20c%2B&x=%2a", "/pks/lookup?search=alice%40lab.example&op=get",
			"/static/a%2Fb/%7Euser?q=%C3%A9", "/x?{}|^\"`\\<>", "/x?\u00e9\u00ff", "/a//b/../c;d", "/?", "/x?#y" })
	void theTargetReachesTheKeyserverByteForByte(String target) throws Exception {
		start(RawUpstream.answering(OK));
		RawClient.Answer answer = RawClient.exchange(port(), "GET " + target + " HTTP/1.0\r\nHost: keys\r\n\r\n");
		if (target.contains("#")) {
			assertThat(answer.status()).isEqualTo(400);
			return;
		}
		assertThat(answer.status()).as(answer.bytes()).isEqualTo(200);
		assertThat(this.upstream.take().requestLine()).isEqualTo("GET " + target + " HTTP/1.1");
	}

	@Test
	void headersPassUnchangedButForHopByHopAndForwardedOnes() throws Exception {
		start(RawUpstream.answering(OK));
		RawClient.exchange(port(), """
				GET /pks/stats HTTP/1.0\r
				Host: keys.example\r
				Pragma: no-cache\r
				x-lower: \u00e9\r
				X-Twice: 1\r
				X-Twice: 2\r
				Connection: X-Private, close\r
				X-Private: secret\r
				Keep-Alive: 5\r
				X-Forwarded-For: 192.0.2.66\r
				Forwarded: for=192.0.2.66\r
				X-Real-IP: 192.0.2.66\r
				\r
				""");
		assertThat(this.upstream.take().headers()).containsExactlyInAnyOrder("Host: keys.example", "Pragma: no-cache",
				"x-lower: \u00e9", "X-Twice: 1", "X-Twice: 2", "X-Forwarded-For: 127.0.0.1", "X-Real-IP: 127.0.0.1",
				"X-Forwarded-Proto: http", "X-Forwarded-Host: keys.example", "Via: 1.0 hkp-gateway");
	}

	@Test
	void aRequestWithoutHostFromAPeerKeyserverPasses() throws Exception {
		start(RawUpstream.answering(OK));
		String body = "\0\0\0\1\0\0\0\20\u00e0\u00ff0123456789abcd";
		RawClient.Answer answer = RawClient.exchange(port(),
				"POST /pks/hashquery HTTP/1.0\r\ncontent-length: " + body.length() + "\r\n\r\n" + body);
		assertThat(answer.status()).isEqualTo(200);
		RawUpstream.Received received = this.upstream.take();
		assertThat(received.requestLine()).isEqualTo("POST /pks/hashquery HTTP/1.1");
		assertThat(received.body()).isEqualTo(body.getBytes(StandardCharsets.ISO_8859_1));
		assertThat(received.headers()).contains("content-length: " + body.length());
	}

	@Test
	void aTrustedProxyIsBelieved() throws Exception {
		this.trusted = "127.0.0.0/8";
		this.plugin = continuing();
		start(RawUpstream.answering(OK));
		RawClient.exchange(port(), "GET /pks/stats HTTP/1.0\r\nX-Forwarded-For: 6.6.6.6, 192.0.2.7\r\n\r\n");
		assertThat(this.upstream.take().headers()).contains("X-Forwarded-For: 6.6.6.6, 192.0.2.7, 127.0.0.1",
				"X-Real-IP: 192.0.2.7");
		assertThat(this.seen.get(0).client().getAddress().getHostAddress()).isEqualTo("192.0.2.7");
		assertThat(this.seen.get(0).head().headers().contains("X-Forwarded-For")).isFalse();
	}

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

	@Test
	void headKeepsTheLengthAndHasNoBody() throws Exception {
		start(RawUpstream.answering("HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n"));
		try (RawClient client = new RawClient(port())) {
			RawClient.Answer answer = client.send("HEAD /pks/stats HTTP/1.0\r\n\r\n").readToEnd();
			assertThat(answer.header("content-length")).isEqualTo("1234");
			assertThat(answer.body()).isEmpty();
		}
	}

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
	void aBodyWithABadChunkIsNeverForwardedAsIfItWereWhole() throws Exception {
		start(RawUpstream.answering(OK));
		RawClient.exchange(port(), "POST /pks/add HTTP/1.1\r\nHost: k\r\nTransfer-Encoding: chunked\r\n\r\n"
				+ "5\r\nhello\r\nzz\r\n world\r\n0\r\n\r\n");
		assertThat(this.upstream.waiting()).isZero();
	}

	@Test
	void aDeclaredBodyThatIsTooLargeIsRefusedAndTheAnswerArrives() throws Exception {
		start(RawUpstream.answering(OK));
		try (RawClient client = new RawClient(port())) {
			client.send("POST /pks/add HTTP/1.0\r\nContent-Length: " + 2 * this.maxBody + "\r\n\r\n");
			client.send(new byte[this.maxBody / 2]);
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
		this.contentLength = mode;
		this.maxBody = 100_000;
		start(new RawUpstream(
				(socket, request) -> socket.getInputStream().transferTo(OutputStream.nullOutputStream())));
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
	@ValueSource(strings = { "HTTP/1.0", "HTTP/1.1" })
	void anEarlyAnswerArrivesWhileTheClientStillUploads(String version) throws Exception {
		this.plugin = responding(429, "slow down");
		start(RawUpstream.answering(OK));
		try (RawClient client = new RawClient(port())) {
			client.send("POST /pks/add " + version + "\r\nHost: k\r\nContent-Length: 900000\r\n\r\n");
			for (int i = 0; i < 9; i++) {
				client.send(new byte[100_000]);
			}
			RawClient.Answer answer = client.readToEnd();
			assertThat(answer.reset()).isFalse();
			assertThat(answer.status()).isEqualTo(429);
			assertThat(answer.body()).isEqualTo("slow down");
			assertThat(answer.header("retry-after")).isEqualTo("7");
		}
		assertThat(this.upstream.waiting()).isZero();
	}

	@Test
	void headOfAnAnswerByAPluginHasNoBody() throws Exception {
		this.plugin = responding(429, "slow down");
		start(RawUpstream.answering(OK));
		RawClient.Answer answer = RawClient.exchange(port(), "HEAD /pks/stats HTTP/1.0\r\n\r\n");
		assertThat(answer.body()).isEmpty();
		assertThat(answer.header("content-length")).isEqualTo("9");
	}

	@ParameterizedTest
	@CsvSource({ "FULL,COMPLETE,300000", "PREFIX,PREFIX,65536", "NONE,WITHHELD,0" })
	void aPluginSeesWhatItWantsAndTheKeyserverEverything(BodyMode mode, RequestBody.State state, int shown)
			throws Exception {
		this.body = mode;
		this.plugin = continuing();
		start(RawUpstream.answering(OK));
		byte[] body = new byte[300_000];
		for (int i = 0; i < body.length; i++) {
			body[i] = (byte) (i * 31);
		}
		try (RawClient client = new RawClient(port())) {
			client.send("POST /pks/add HTTP/1.0\r\nContent-Length: " + body.length + "\r\n\r\n").send(body);
			assertThat(client.readToEnd().status()).isEqualTo(200);
		}
		assertThat(this.upstream.take().body()).isEqualTo(body);
		RequestBody seen = this.seen.get(0).body();
		assertThat(seen.state()).isEqualTo(state);
		assertThat(seen.length()).isEqualTo(body.length);
		ByteBuffer expected = ByteBuffer.wrap(body, 0, shown);
		assertThat(seen.bytes()).isEqualTo(expected);
	}

	@ParameterizedTest
	@CsvSource({ "PREFIX,STREAM", "PREFIX,REQUIRE", "FULL,STREAM", "FULL,REQUIRE", "NONE,REQUIRE" })
	void aSmallChunkedBodyIsCompleteForThePlugin(BodyMode mode, UpstreamSettings.ContentLength length)
			throws Exception {
		this.body = mode;
		this.contentLength = length;
		this.plugin = continuing();
		start(RawUpstream.answering(OK));
		RawClient.Answer answer = RawClient.exchange(port(),
				"POST /pks/add HTTP/1.1\r\nHost: k\r\nConnection: close\r\n"
						+ "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n");
		assertThat(answer.status()).isEqualTo(200);
		assertThat(this.seen.get(0).body().state())
			.isEqualTo((mode == BodyMode.NONE) ? RequestBody.State.WITHHELD : RequestBody.State.COMPLETE);
	}

	@Test
	void aStreamedBodyOfUnknownLengthIsFramedSoThatItIsNoSecondRequest() throws Exception {
		this.contentLength = UpstreamSettings.ContentLength.STREAM;
		start(RawUpstream.answering(OK));
		RawClient.exchange(port(), "POST /pks/add HTTP/1.1\r\nHost: k\r\nConnection: close\r\n"
				+ "Transfer-Encoding: chunked\r\n\r\n11170\r\n" + "x".repeat(0x11170) + "\r\n0\r\n\r\n");
		assertThat(this.upstream.take().headers()).contains("transfer-encoding: chunked");
	}

	@Test
	void aLargeChunkedBodyStreamsOnBehindThePrefixThatThePluginSaw() throws Exception {
		this.body = BodyMode.PREFIX;
		this.contentLength = UpstreamSettings.ContentLength.STREAM;
		this.plugin = continuing();
		start(new RawUpstream((socket, request) -> {
			StringBuilder text = new StringBuilder();
			while (text.indexOf("\r\n0\r\n\r\n", text.length() - 7) < 0) {
				text.append((char) socket.getInputStream().read());
			}
			String bytes = String.valueOf(text.chars().filter((character) -> character == 'x').count());
			socket.getOutputStream()
				.write(("HTTP/1.1 200 OK\r\nContent-Length: " + bytes.length() + "\r\n\r\n" + bytes)
					.getBytes(StandardCharsets.US_ASCII));
			socket.close();
		}));
		String chunk = "400\r\n" + "x".repeat(0x400) + "\r\n";
		RawClient.Answer answer = RawClient.exchange(port(),
				"POST /pks/add HTTP/1.1\r\nHost: k\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
						+ chunk.repeat(70) + "0\r\n\r\n");
		assertThat(answer.body()).isEqualTo(String.valueOf(70 * 0x400));
		assertThat(this.seen.get(0).body().state()).isEqualTo(RequestBody.State.PREFIX);
		assertThat(this.seen.get(0).body().bytes().remaining()).isEqualTo(64 * 1024);
	}

	@ParameterizedTest
	@ValueSource(strings = { "FULL", "PREFIX" })
	void aPluginThatAnswersAfterReadingTheBodyIsHeard(BodyMode mode) throws Exception {
		this.body = mode;
		this.plugin = responding(422, "bad key");
		start(RawUpstream.answering(OK));
		try (RawClient client = new RawClient(port())) {
			client.send("POST /pks/add HTTP/1.0\r\nContent-Length: 500000\r\n\r\n").send(new byte[500_000]);
			RawClient.Answer answer = client.readToEnd();
			assertThat(answer.status()).isEqualTo(422);
			assertThat(answer.reset()).isFalse();
		}
		assertThat(this.upstream.waiting()).isZero();
	}

	@Test
	void aPluginsMutationsReachKeyserverAndClient() throws Exception {
		this.plugin = (event,
				budget) -> Mono.just(new Decision.Continue(
						List.of(new HeaderMutation.Set("User-Agent", "changed"), new HeaderMutation.Remove("Pragma")),
						List.of(new HeaderMutation.Set("X-Seen-By", "p")), Map.of(), ""));
		start(RawUpstream.answering(OK));
		RawClient.Answer answer = RawClient.exchange(port(),
				"GET /pks/stats HTTP/1.0\r\nUser-Agent: a\r\nUser-Agent: b\r\nPragma: x\r\n\r\n");
		assertThat(answer.header("x-seen-by")).isEqualTo("p");
		assertThat(this.upstream.take().headers()).contains("User-Agent: changed")
			.doesNotContain("Pragma: x", "User-Agent: a");
	}

	@Test
	void connectionTakesNothingAwayThatAPluginAdds() throws Exception {
		this.plugin = (event, budget) -> Mono
			.just(new Decision.Continue(List.of(new HeaderMutation.Append("X-Verdict", "the plugin's")),
					List.of(new HeaderMutation.Append("X-Seen-By", "the plugin")), Map.of(), ""));
		start(RawUpstream.answering("HTTP/1.1 200 OK\r\nConnection: X-Seen-By\r\nX-Seen-By: keyserver\r\n"
				+ "Content-Length: 2\r\n\r\nok"));
		RawClient.Answer answer = RawClient.exchange(port(),
				"GET /pks/stats HTTP/1.0\r\n" + "Connection: X-Verdict, close\r\nX-Verdict: the client's\r\n\r\n");
		assertThat(this.upstream.take().headers()).filteredOn((field) -> field.startsWith("X-Verdict"))
			.containsExactly("X-Verdict: the plugin's");
		assertThat(answer.bytes().lines()).filteredOn((line) -> line.startsWith("X-Seen-By"))
			.containsExactly("X-Seen-By: the plugin");
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
	void anUnreachableKeyserverIs502() throws Exception {
		RawUpstream gone = RawUpstream.answering(OK);
		start(gone);
		gone.close();
		RawClient.Answer answer = RawClient.exchange(port(), "GET /pks/stats HTTP/1.0\r\n\r\n");
		assertThat(answer.status()).isEqualTo(502);
		assertThat(answer.body()).isEqualTo("The keyserver cannot be reached.\n");
		assertThat(answer.header("access-control-allow-origin")).isEqualTo("*");
	}

	@Test
	void aSilentKeyserverIs502AfterTheResponseTimeout() throws Exception {
		this.responseTimeout = Duration.ofMillis(300);
		start(new RawUpstream((socket, request) -> {
		}));
		assertThat(RawClient.exchange(port(), "GET /pks/stats HTTP/1.0\r\n\r\n").status()).isEqualTo(502);
	}

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

	@ParameterizedTest
	@CsvSource({ "NONE,Content-Length: 100", "PREFIX,Content-Length: 100", "FULL,Content-Length: 100",
			"NONE,Transfer-Encoding: chunked", "FULL,Transfer-Encoding: chunked" })
	void aBodyThatDoesNotComeIs408(BodyMode mode, String framing) throws Exception {
		this.body = mode;
		this.plugin = continuing();
		this.idleTimeout = Duration.ofMillis(300);
		start(RawUpstream.answering(OK));
		RawClient.Answer answer = RawClient.exchange(port(),
				"POST /pks/add HTTP/1.1\r\nHost: k\r\n" + framing + "\r\n\r\n5\r\nhello\r\n");
		assertThat(answer.status()).isEqualTo(408);
		assertThat(answer.body()).isEqualTo("The request body did not come in time.\n");
		assertThat(answer.header("access-control-allow-origin")).isEqualTo("*");
		assertThat(this.upstream.waiting()).isZero();
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

	@Test
	void aKeyserverThatSwitchesProtocolsIs502() throws Exception {
		start(RawUpstream.answering("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"));
		assertThat(RawClient.exchange(port(), "GET /pks/stats HTTP/1.0\r\n\r\n").status()).isEqualTo(502);
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
	void theClientHeaderOfATrustedProxyIsDroppedWhenSomebodyElseSendsIt() throws Exception {
		this.trusted = "192.0.2.0/24";
		this.clientHeader = "CF-Connecting-IP";
		this.plugin = continuing();
		start(RawUpstream.answering(OK));
		RawClient.exchange(port(), "GET /pks/stats HTTP/1.0\r\ncf-connecting-ip: 192.0.2.66\r\n\r\n");
		assertThat(this.upstream.take().head()).doesNotContain("192.0.2.66");
		assertThat(this.seen.get(0).head().headers().contains("CF-Connecting-IP")).isFalse();
	}

	@Test
	void aVersionOtherThan1Is505() throws Exception {
		start(RawUpstream.answering(OK));
		assertThat(RawClient.exchange(port(), "GET / HTTP/3.0\r\nHost: k\r\nConnection: close\r\n\r\n").status())
			.isEqualTo(505);
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
	void aGetOnAKeptConnectionThatTheKeyserverClosedIsSentAgain() throws Exception {
		start(RawUpstream.answering(OK));
		for (int i = 0; i < 50; i++) {
			assertThat(RawClient.exchange(port(), "GET /pks/stats HTTP/1.0\r\n\r\n").status()).isEqualTo(200);
		}
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

	@ParameterizedTest
	@ValueSource(strings = { "GET /pks//lookup?op=get&search=x HTTP/1.0\r\n\r\n", "GET //pks/lookup HTTP/1.0\r\n\r\n",
			"GET /pks/%6cookup?op=get&search=x HTTP/1.0\r\n\r\n", "GET /x/../pks/lookup?op=get HTTP/1.0\r\n\r\n",
			"GET /pks/lookup?op=get&op=index&search=x HTTP/1.0\r\n\r\n",
			"GET /pks/lookup?op=get&search=x&search=y HTTP/1.0\r\n\r\n", "GET http://evil/pks/lookup HTTP/1.0\r\n\r\n",
			"GET pks/lookup HTTP/1.0\r\n\r\n", "GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
			"GET / HTTP/1.1\r\nHost: \r\n\r\n", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n",
			"GET / HTTP/1.0\r\nHost: user@a\r\n\r\n", "GET / HTTP/1.0\r\nHost: a/b\r\n\r\n",
			"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
			"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
			"GET / HTTP/1.1\r\nHost: a\r\nBad Name: x\r\n\r\n", "nonsense\r\n\r\n" })
	void aMalformedRequestIs400(String request) throws Exception {
		start(RawUpstream.answering(OK));
		try (RawClient client = new RawClient(port())) {
			RawClient.Answer answer = client.send(request).shutdownOutput().readToEnd();
			assertThat(answer.status()).isEqualTo(400);
			assertThat(answer.header("access-control-allow-origin")).isEqualTo("*");
			assertThat(answer.body()).endsWith("\n");
		}
		assertThat(this.upstream.waiting()).isZero();
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
	void unknownPathsPassThrough() throws Exception {
		start(RawUpstream.answering(OK));
		assertThat(RawClient.exchange(port(), "GET /actuator/health HTTP/1.0\r\n\r\n").body()).isEqualTo("ok");
		assertThat(this.upstream.take().requestLine()).isEqualTo("GET /actuator/health HTTP/1.1");
	}

	@Test
	void connectAndTraceAreNotServed() throws Exception {
		start(RawUpstream.answering(OK));
		assertThat(RawClient.exchange(port(), "TRACE / HTTP/1.0\r\n\r\n").status()).isEqualTo(405);
		assertThat(RawClient.exchange(port(), "CONNECT evil:80 HTTP/1.0\r\n\r\n").status()).isEqualTo(405);
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

	private static void awaitAbout300Milliseconds() throws IOException {
		try {
			TimeUnit.MILLISECONDS.sleep(300);
		}
		catch (InterruptedException ex) {
			throw new IOException(ex);
		}
	}

	private static void writeUntilStuck(Socket socket, long[] written) throws IOException {
		Thread writer = Thread.currentThread();
		Thread watch = new Thread(() -> {
			long before = -1;
			try {
				while (before != written[0]) {
					before = written[0];
					TimeUnit.SECONDS.sleep(2);
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

	private void start(RawUpstream upstream) {
		this.upstream = upstream;
		List<PluginRegistry.Entry> entries = (this.plugin != null) ? List.of(entry(this.plugin)) : List.of();
		PluginChain chain = new PluginChain(() -> entries, Duration.ofSeconds(5), Duration.ofSeconds(5),
				(request, outcome) -> {
				}, System::nanoTime);
		this.gateway = new PublicServer(chain, List.of(upstream.uri()),
				new UpstreamSettings(List.of(upstream.uri()), Duration.ofSeconds(2), this.responseTimeout, 500,
						this.contentLength, TestEdge.NO_CHECKS),
				new ClientAddressSettings(this.trusted.isEmpty() ? List.of() : List.of(this.trusted), this.clientHeader,
						ClientAddressSettings.ProxyProtocol.OFF, ClientAddressSettings.Log.FULL),
				TestEdge.settings(Map.of("max-body", this.maxBody + "B", "idle-timeout", this.idleTimeout.toString())),
				null, LogForm.LINES, (reason) -> {
				});
		this.server = this.gateway.customize(HttpServer.create().host("127.0.0.1").port(0))
			.route(this.gateway::route)
			.bindNow();
	}

	private int port() {
		return this.server.port();
	}

	private PluginClient continuing() {
		return (event, budget) -> {
			this.seen.add(event);
			return Mono.just(Decision.Continue.UNCHANGED);
		};
	}

	private static PluginClient responding(int status, String text) {
		return (event,
				budget) -> Mono.just(new Decision.Respond(
						new ResponseHead(status, Headers.of("Content-Type", "text/plain", "Retry-After", "7")),
						ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)), Map.of(), ""));
	}

	private PluginRegistry.Entry entry(PluginClient client) {
		PluginSpec spec = TestSpec.named("p").body(this.body, 64 * 1024).requested().granted().build();
		return new PluginRegistry.Entry() {

			@Override
			public PluginSpec spec() {
				return spec;
			}

			@Override
			public PluginClient client() {
				return client;
			}

		};
	}

}
