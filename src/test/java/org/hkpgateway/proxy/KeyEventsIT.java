package org.hkpgateway.proxy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.zip.GZIPOutputStream;

import org.awaitility.Awaitility;
import org.hkpgateway.events.Event;
import org.hkpgateway.events.EventBus;
import org.hkpgateway.events.EventFilter;
import org.hkpgateway.hkp.Unread;
import org.hkpgateway.http.Headers;
import org.hkpgateway.http.ResponseHead;
import org.hkpgateway.plugin.BodyMode;
import org.hkpgateway.plugin.BodyReplacement;
import org.hkpgateway.plugin.Decision;
import org.hkpgateway.plugin.PluginRegistry;
import org.hkpgateway.plugin.TargetRewrite;
import org.hkpgateway.testsupport.LargeKey;
import org.hkpgateway.testsupport.RawClient;
import org.hkpgateway.testsupport.RawHttp2;
import org.hkpgateway.testsupport.RawUpstream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Mono;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What {@link KeyEvents} says of uploads, to a keyserver that answers as Hockeypuck and
 * others do.
 */
@Timeout(120)
class KeyEventsIT {

	private static final JsonMapper json = new JsonMapper();

	private static final LargeKey KEY = LargeKey.ofAtLeast(1);

	private static final String A = KEY.fingerprint();

	private static final String B = "B".repeat(40);

	private static final String D = "D".repeat(40);

	private static final String LAST = "{\"updated\":[{\"version\":4,\"fingerprint\":\"" + D + "\"}]}";

	private static final String JSON = "{\"inserted\":[{\"version\":4,\"fingerprint\":\"" + A.toLowerCase(Locale.ROOT)
			+ "\"}],\"ignored\":[{\"version\":4,\"fingerprint\":\"" + B + "\"}],\"invalid\":[{\"version\":4,"
			+ "\"fingerprint\":\"" + "C".repeat(40) + "\",\"comment\":\"no self-signature\"}]}\n";

	private static final String HTML = "<html><body><h1>Submission Results</h1>\n\n<strong>Inserted:</strong> (4)" + A
			+ "\n<strong>Ignored:</strong> (4)" + B + "\n<strong>Invalid:</strong> (4)" + "C".repeat(40)
			+ " \"no self-signature\"\n</body></html>\n";

	private static final String TAKEN = "<html><body>Key block added to key server database.\n  New public keys added:"
			+ " <br>1 key(s) added successfully.<br></html></body>";

	private final EventBus bus = new EventBus();

	private final BlockingQueue<Event> events = new LinkedBlockingQueue<>();

	private final Disposable.Composite subscribers = Disposables.composite();

	private final TestListener listener = new TestListener();

	@AfterEach
	void unsubscribe() {
		this.subscribers.dispose();
	}

	/** How an answer is on the wire. */
	enum Wire {

		PLAIN, CLOSED, CHUNKED, GZIP, CHUNKED_GZIP;

		byte[] answer(String type, String text) throws IOException {
			boolean gzip = this == GZIP || this == CHUNKED_GZIP;
			byte[] body = gzip ? gzip(text) : text.getBytes(StandardCharsets.ISO_8859_1);
			ByteArrayOutputStream all = new ByteArrayOutputStream();
			all.writeBytes(bytes(
					"HTTP/1.1 200 OK\r\nContent-Type: " + type + "\r\n" + (gzip ? "Content-Encoding: gzip\r\n" : "")));
			if (this == CHUNKED || this == CHUNKED_GZIP) {
				all.writeBytes(bytes("Transfer-Encoding: chunked\r\n\r\n"));
				for (int i = 0; i < body.length; i += 7) {
					int size = Math.min(7, body.length - i);
					all.writeBytes(bytes(size + "\r\n"));
					all.write(body, i, size);
					all.writeBytes(bytes("\r\n"));
				}
				all.writeBytes(bytes("0\r\n\r\n"));
			}
			else {
				all.writeBytes(bytes((this == CLOSED) ? "Connection: close\r\n\r\n"
						: "Content-Length: " + body.length + "\r\n\r\n"));
				all.writeBytes(body);
			}
			return all.toByteArray();
		}

	}

