package org.hkpgateway.proxy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import org.awaitility.Awaitility;
import org.hkpgateway.plugin.BodyMode;
import org.hkpgateway.plugin.BodyReplacement;
import org.hkpgateway.plugin.Decision;
import org.hkpgateway.testsupport.Command;
import org.hkpgateway.testsupport.RawClient;
import org.hkpgateway.testsupport.RawHttp2;
import org.hkpgateway.testsupport.RawUpstream;
import org.hkpgateway.testsupport.Requirements;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Limits of requests, met by curl over HTTP/1 and HTTP/2: what it gets, and that it is
 * counted for the key of the limit.
 */
@Timeout(60)
class LimitsByKeyIT {

	private static final String OK = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok";

	private static final String HTTP1 = "--http1.1";

	private static final String HTTP2 = "--http2-prior-knowledge";

	private final Path curl = Requirements.program("curl");

	private final TestListener listener = new TestListener();

	private final CountDownLatch go = new CountDownLatch(1);

	@TempDir
	private Path directory;

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

	/** Of a length that is said and of one that is not. */
	@Test
	void maxBody() throws Exception {
		start(RawUpstream.answering(OK), "max-body=50KB");
		String file = file(150_000);
		assertThat(curl(HTTP1, "--data-binary", "@" + file, target("/pks/add"))).isEqualTo("413");
		assertThat(curl(new byte[150_000], HTTP1, "-X", "POST", "-T", "-", target("/pks/add"))).isEqualTo("413");
		assertThat(curl(HTTP2, "--data-binary", "@" + file, target("/pks/add"))).isEqualTo("413");
		assertThat(curl(new byte[150_000], HTTP2, "-X", "POST", "-T", "-", target("/pks/add"))).isEqualTo("413");
		assertThat(
				run(new byte[0], Requirements.program("h2load").toString(), "-n", "1", "-d", file, target("/pks/add")))
			.contains("0 2xx, 0 3xx, 1 4xx");
		try (RawHttp2 client = RawHttp2.connect(this.edge.port())) {
			assertThat(upload(client, 1, 60_000).answer(1).status()).isEqualTo(413);
		}
		assertThat(this.listener.limits).hasSize(6).containsOnly(EdgeLimit.MAX_BODY);
		assertThat(this.listener.refusals).hasSize(6).containsOnly(413);
	}

	@Test
	void maxBufferedBytes() throws Exception {
		start(waiting(), "max-body=1MB", "max-buffered-bytes=1MB");
		Supplier<String> upload = () -> curl(new byte[900_000], HTTP1, "-X", "POST", "-T", "-", target("/pks/add"));
		CompletableFuture<String> first = CompletableFuture.supplyAsync(upload);
		this.upstream.take();
		assertThat(upload.get()).isEqualTo("429");
		try (RawHttp2 client = RawHttp2.connect(this.edge.port())) {
			RawHttp2.Answer answer = upload(client, 1, 60_000).answer(1);
			assertThat(answer.status()).isEqualTo(429);
			assertThat(answer.headers()).containsEntry("retry-after", "5");
		}
		assertThat(this.listener.limits).containsExactly(EdgeLimit.MAX_BUFFERED_BYTES, EdgeLimit.MAX_BUFFERED_BYTES);
		this.go.countDown();
		assertThat(first.get(20, TimeUnit.SECONDS)).isEqualTo("200");
		assertThat(upload.get()).isEqualTo("200");
	}

