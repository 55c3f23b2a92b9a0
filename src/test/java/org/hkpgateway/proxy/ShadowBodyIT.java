package org.hkpgateway.proxy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;

import org.hkpgateway.chain.ChainListener;
import org.hkpgateway.chain.PluginOutcome;
import org.hkpgateway.chain.ShadowOutcome;
import org.hkpgateway.chain.ShadowOutcome.Agreement;
import org.hkpgateway.http.Headers;
import org.hkpgateway.http.ResponseHead;
import org.hkpgateway.plugin.BodyMode;
import org.hkpgateway.plugin.Decision;
import org.hkpgateway.plugin.PluginClient;
import org.hkpgateway.plugin.PluginRegistry;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.RequestBody;
import org.hkpgateway.plugin.RequestEvent;
import org.hkpgateway.plugin.TestSpec;
import org.hkpgateway.testsupport.RawClient;
import org.hkpgateway.testsupport.RawHttp2;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.publisher.Mono;
import reactor.netty.DisposableServer;
import reactor.netty.http.server.HttpServer;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Uploads of which a plugin in shadow mode wants to see the body: they pass exactly as if
 * it were not there.
 */
@Timeout(60)
class ShadowBodyIT implements ChainListener {

	private static final int LENGTH = 300_000;

	private static final int FIRST = 100_000;

	private final byte[] body = new byte[LENGTH];

	private final BlockingQueue<RequestEvent> seen = new LinkedBlockingQueue<>();

	private final BlockingQueue<ShadowOutcome> compared = new LinkedBlockingQueue<>();

	private final AtomicLong arrived = new AtomicLong();

	private final BlockingQueue<byte[]> uploads = new LinkedBlockingQueue<>();

	private DisposableServer keyserver;

	@BeforeEach
	void startKeyserver() {
		new Random(LENGTH).nextBytes(this.body);
		this.keyserver = HttpServer.create()
			.host("127.0.0.1")
			.port(0)
			.handle((request, response) -> request.receive()
				.asByteArray()
				.doOnNext((part) -> this.arrived.addAndGet(part.length))
				.collect(ByteArrayOutputStream::new, ByteArrayOutputStream::writeBytes)
				.doOnNext((all) -> this.uploads.add(all.toByteArray()))
				.then(response.sendString(Mono.just("keyserver!")).then()))
			.bindNow();
	}

	@AfterEach
	void stopKeyserver() {
		this.keyserver.disposeNow(Duration.ofSeconds(10));
	}

	/** The client goes on only when the keyserver has what was sent. */
	@ParameterizedTest
	@CsvSource({ "FULL, 0, false", "PREFIX, 200000, false", "FULL, 0, true", "PREFIX, 200000, true" })
	void theKeyserverHasWhatHasComeWhileAShadowWaitsForMore(BodyMode mode, int prefix, boolean chunked)
			throws Exception {
		try (TestEdge edge = edge("stream", shadow(mode, prefix)); RawClient client = new RawClient(edge.port())) {
			client.send("POST /pks/add HTTP/1.1\r\nHost: keys\r\n"
					+ (chunked ? "Transfer-Encoding: chunked\r\n\r\n" : "Content-Length: " + LENGTH + "\r\n\r\n"));
			send(client, 0, FIRST, chunked);
			await("what was sent", () -> this.arrived.get() == FIRST);
			assertThat(this.seen).isEmpty();
			send(client, FIRST, LENGTH, chunked);
			client.send(chunked ? "0\r\n\r\n" : "");
			assertThat(client.read().status()).isEqualTo(200);
		}
		assertThat(this.uploads.poll(20, TimeUnit.SECONDS)).isEqualTo(this.body);
		sawAtLeast(mode, prefix);
	}

	@ParameterizedTest
	@EnumSource(value = BodyMode.class, names = { "FULL", "PREFIX" })
	void ofABodyThatIsHeldForItsLengthItSeesWhatIsHeld(BodyMode mode) throws Exception {
		try (TestEdge edge = edge("require", shadow(mode, 10)); RawClient client = new RawClient(edge.port())) {
			client.send("POST /pks/add HTTP/1.1\r\nHost: keys\r\nTransfer-Encoding: chunked\r\n\r\n");
			send(client, 0, LENGTH, true);
			client.send("0\r\n\r\n");
			assertThat(client.read().status()).isEqualTo(200);
		}
		assertThat(this.uploads.poll(20, TimeUnit.SECONDS)).isEqualTo(this.body);
		sawAtLeast(mode, 10);
	}

	@Test
	void ofAHashqueryItSeesAll() throws Exception {
		byte[] query = new byte[24];
		query[3] = 1;
		query[7] = 16;
		try (TestEdge edge = edge("require", shadow(BodyMode.FULL, 0)); RawClient client = new RawClient(edge.port())) {
			client.send("POST /pks/hashquery HTTP/1.0\r\nContent-Length: 24\r\n\r\n").send(query);
			assertThat(client.readToEnd().status()).isEqualTo(200);
		}
		assertThat(asked().body()).isEqualTo(RequestBody.complete(ByteBuffer.wrap(query)));
	}