	@ParameterizedTest
	@EnumSource
	void whatHockeypuckSaysAndTheClientGetsTheSameBytes(Wire wire) throws Exception {
		for (byte[] answer : List.of(wire.answer("application/json", JSON), wire.answer("text/html", HTML))) {
			Event submitted;
			Event first;
			Event second;
			try (RawUpstream upstream = answering(answer); TestEdge edge = edge(upstream)) {
				Disposable subscriber = listen("key.*");
				RawClient.Answer heard = upload(edge);
				submitted = next();
				first = next();
				second = next();
				subscriber.dispose();
				assertThat(heard).isEqualTo(upload(edge));
				assertThat(heard.status()).isEqualTo(200);
				assertThat(upstream.take().body()).isEqualTo(upstream.take().body());
			}
			assertThat(submitted.type()).isEqualTo("key.submitted");
			assertThat(submitted.source()).isEqualTo("gateway");
			assertThat(submitted.metadata()).isEmpty();
			JsonNode data = json.readTree(submitted.data());
			assertThat(data.propertyNames()).containsExactly("operation", "request", "status", "keys");
			assertThat(data.path("operation").asString()).isEqualTo("ADD");
			assertThat(data.path("request").asString()).hasSize(16);
			assertThat(data.path("status").asInt()).isEqualTo(200);
			assertThat(data.path("keys").toString())
				.isEqualTo("[{\"fingerprint\":\"" + A + "\",\"change\":\"inserted\",\"version\":4},{\"fingerprint\":\""
						+ B + "\",\"change\":\"ignored\",\"version\":4},{\"fingerprint\":\"" + "C".repeat(40)
						+ "\",\"change\":\"invalid\",\"version\":4}]");
			assertThat(first.type()).isEqualTo("key.changed");
			assertThat(first.source()).isEqualTo("gateway");
			assertThat(first.metadata()).isEqualTo(Map.of("fingerprint", A, "change", "inserted"));
			JsonNode key = json.readTree(first.data());
			assertThat(key.propertyNames()).containsExactly("fingerprint", "change", "version", "operation", "request");
			assertThat(key.path("request")).isEqualTo(data.path("request"));
			assertThat(second.metadata()).isEqualTo(Map.of("fingerprint", B, "change", "ignored"));
		}
		assertThat(this.events).isEmpty();
		assertThat(this.listener.unread).isEmpty();
	}

	@ParameterizedTest
	@ValueSource(strings = { "/pks/add", "/pks/replace", "/pks/delete", "/pks/v2/certs" })
	void everyWayToUpload(String path) throws Exception {
		listen("key.changed");
		try (RawUpstream upstream = answering(Wire.PLAIN.answer("application/json", JSON));
				TestEdge edge = edge(upstream)) {
			assertThat(post(edge, path, "application/x-www-form-urlencoded", form(KEY)).status()).isEqualTo(200);
			assertThat(next().metadata()).containsEntry("fingerprint", A);
		}
	}

	@Test
	void whatIsNoUploadOrIsRefusedOrNotAnswered() throws Exception {
		listen("key.*");
		List<String> refusals = new ArrayList<>(List.of("422 No", "500 Oops", "302 Found", "404 Not Found"));
		try (RawUpstream upstream = new RawUpstream((socket, request) -> {
			String line = request.requestLine();
			if (line.startsWith("POST /pks/v2/certs")) {
				socket.getOutputStream().write(answer("200 OK", LAST));
			}
			else if (!line.startsWith("POST /pks/add")) {
				socket.getOutputStream().write(answer("200 OK", JSON));
			}
			else if (!refusals.isEmpty()) {
				socket.getOutputStream().write(answer(refusals.remove(0), JSON));
			}
			socket.close();
		}); TestEdge edge = edge(upstream)) {
			for (int status : new int[] { 422, 500, 302, 404, 502 }) {
				assertThat(upload(edge).status()).isEqualTo(status);
			}
			for (String request : List.of("GET /pks/lookup?op=get&search=x", "GET /pks/add", "POST /other",
					"OPTIONS /pks/add", "HEAD /pks/stats", "POST /pks/nothing")) {
				RawClient.exchange(edge.port(), request + " HTTP/1.0\r\nContent-Length: 0\r\n\r\n");
			}
			assertOnlyThisIsTold(edge, "/pks/v2/certs");
		}
		assertThat(this.listener.unread).isEmpty();
	}

	@Test
	void aPluginThatAnswersIsNoKeyserver() throws Exception {
		listen("key.*");
		Decision answer = new Decision.Respond(new ResponseHead(200, Headers.of("Content-Type", "application/json")),
				ByteBuffer.wrap(bytes(JSON)), Map.of(), "");
		PluginRegistry.Entry plugin = TestEdge.plugin(BodyMode.NONE,
				(event, budget) -> Mono.just(event.path().equals("/pks/add") ? answer : Decision.Continue.UNCHANGED));
		try (RawUpstream upstream = answering(answer("200 OK", LAST)); TestEdge edge = edge(upstream, plugin)) {
			assertThat(upload(edge).body()).isEqualTo(JSON);
			assertThat(upstream.waiting()).isZero();
			assertOnlyThisIsTold(edge, "/pks/v2/certs");
		}
	}