	/**
	 * A small upload in whose place a plugin puts a large one, which the keyserver is
	 * slow to take.
	 */
	@Test
	void maxBufferedBytesCountsWhatPluginsPutInTheirPlace() throws Exception {
		AtomicReference<BodyReplacement> large = new AtomicReference<>(
				new BodyReplacement(ByteBuffer.allocate(900_000), null));
		this.upstream = waiting();
		this.edge = new TestEdge(this.upstream.uri(), List.of(TestEdge.plugin(BodyMode.FULL,
				(event, budget) -> Mono.just(
						new Decision.Continue(List.of(), null, large.get(), List.of(), Map.of(), "", Duration.ZERO)))),
				this.listener, "hkp.edge.max-body=1MB", "hkp.edge.max-buffered-bytes=1800000B");
		Supplier<String> upload = () -> curl(new byte[10], HTTP1, "-X", "POST", "-T", "-", target("/pks/add"));
		CompletableFuture<String> first = CompletableFuture.supplyAsync(upload);
		this.upstream.take();
		assertThat(upload.get()).isEqualTo("429");
		assertThat(this.listener.limits).containsExactly(EdgeLimit.MAX_BUFFERED_BYTES);
		this.go.countDown();
		assertThat(first.get(20, TimeUnit.SECONDS)).isEqualTo("200");
		assertThat(upload.get()).isEqualTo("200");
		large.set(new BodyReplacement(ByteBuffer.allocate(900_001), null));
		assertThat(upload.get()).as("what there is never room for").isEqualTo("413");
	}

	/** Of unknown length, and as much of it as windows let through before an answer. */
	private static RawHttp2 upload(RawHttp2 client, int stream, int bytes) throws IOException {
		client.request(stream, false, "POST", "/pks/add");
		for (int sent = 0; sent < bytes; sent += 10_000) {
			client.data(stream, false, new byte[10_000]);
		}
		return client;
	}

	/**
	 * A little too long, too many fields, and so long that the codec of HTTP/2 refuses.
	 */
	@ParameterizedTest
	@ValueSource(strings = { HTTP1, HTTP2 })
	void maxHeaderBytes(String version) throws Exception {
		start(RawUpstream.answering(OK), "max-header-bytes=4KB");
		assertThat(curl(version, "-H", "X: " + "x".repeat(4200), target("/pks/lookup?op=stats"))).isEqualTo("431");
		List<String> many = new ArrayList<>(List.of(version));
		IntStream.range(0, 101).forEach((i) -> many.addAll(List.of("-H", "X" + i + ";")));
		many.add(target("/"));
		assertThat(curl(many.toArray(String[]::new))).isEqualTo("431");
		assertThat(this.listener.limits).containsExactly(EdgeLimit.MAX_HEADER_BYTES, EdgeLimit.MAX_HEADER_BYTES);
		assertThat(this.listener.refusals).containsExactly(431, 431);
		assertThat(curl(version, "-H", "X: " + "x".repeat(12_500), target("/pks/lookup?op=stats"))).isEqualTo("431");
		assertThat(this.listener.refusals).containsExactly(431, 431, 431);
		curl(version, "-H", "X: " + "x".repeat(20_000), target("/pks/lookup?op=stats"));
		assertThat(this.listener.limits).hasSize(4).containsOnly(EdgeLimit.MAX_HEADER_BYTES);
		assertThat(this.upstream.waiting()).isZero();
	}

	@ParameterizedTest
	@ValueSource(strings = { HTTP1, HTTP2 })
	void allowedHosts(String version) throws Exception {
		start(RawUpstream.answering(OK), "allowed-hosts=keys.example");
		assertThat(curl(version, target("/pks/lookup?op=stats"))).isEqualTo("421");
		assertThat(this.listener.limits).containsExactly(EdgeLimit.ALLOWED_HOSTS);
		assertThat(curl(version, "-H", "Host: keys.example", target("/pks/lookup?op=stats"))).isEqualTo("200");
		assertThat(this.listener.limits).hasSize(1);
	}

