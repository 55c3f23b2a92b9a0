package org.hkpgateway.proxy;

import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

import io.netty.buffer.ByteBufUtil;
import org.hkpgateway.http.HeaderMutation;
import org.hkpgateway.http.Headers;
import org.hkpgateway.http.ResponseHead;
import org.hkpgateway.plugin.Capability;
import org.hkpgateway.plugin.Decision;
import org.hkpgateway.plugin.PluginClient;
import org.hkpgateway.plugin.PluginRegistry;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.RequestBody;
import org.hkpgateway.plugin.RequestEvent;
import org.hkpgateway.plugin.ResponseClient;
import org.hkpgateway.plugin.ResponseDecision;
import org.hkpgateway.plugin.ResponseEvent;
import org.hkpgateway.plugin.TestSpec;
import org.hkpgateway.testsupport.RawClient;
import org.hkpgateway.testsupport.RawUpstream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The response phase on the wire: what a client gets of the keyserver's answer when a
 * plugin sees it before.
 */
@Timeout(60)
class ResponseReviewIT {

	private static final String GET = "GET /pks/lookup?op=get&search=a HTTP/1.1\r\nHost: k\r\nConnection: close\r\n\r\n";

	private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: X-Hop\r\nX-Hop: 1\r\n"
			+ "X-Old: 1\r\n\r\nok";

	private static final Duration LONG = Duration.ofSeconds(20);

	private static final List<String> leaks = Collections.synchronizedList(new ArrayList<>());

	static {
		ByteBufUtil.setLeakListener((type, records) -> leaks.add(type + records));
	}

	private final List<ResponseEvent> seen = Collections.synchronizedList(new ArrayList<>());

	private final CountDownLatch shown = new CountDownLatch(1);

	private final CountDownLatch cancelled = new CountDownLatch(1);

	private Mono<ResponseDecision> answer = Mono.just(new ResponseDecision(List.of(new HeaderMutation.Set("X-By", "p"),
			new HeaderMutation.Remove("X-Old"), new HeaderMutation.Append("X-More", "2")), Map.of(), ""));

	private Decision decision = new Decision.Continue(List.of(), List.of(new HeaderMutation.Set("X-More", "1")),
			Map.of("note", "7"), "");

	@AfterEach
	void nothingLeaks() {
		System.gc();
		assertThat(leaks).isEmpty();
	}

	@Test
	void headersAreChangedAndTheBodyPasses() throws Exception {
		RawClient.Answer answer = exchange(OK, GET);
		assertThat(answer.status()).isEqualTo(200);
		assertThat(answer.header("x-by")).isEqualTo("p");
		assertThat(answer.header("x-old")).isNull();
		assertThat(answer.headers()).containsSubsequence("X-More: 1", "X-More: 2");
		assertThat(answer.header("content-length")).isEqualTo("2");
		assertThat(answer.body()).isEqualTo("ok");
		ResponseEvent event = this.seen.get(0);
		assertThat(event.headers()).isEqualTo(Headers.of("Content-Length", "2", "X-Old", "1", "X-More", "1"));
		assertThat(event.request().head().target()).isEqualTo("/pks/lookup?op=get&search=a");
		assertThat(event.request().annotations()).containsEntry("p.note", "7");
		assertThat(event.upstream()).isPositive().isLessThan(LONG);
	}

	@ParameterizedTest
	@ValueSource(strings = { "HTTP/1.1 204 No Content\r\n\r\n", "HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\n\r\n",
			"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n",
			"HTTP/1.1 999 Beyond\r\nContent-Length: 0\r\n\r\n" })
	void anAnswerWithoutABodyIsShownToo(String received) throws Exception {
		RawClient.Answer answer = exchange(received, GET);
		int status = Integer.parseInt(received.split(" ")[1]);
		assertThat(answer.status()).isEqualTo(status);
		assertThat(answer.header("x-by")).isEqualTo("p");
		assertThat(answer.body()).isEmpty();
		assertThat(this.seen).singleElement().extracting(ResponseEvent::status).isEqualTo(status);
	}