	@Test
	void whatAPluginMadeOfTheRequestIsTheUpload() throws Exception {
		listen("key.changed");
		LargeKey other = LargeKey.ofAtLeast(1);
		BodyReplacement replaced = new BodyReplacement(ByteBuffer.wrap(form(other)), null);
		Decision replace = new Decision.Continue(List.of(), null, replaced, List.of(), Map.of(), "", Duration.ZERO);
		try (RawUpstream upstream = answering(Wire.PLAIN.answer("text/html", TAKEN));
				TestEdge edge = edge(upstream, deciding(replace, BodyMode.FULL))) {
			upload(edge);
			assertThat(next().metadata()).isEqualTo(Map.of("fingerprint", other.fingerprint(), "change", "unknown"));
		}
		Decision rewrite = new Decision.Continue(List.of(), new TargetRewrite("/pks/add", null), null, List.of(),
				Map.of(), "", Duration.ZERO);
		try (RawUpstream upstream = answering(Wire.PLAIN.answer("text/html", TAKEN));
				TestEdge edge = edge(upstream, deciding(rewrite, BodyMode.NONE))) {
			post(edge, "/upload", "application/x-www-form-urlencoded", form(KEY));
			assertThat(next().metadata()).isEqualTo(Map.of("fingerprint", A, "change", "unknown"));
		}
	}

	@ParameterizedTest
	@EnumSource
	void whereverTheUploadIsItsKeysAreSeen(BodyMode mode) throws Exception {
		listen("key.changed");
		for (LargeKey key : List.of(KEY, LargeKey.ofAtLeast(200_000))) {
			try (RawUpstream upstream = answering(Wire.PLAIN.answer("text/html", TAKEN));
					TestEdge edge = edge(upstream, deciding(Decision.Continue.UNCHANGED, mode))) {
				byte[] form = form(key);
				post(edge, "/pks/add", "application/x-www-form-urlencoded", form);
				assertThat(next().metadata()).isEqualTo(Map.of("fingerprint", key.fingerprint(), "change", "unknown"));
				assertThat(upstream.take().body()).isEqualTo(form);
				post(edge, "/pks/v2/certs", "application/pgp", key.packets());
				assertThat(next().metadata()).isEqualTo(Map.of("fingerprint", key.fingerprint(), "change", "unknown"));
				assertThat(upstream.take().body()).isEqualTo(key.packets());
			}
		}
		assertThat(this.listener.unread).isEmpty();
	}

	@Test
	void anAnswerThatIsTooLongIsReadAsFarAsThat() throws Exception {
		listen("key.*");
		String many = IntStream.range(0, 1000)
			.mapToObj((i) -> "{\"version\":4,\"fingerprint\":\"%040x\"}".formatted(i))
			.collect(Collectors.joining(",", "{\"inserted\":[", "]}"));
		assertThat(many).hasSizeGreaterThan(65_536);
		try (RawUpstream upstream = answering(Wire.PLAIN.answer("application/json", many));
				TestEdge edge = edge(upstream)) {
			assertThat(upload(edge).body()).isEqualTo(many);
		}
		JsonNode data = json.readTree(next().data());
		assertThat(data.path("keys").size()).isEqualTo(KeyEvents.MOST_NAMED);
		int read = KeyEvents.MOST_NAMED + data.path("keys_left_out").asInt();
		assertThat(read).isBetween(900, 999);
		for (int i = 0; i < read; i++) {
			assertThat(next().metadata()).containsEntry("fingerprint", "%040X".formatted(i));
		}
		assertThat(this.listener.unread).containsExactly(Unread.TOO_LONG);
		assertThat(this.events).isEmpty();
	}

	@Test
	void ofAnAnswerThatCannotBeReadTheUploadIsToldAndNoChange() throws Exception {
		byte[] broken = Wire.GZIP.answer("application/json", JSON);
		broken[broken.length - 5] ^= 1;
		for (byte[] answer : List.of(broken, Wire.PLAIN.answer("text/plain", "Thank you"),
				bytes("HTTP/1.1 204 No Content\r\n\r\n"))) {
			try (RawUpstream upstream = answering(answer); TestEdge edge = edge(upstream)) {
				Disposable subscriber = listen("key.*");
				RawClient.Answer heard = upload(edge);
				Event event = next();
				subscriber.dispose();
				assertThat(upload(edge)).isEqualTo(heard);
				assertThat(event.type()).isEqualTo("key.submitted");
				assertThat(json.readTree(event.data()).path("keys").toString())
					.isEqualTo("[{\"fingerprint\":\"" + A + "\",\"version\":4}]");
			}
		}
		assertThat(this.listener.unread).containsExactly(Unread.CODING, Unread.NOT_UNDERSTOOD, Unread.NOT_UNDERSTOOD);
		assertThat(this.events).isEmpty();
	}