	@ParameterizedTest
	@ValueSource(strings = { HTTP1, HTTP2 })
	void maxRequestsPerAddress(String version) throws Exception {
		start(waiting(), "max-requests-per-address=2");
		List<CompletableFuture<String>> held = Stream.generate(() -> inFlight(version)).limit(2).toList();
		this.upstream.take();
		this.upstream.take();
		assertThat(curl(version, "-D", "head", target("/pks/lookup?op=stats"))).isEqualTo("429");
		assertThat(Files.readString(this.directory.resolve("head"))).containsIgnoringCase("retry-after: 5\r\n");
		assertThat(this.listener.limits).containsExactly(EdgeLimit.MAX_REQUESTS_PER_ADDRESS);
		CompletableFuture<String> other = CompletableFuture
			.supplyAsync(() -> curl(version, "--interface", "127.0.0.2", target("/pks/lookup?op=stats")));
		this.upstream.take();
		this.go.countDown();
		assertThat(held).extracting(CompletableFuture::join).containsOnly("200");
		assertThat(other.join()).isEqualTo("200");
		assertThat(curl(version, target("/pks/lookup?op=stats"))).isEqualTo("200");
	}

	@Test
	void streamsOfOneConnectionAreRequestsInFlightUntilTheyEndHoweverTheyDo() throws Exception {
		start(waiting(), "max-requests-per-address=3");
		try (RawHttp2 client = RawHttp2.connect(this.edge.port())) {
			for (int stream = 1; stream < 10; stream += 2) {
				client.request(stream, true, "GET", "/pks/lookup?op=stats");
			}
			for (int i = 0; i < 3; i++) {
				this.upstream.take();
			}
			assertThat(client.answers(7, 9).values()).extracting(RawHttp2.Answer::status).containsOnly(429);
			client.reset(1).reset(3).reset(5).roundTrip();
			client.request(11, true, "GET", "/pks/lookup?op=stats");
			this.upstream.take();
			this.go.countDown();
			assertThat(client.answer(11).status()).isEqualTo(200);
		}
		assertThat(this.listener.limits).containsExactly(EdgeLimit.MAX_REQUESTS_PER_ADDRESS,
				EdgeLimit.MAX_REQUESTS_PER_ADDRESS);
	}

	@Test
	void requestsBehindEachOtherAreNotInFlightTogether() throws Exception {
		start(RawUpstream.answering(OK), "max-requests-per-address=1");
		try (RawClient client = new RawClient(this.edge.port())) {
			client.send("GET /pks/lookup?op=stats HTTP/1.1\r\nHost: k\r\n\r\n".repeat(50));
			for (int i = 0; i < 50; i++) {
				assertThat(client.read().status()).isEqualTo(200);
			}
			for (int i = 0; i < 50; i++) {
				assertThat(client.send("GET /pks/lookup?op=stats HTTP/1.1\r\nHost: k\r\n\r\n").read().status())
					.isEqualTo(200);
			}
		}
		assertThat(this.listener.limits).isEmpty();
	}

	@Test
	void aTrustedProxyMayHaveAnyNumberOfRequestsInFlight() throws Exception {
		this.upstream = waiting();
		this.edge = new TestEdge(this.upstream.uri(), List.of(), this.listener,
				"hkp.client-address.trusted-proxies=127.0.0.1", "hkp.edge.max-requests-per-address=1");
		List<CompletableFuture<String>> held = Stream.generate(() -> inFlight(HTTP1)).limit(3).toList();
		for (int i = 0; i < 3; i++) {
			this.upstream.take();
		}
		this.go.countDown();
		assertThat(held).extracting(CompletableFuture::join).containsOnly("200");
	}