	@Test
	void ofAnUploadOverHttp2ItSeesAll() throws Exception {
		byte[] some = Arrays.copyOf(this.body, 30_000);
		try (TestEdge edge = edge("require", shadow(BodyMode.FULL, 0));
				RawHttp2 client = RawHttp2.connect(edge.port())) {
			client.request(1, false, "POST", "/pks/add", "content-length", "30000");
			client.data(1, false, Arrays.copyOf(some, 10_000));
			client.data(1, false, Arrays.copyOfRange(some, 10_000, 20_000));
			client.data(1, true, Arrays.copyOfRange(some, 20_000, 30_000));
			assertThat(client.answer(1).status()).isEqualTo(200);
		}
		assertThat(asked().body()).isEqualTo(RequestBody.complete(ByteBuffer.wrap(some)));
	}

	@Test
	void aBodyThatIsTooLargeForItPasses() throws Exception {
		upload(TestSpec.named("s").shadow().body(BodyMode.FULL, 0).maxMessageBytes(200 * 1024));
		assertThat(this.compared.poll(20, TimeUnit.SECONDS))
			.isEqualTo(new ShadowOutcome(TestSpec.named("s").build().id(), Agreement.SKIPPED,
					"the body has more than the 73728 bytes that it can take", 0));
		assertThat(this.seen).isEmpty();
	}

	/**
	 * Two such bodies would be too many, but for those that only stream by there is room.
	 */
	@Test
	void whatItIsShownIsNotTakenFromWhatRequestsMayTake() throws Exception {
		try (TestEdge edge = edge("require", List.of(shadow(BodyMode.FULL, 0)), "hkp.edge.max-body=310000B",
				"hkp.edge.max-buffered-bytes=310000B");
				RawClient one = new RawClient(edge.port());
				RawClient other = new RawClient(edge.port())) {
			for (RawClient client : List.of(one, other)) {
				client.send("POST /pks/add HTTP/1.1\r\nHost: keys\r\nContent-Length: " + LENGTH + "\r\n\r\n");
				send(client, 0, LENGTH - 1, false);
			}
			await("what was sent", () -> this.arrived.get() == 2 * (LENGTH - 1));
			for (RawClient client : List.of(one, other)) {
				send(client, LENGTH - 1, LENGTH, false);
				assertThat(client.read().status()).isEqualTo(200);
				assertThat(asked().body()).isEqualTo(RequestBody.complete(ByteBuffer.wrap(this.body)));
			}
		}
	}

	/** Neither is the client told to go on, nor is anything read, for the shadow only. */
	@Test
	void ifTheRequestIsAnsweredEarlyItsBodyIsNotRead() throws Exception {
		try (TestEdge edge = edge("require", List.of(shadow(BodyMode.FULL, 0), enforced(BodyMode.NONE, denies())));
				RawClient client = new RawClient(edge.port())) {
			client.send("POST /pks/add HTTP/1.1\r\nHost: keys\r\nExpect: 100-continue\r\nContent-Length: 1000\r\n\r\n");
			assertThat(client.read().status()).isEqualTo(403);
		}
		assertThat(this.compared.poll(20, TimeUnit.SECONDS))
			.matches((outcome) -> outcome.detail().equals("the request was answered before its body was read"));
		assertThat(this.seen).isEmpty();
	}

	@Test
	void aClientThatWaitsToBeToldToGoOnIsTold() throws Exception {
		try (TestEdge edge = edge("require", shadow(BodyMode.FULL, 0)); RawClient client = new RawClient(edge.port())) {
			client.send("POST /pks/add HTTP/1.1\r\nHost: keys\r\nExpect: 100-continue\r\nContent-Length: " + LENGTH
					+ "\r\n\r\n");
			assertThat(client.read().status()).isEqualTo(100);
			send(client, 0, LENGTH, false);
			assertThat(client.read().status()).isEqualTo(200);
		}
		sawAtLeast(BodyMode.FULL, 0);
	}

	@Test
	void whatWasHeldForAnotherPluginIsShownThoughThatOneAnswers() throws Exception {
		try (TestEdge edge = edge("require", List.of(shadow(BodyMode.FULL, 0), enforced(BodyMode.PREFIX, denies())));
				RawClient client = new RawClient(edge.port())) {
			client.send("POST /pks/add HTTP/1.1\r\nHost: keys\r\nTransfer-Encoding: chunked\r\n\r\n");
			send(client, 0, LENGTH, true);
			client.send("0\r\n\r\n");
			assertThat(client.read().status()).isEqualTo(403);
		}
		assertThat(asked().body().state()).isEqualTo(RequestBody.State.COMPLETE);
		assertThat(this.compared.poll(20, TimeUnit.SECONDS)).extracting(ShadowOutcome::agreement)
			.isEqualTo(Agreement.WOULD_ALLOW);
	}