	@Test
	void anAnswerThatIsCutShort() throws Exception {
		listen("key.*");
		byte[] answer = Wire.PLAIN.answer("application/json", JSON);
		try (RawUpstream upstream = answering(Arrays.copyOf(answer, answer.length - 1));
				TestEdge edge = edge(upstream)) {
			upload(edge);
			Awaitility.await()
				.atMost(Duration.ofSeconds(20))
				.untilAsserted(() -> assertThat(this.listener.unread).containsExactly(Unread.CUT_SHORT));
		}
		// Nobody knows of which keys.
		assertThat(this.events).singleElement().satisfies((event) -> {
			assertThat(event.type()).isEqualTo("key.submitted");
			assertThat(event.metadata()).isEqualTo(Map.of("unread", "cut-short"));
			assertThat(event.data()).contains("\"keys\":[]");
		});
	}

	@Test
	void aStreamOfHttp2() throws Exception {
		listen("key.changed");
		try (RawUpstream upstream = answering(Wire.CHUNKED_GZIP.answer("application/json", JSON));
				TestEdge edge = edge(upstream);
				RawHttp2 client = RawHttp2.connect(edge.port())) {
			client.request(1, false, "POST", "/pks/add").data(1, true, form(KEY)).answer(1);
			assertThat(next().metadata()).containsEntry("fingerprint", A);
		}
	}

	/** An upload whose events come behind any of what was before. */
	private void assertOnlyThisIsTold(TestEdge edge, String path) throws Exception {
		assertThat(post(edge, path, "application/x-www-form-urlencoded", form(KEY)).body()).isEqualTo(LAST);
		assertThat(next().data()).contains(D);
		assertThat(next().data()).contains(D);
		assertThat(this.events).isEmpty();
	}

	private static byte[] answer(String status, String body) {
		return bytes("HTTP/1.1 " + status + "\r\nContent-Length: " + body.length() + "\r\n\r\n" + body);
	}

	private static RawUpstream answering(byte[] answer) throws IOException {
		return new RawUpstream((socket, request) -> {
			socket.getOutputStream().write(answer);
			socket.close();
		});
	}

	private static RawClient.Answer upload(TestEdge edge) throws IOException {
		return post(edge, "/pks/add", "application/x-www-form-urlencoded", form(KEY));
	}

	private static RawClient.Answer post(TestEdge edge, String path, String type, byte[] body) throws IOException {
		try (RawClient client = new RawClient(edge.port())) {
			return client
				.send("POST " + path + " HTTP/1.1\r\nHost: keys\r\nConnection: close\r\nContent-Type: " + type
						+ "\r\nContent-Length: " + body.length + "\r\n\r\n")
				.send(body)
				.readToEnd();
		}
	}

	private Disposable listen(String type) {
		Disposable subscriber = this.bus.events(EventFilter.ofTypes(type), 2000)
			.subscribe((delivery) -> this.events.add(delivery.event()));
		this.subscribers.add(subscriber);
		return subscriber;
	}

	private Event next() throws InterruptedException {
		Event event = this.events.poll(20, TimeUnit.SECONDS);
		assertThat(event).as("an event within 20 s").isNotNull();
		return event;
	}

	private static PluginRegistry.Entry deciding(Decision decision, BodyMode mode) {
		return TestEdge.plugin(mode, 1000, (event, budget) -> Mono.just(decision));
	}

	private TestEdge edge(RawUpstream upstream, PluginRegistry.Entry... plugins) {
		return new TestEdge(upstream.uri(), List.of(plugins), this.listener, this.bus);
	}

	private static byte[] form(LargeKey key) {
		return bytes("keytext=" + URLEncoder.encode(key.armored(), StandardCharsets.US_ASCII));
	}

	private static byte[] gzip(String text) throws IOException {
		ByteArrayOutputStream bytes = new ByteArrayOutputStream();
		try (GZIPOutputStream out = new GZIPOutputStream(bytes)) {
			out.write(bytes(text));
		}
		return bytes.toByteArray();
	}

	private static byte[] bytes(String text) {
		return text.getBytes(StandardCharsets.ISO_8859_1);
	}

}