	@Test
	void aChunkedAnswerReachesAnOldClientWithoutChunks() throws Exception {
		RawClient.Answer answer = exchange(
				"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n",
				"GET /pks/stats HTTP/1.0\r\n\r\n");
		assertThat(answer.header("x-by")).isEqualTo("p");
		assertThat(answer.header("transfer-encoding")).isNull();
		assertThat(answer.body()).isEqualTo("abc");
		assertThat(answer.reset()).isFalse();
	}

	@Test
	void anAnswerThatIsCutShortEndsInAReset() throws Exception {
		RawClient.Answer answer = exchange("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this", GET);
		assertThat(answer.reset()).isTrue();
		assertThat(this.seen).hasSize(1);
	}

	@Test
	void anAnswerThatIsCutShortDuringThePhaseEndsInAReset() throws Exception {
		Sinks.One<ResponseDecision> later = hold();
		CountDownLatch ended = new CountDownLatch(1);
		try (RawUpstream upstream = new RawUpstream((socket, request) -> {
			write(socket, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this");
			awaitUninterrupted(this.shown);
			socket.close();
			ended.countDown();
		}); TestEdge edge = edge(upstream); RawClient client = new RawClient(edge.port()).send(GET)) {
			assertThat(ended.await(20, TimeUnit.SECONDS)).isTrue();
			later.tryEmitValue(ResponseDecision.UNCHANGED).orThrow();
			RawClient.Answer answer = client.readToEnd();
			assertThat(answer.reset()).isTrue();
			assertThat(upstream.waiting()).as("not asked again").isEqualTo(1);
		}
	}

	@Test
	void theHeadOfAnAnswerToHeadIsShownOnce() throws Exception {
		RawClient.Answer answer = exchange("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n", GET.replace("GET", "HEAD"));
		assertThat(answer.header("x-by")).isEqualTo("p");
		assertThat(answer.header("content-length")).isEqualTo("7");
		assertThat(answer.body()).isEmpty();
		assertThat(this.seen).hasSize(1);
	}

	@Test
	void whereHeadIsMadeOfGetOnlyTheAnswerToThatIsShown() throws Exception {
		try (RawUpstream upstream = new RawUpstream((socket, request) -> {
			write(socket, request.requestLine().startsWith("HEAD")
					? "HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n" : OK);
			socket.close();
		}); TestEdge edge = edge(upstream)) {
			RawClient.Answer answer = RawClient.exchange(edge.port(), GET.replace("GET", "HEAD"));
			assertThat(answer.status()).isEqualTo(200);
			assertThat(answer.header("x-by")).isEqualTo("p");
			assertThat(answer.body()).isEmpty();
			assertThat(this.seen).singleElement()
				.extracting((event) -> event.status() + " " + event.request().head().method())
				.isEqualTo("200 HEAD");
		}
	}

	@Test
	void theGatewaysOwnAnswersAreNotShown() throws Exception {
		RawUpstream gone = RawUpstream.answering("");
		gone.close();
		try (TestEdge edge = edge(gone)) {
			RawClient.Answer unreachable = RawClient.exchange(edge.port(), GET);
			assertThat(unreachable.status()).isEqualTo(502);
			assertThat(unreachable.header("x-more")).as("what was wanted in any answer").isEqualTo("1");
			assertThat(unreachable.header("access-control-allow-origin")).isEqualTo("*");
			assertThat(RawClient.exchange(edge.port(), GET.replace("GET", "OPTIONS")).status()).isEqualTo(204);
			assertThat(RawClient.exchange(edge.port(), GET.replace("/pks/", "/pks//")).status()).isEqualTo(400);
		}
		assertThat(this.seen).isEmpty();
	}

	@Test
	void aPluginsAnswerIsNotShown() throws Exception {
		this.decision = new Decision.Respond(new ResponseHead(403, Headers.empty()), RequestBody.ABSENT.bytes(),
				Map.of(), "");
		RawClient.Answer answer = exchange(OK, GET);
		assertThat(answer.status()).isEqualTo(403);
		assertThat(answer.header("x-by")).isNull();
		assertThat(this.seen).isEmpty();
	}

	@Test
	void noBodyIsReadBeforeThePhaseHasEndedAndAllOfItPassesAfterwards() throws Exception {
		long length = 64L << 20;
		AtomicLong written = new AtomicLong();
		Sinks.One<ResponseDecision> later = hold();
		try (RawUpstream upstream = new RawUpstream((socket, request) -> {
			OutputStream out = socket.getOutputStream();
			out.write(("HTTP/1.1 200 OK\r\nContent-Length: " + length + "\r\n\r\n")
				.getBytes(StandardCharsets.ISO_8859_1));
			byte[] block = new byte[1 << 16];
			while (written.get() < length) {
				out.write(block);
				written.addAndGet(block.length);
			}
			socket.close();
		}); TestEdge edge = edge(upstream); RawClient client = new RawClient(edge.port()).send(GET)) {
			assertThat(this.shown.await(20, TimeUnit.SECONDS)).isTrue();
			long before = settled(written);
			assertThat(before).as("only what sockets hold").isLessThan(length / 2);
			later.tryEmitValue(ResponseDecision.UNCHANGED).orThrow();
			assertThat(client.readToEnd().body().length()).isEqualTo((int) length);
		}
	}

	@Test
	void aClientThatLeavesEndsPhaseAndCallAndNothingIsLeft() throws Exception {
		hold();
		CountDownLatch ended = new CountDownLatch(1);
		try (RawUpstream upstream = new RawUpstream((socket, request) -> {
			write(socket, "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + "x".repeat(100_000));
			try {
				while (socket.getInputStream().read() >= 0) {
					// Until the gateway closes.
				}
			}
			finally {
				ended.countDown();
			}
		}); TestEdge edge = edge(upstream)) {
			try (RawClient client = new RawClient(edge.port())) {
				client.send(GET);
				assertThat(this.shown.await(20, TimeUnit.SECONDS)).isTrue();
				client.reset();
			}
			assertThat(this.cancelled.await(20, TimeUnit.SECONDS)).as("the call of the plugin").isTrue();
			assertThat(ended.await(20, TimeUnit.SECONDS)).as("the call of the keyserver").isTrue();
		}
		this.answer = Mono.just(ResponseDecision.UNCHANGED);
		for (int i = 0; i < 20; i++) {
			// Leaks are found when something is allocated after them.
			System.gc();
			assertThat(exchange(OK, GET).body()).isEqualTo("ok");
		}
	}

	/** Makes the plugin wait. */
	private Sinks.One<ResponseDecision> hold() {
		Sinks.One<ResponseDecision> later = Sinks.one();
		this.answer = later.asMono().doOnCancel(this.cancelled::countDown);
		return later;
	}

	/** The count once it has stopped growing. */
	private static long settled(AtomicLong count) throws InterruptedException {
		long before = -1;
		while (before != count.get()) {
			before = count.get();
			TimeUnit.MILLISECONDS.sleep(200);
		}
		return before;
	}

	private static void write(Socket socket, String bytes) throws IOException {
		socket.getOutputStream().write(bytes.getBytes(StandardCharsets.ISO_8859_1));
	}

	private static void awaitUninterrupted(CountDownLatch latch) {
		try {
			latch.await(20, TimeUnit.SECONDS);
		}
		catch (InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private RawClient.Answer exchange(String received, String request) throws IOException {
		try (RawUpstream upstream = RawUpstream.answering(received); TestEdge edge = edge(upstream)) {
			return RawClient.exchange(edge.port(), request);
		}
	}

	private TestEdge edge(RawUpstream upstream) {
		return new TestEdge(upstream.uri(), UpstreamSettings.ContentLength.REQUIRE, List.of(new Plugin()));
	}

	private final class Plugin implements PluginRegistry.Entry, PluginClient, ResponseClient {

		private final PluginSpec spec = TestSpec.named("p")
			.granted(Capability.HTTP_REQUEST, Capability.HTTP_RESPOND, Capability.HTTP_RESPONSE)
			.build();

		@Override
		public PluginSpec spec() {
			return this.spec;
		}

		@Override
		public PluginClient client() {
			return this;
		}

		@Override
		public Mono<Decision> decide(RequestEvent event, Duration budget) {
			return Mono.just(ResponseReviewIT.this.decision);
		}

		@Override
		public ResponseClient responses() {
			return this;
		}

		@Override
		public Mono<ResponseDecision> review(ResponseEvent event, Duration budget) {
			return Mono.defer(() -> {
				ResponseReviewIT.this.seen.add(event);
				ResponseReviewIT.this.shown.countDown();
				return ResponseReviewIT.this.answer;
			});
		}

	}

}