	@Test
	void anotherPluginSeesNoMoreBecauseOfIt() throws Exception {
		BlockingQueue<RequestEvent> other = new LinkedBlockingQueue<>();
		PluginRegistry.Entry enforced = enforced(BodyMode.PREFIX, (event, budget) -> {
			other.add(event);
			return Mono.just(Decision.Continue.UNCHANGED);
		});
		try (TestEdge edge = edge("require", List.of(shadow(BodyMode.FULL, 0), enforced));
				RawClient client = new RawClient(edge.port())) {
			client.send("POST /pks/add HTTP/1.0\r\nContent-Length: " + LENGTH + "\r\n\r\n").send(this.body);
			assertThat(client.readToEnd().status()).isEqualTo(200);
		}
		assertThat(other.take().body().bytes().remaining()).isEqualTo(10);
		sawAtLeast(BodyMode.FULL, 0);
	}

	@Test
	void ofAnUploadThatIsCutShortItIsNotAsked() throws Exception {
		try (TestEdge edge = edge("require", shadow(BodyMode.FULL, 0)); RawClient client = new RawClient(edge.port())) {
			client.send("POST /pks/add HTTP/1.1\r\nHost: keys\r\nContent-Length: " + LENGTH + "\r\n\r\n");
			send(client, 0, FIRST, false);
			await("what was sent", () -> this.arrived.get() == FIRST);
			client.reset();
			assertThat(this.compared.poll(20, TimeUnit.SECONDS)).matches((outcome) -> outcome.detail()
				.equals("the request ended before as much of its body had come as it wants"));
		}
		assertThat(this.seen).isEmpty();
	}

	private void upload(TestSpec shadow) throws Exception {
		try (TestEdge edge = edge("require", entry(shadow.build(), watches()));
				RawClient client = new RawClient(edge.port())) {
			client.send("POST /pks/add HTTP/1.0\r\nContent-Length: " + LENGTH + "\r\n\r\n").send(this.body);
			assertThat(client.readToEnd().status()).isEqualTo(200);
		}
		assertThat(this.uploads.poll(20, TimeUnit.SECONDS)).isEqualTo(this.body);
	}

	private void send(RawClient client, int from, int to, boolean chunked) throws IOException {
		if (!chunked) {
			client.send(Arrays.copyOfRange(this.body, from, to));
			return;
		}
		ByteArrayOutputStream chunks = new ByteArrayOutputStream();
		for (int at = from; at < to; at += 10_000) {
			chunks.writeBytes("2710\r\n".getBytes(StandardCharsets.US_ASCII));
			chunks.write(this.body, at, 10_000);
			chunks.writeBytes("\r\n".getBytes(StandardCharsets.US_ASCII));
		}
		client.send(chunks.toByteArray());
	}

	private void sawAtLeast(BodyMode mode, int prefix) throws InterruptedException {
		RequestBody shown = asked().body();
		if (mode == BodyMode.FULL) {
			assertThat(shown).isEqualTo(RequestBody.complete(ByteBuffer.wrap(this.body)));
		}
		else {
			assertThat(shown.state()).isEqualTo(RequestBody.State.PREFIX);
			assertThat(shown.bytes()).isEqualTo(ByteBuffer.wrap(this.body, 0, prefix));
		}
	}

	private RequestEvent asked() throws InterruptedException {
		RequestEvent event = this.seen.poll(20, TimeUnit.SECONDS);
		assertThat(event).as("a shadow that was asked; compared: %s", this.compared).isNotNull();
		return event;
	}

	private TestEdge edge(String contentLength, PluginRegistry.Entry plugin) {
		return edge(contentLength, List.of(plugin));
	}

	private TestEdge edge(String contentLength, List<PluginRegistry.Entry> plugins, String... properties) {
		String[] all = Arrays.copyOf(properties, properties.length + 1);
		all[properties.length] = "hkp.upstream.content-length=" + contentLength;
		return TestEdge.telling(this, URI.create("http://127.0.0.1:" + this.keyserver.port()), plugins, all);
	}

	private PluginRegistry.Entry shadow(BodyMode mode, int prefix) {
		return entry(TestSpec.named("s").shadow().body(mode, prefix).build(), watches());
	}

	private static PluginRegistry.Entry enforced(BodyMode mode, PluginClient client) {
		return entry(TestSpec.named("p").body(mode, 10).build(), client);
	}

	private PluginClient watches() {
		return (event, budget) -> {
			this.seen.add(event);
			return Mono.just(Decision.Continue.UNCHANGED);
		};
	}

	private static PluginClient denies() {
		Decision denied = new Decision.Respond(new ResponseHead(403, Headers.empty()), ByteBuffer.allocate(0), Map.of(),
				"");
		return (event, budget) -> Mono.just(denied);
	}

	private static PluginRegistry.Entry entry(PluginSpec spec, PluginClient client) {
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

	private static void await(String what, BooleanSupplier condition) throws InterruptedException {
		long end = System.nanoTime() + Duration.ofSeconds(20).toNanos();
		while (!condition.getAsBoolean()) {
			assertThat(System.nanoTime()).as("expected: %s within 20 s, got: nothing or something else", what)
				.isLessThan(end);
			Thread.sleep(5);
		}
	}

	@Override
	public void pluginAsked(String requestId, PluginOutcome outcome) {
	}

	@Override
	public void compared(String requestId, ShadowOutcome outcome) {
		this.compared.add(outcome);
	}

}