	/** What a plugin delays is in flight, and over when its client leaves. */
	@ParameterizedTest
	@CsvSource({ "max-requests-per-address, MAX_REQUESTS_PER_ADDRESS, 429",
			"max-connections-per-address, MAX_CONNECTIONS_PER_ADDRESS, 000" })
	void whoIsHeldBackByAPluginStaysWithinTheLimits(String limit, EdgeLimit counted, String refusal) throws Exception {
		this.upstream = RawUpstream.answering(OK);
		Decision delay = new Decision.Continue(List.of(), null, null, List.of(), Map.of(), "", Duration.ofSeconds(30));
		CountDownLatch asked = new CountDownLatch(1);
		this.edge = new TestEdge(this.upstream.uri(), List.of(TestEdge.plugin(BodyMode.NONE, (event, budget) -> {
			asked.countDown();
			return Mono.just("stats".equals(event.query().get("op")) ? Decision.Continue.UNCHANGED : delay);
		})), this.listener, "hkp.edge." + limit + "=1");
		try (RawClient held = new RawClient(this.edge.port())) {
			held.send("GET /pks/lookup?op=index&search=a HTTP/1.1\r\nHost: k\r\n\r\n");
			assertThat(asked.await(20, TimeUnit.SECONDS)).isTrue();
			assertThat(curl(HTTP1, target("/pks/lookup?op=stats"))).isEqualTo(refusal);
			assertThat(this.listener.limits).containsExactly(counted);
			assertThat(curl(HTTP1, "--interface", "127.0.0.2", target("/pks/lookup?op=stats"))).isEqualTo("200");
		}
		Awaitility.await().until(() -> curl(HTTP1, target("/pks/lookup?op=stats")).equals("200"));
	}

	/** A byte now and then, which is less than a byte of body by the second. */
	@Test
	void minBodyRate() throws Exception {
		start(RawUpstream.answering(OK), "min-body-rate=100B", "idle-timeout=11s");
		try (RawClient slow = new RawClient(this.edge.port()); RawHttp2 stream = RawHttp2.connect(this.edge.port())) {
			slow.send("POST /pks/add HTTP/1.1\r\nHost: k\r\nContent-Length: 5000\r\n\r\n");
			stream.request(1, false, "POST", "/pks/add", "content-length", "5000");
			CompletableFuture<Void> trickle = CompletableFuture.runAsync(() -> trickle(slow, stream));
			assertThat(slow.readToEnd().status()).isEqualTo(408);
			assertThat(stream.answer(1).status()).isEqualTo(408);
			assertThat(this.listener.limits).containsExactly(EdgeLimit.MIN_BODY_RATE, EdgeLimit.MIN_BODY_RATE);
			trickle.cancel(true);
		}
	}

	private void trickle(RawClient slow, RawHttp2 stream) {
		try {
			for (int i = 0; i < 40 && this.listener.limits.size() < 2; i++) {
				slow.send("x");
				stream.data(1, false, new byte[1]);
				TimeUnit.MILLISECONDS.sleep(500);
			}
		}
		catch (IOException | InterruptedException ex) {
			// The end.
		}
	}

	private CompletableFuture<String> inFlight(String version) {
		return CompletableFuture.supplyAsync(() -> curl(version, target("/pks/lookup?op=stats")));
	}

	/**
	 * Says nothing of a connection that ends before it has sent all, if there is an
	 * answer.
	 */
	private String curl(String... arguments) {
		return curl(new byte[0], arguments);
	}

	private String curl(byte[] input, String... arguments) {
		List<String> command = new ArrayList<>(List.of(this.curl.toString(), "--silent", "--max-time", "30", "--output",
				"/dev/null", "--write-out", "%{http_code}"));
		command.addAll(Arrays.asList(arguments));
		return run(input, command.toArray(String[]::new));
	}

	private String run(byte[] input, String... command) {
		return Command.run(this.directory, Duration.ofSeconds(40), input, List.of(command)).text();
	}

	private String file(int size) throws IOException {
		return Files.write(this.directory.resolve("body"), new byte[size]).toString();
	}

	private String target(String path) {
		return "http://127.0.0.1:" + this.edge.port() + path;
	}

	/** A keyserver that answers when the test says so. */
	private RawUpstream waiting() throws IOException {
		return new RawUpstream((socket, request) -> {
			try {
				this.go.await(30, TimeUnit.SECONDS);
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
			}
			socket.getOutputStream().write(OK.getBytes(StandardCharsets.ISO_8859_1));
			socket.close();
		});
	}

	private void start(RawUpstream upstream, String... settings) {
		this.upstream = upstream;
		this.edge = new TestEdge(upstream.uri(), List.of(), this.listener,
				Arrays.stream(settings).map((setting) -> "hkp.edge." + setting).toArray(String[]::new));
	}

}
