package org.hkpgateway.storage;

import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import org.hkpgateway.keyserver.TestKeys;
import org.hkpgateway.plugin.CallTrace;
import org.hkpgateway.plugin.KeyInfo;
import org.hkpgateway.plugin.KeyPage;
import org.hkpgateway.plugin.KeyQuery;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.testsupport.FreePorts;
import org.hkpgateway.testsupport.RawUpstream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.test.StepVerifier;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

/**
 * Queries and what keyservers make of them.
 */
@Timeout(60)
class KeyStorageTests {

	private static final PluginId CALLER = new PluginId("alpha");

	private static final Duration LONG = Duration.ofSeconds(30);

	private static final String FPR = "0123456789ABCDEF0123456789ABCDEF01234567";

	private static final String INDEX = "info:1:2\npub:" + FPR + ":22:256:1700000000::\nuid:Alice:1::\npub:"
			+ "FEDCBA9876543210FEDCBA9876543210FEDCBA98:1:2048:1:2:r\n";

	private final AnswerCacheTests.RecordedListener listener = new AnswerCacheTests.RecordedListener();

	private final Sinks.Many<String> changes = Sinks.many().multicast().directBestEffort();

	private final List<AutoCloseable> open = new ArrayList<>();

	/** What was asked within a trace, and what came of it. */
	private final List<String> traced = Collections.synchronizedList(new ArrayList<>());

	@AfterEach
	void close() throws Exception {
		for (AutoCloseable one : this.open) {
			one.close();
		}
	}

	private KeyStorage storage(Duration timeout, int maxAnswer, URI... urls) {
		KeyStorage storage = new KeyStorage(new StorageSettings(1 << 20, LONG, timeout, maxAnswer, LONG),
				() -> List.of(urls), Optional::empty, this.changes.asFlux(), this.listener, this::asking);
		this.open.add(storage);
		return storage;
	}

	private StorageTracing.KeyserverSpan asking(String traceparent, URI keyserver) {
		String asked = traceparent + " " + keyserver.getPort() + " ";
		return new StorageTracing.KeyserverSpan() {

			@Override
			public void answered(int status) {
				KeyStorageTests.this.traced.add(asked + status);
			}

			@Override
			public void end(String failure) {
				KeyStorageTests.this.traced.add(asked + "end " + failure);
			}

		};
	}

	private KeyStorage storage(RawUpstream keyserver) {
		return storage(LONG, 1 << 20, keyserver.uri());
	}

	private RawUpstream keyserver(RawUpstream.Script script) throws IOException {
		RawUpstream keyserver = new RawUpstream(script);
		this.open.add(keyserver);
		return keyserver;
	}

	/** As SKS does: HTTP/1.0, and the connection closes. */
	private RawUpstream answering(String status, String body) throws IOException {
		return keyserver((socket, request) -> answer(socket, status, body));
	}

	private static void answer(Socket socket, String status, String body) throws IOException {
		byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
		socket.getOutputStream()
			.write(("HTTP/1.0 " + status + "\r\nContent-length: " + bytes.length + "\r\n\r\n")
				.getBytes(StandardCharsets.US_ASCII));
		socket.getOutputStream().write(bytes);
		socket.close();
	}

	private static KeyQuery query(KeyQuery.Type type, String query) {
		return KeyQuery.of(type, query, Map.of());
	}

	private static KeyPage ask(KeyStorage storage, KeyQuery.Type type, String query) {
		return storage.query(CALLER, query(type, query), 0, 100).block(LONG);
	}

	private static StorageException failure(Mono<?> query) {
		return catchThrowableOfType(StorageException.class, () -> query.block(LONG));
	}

	@ParameterizedTest
	@CsvSource({ "LOOKUP, 0x" + FPR + ", op=index&options=mr&fingerprint=on&search=0x" + FPR,
			"SEARCH, alice@example.org, op=index&options=mr&fingerprint=on&search=alice%40example.org",
			"SEARCH, 'a b+c&op=get#x%26/?\"', 'op=index&options=mr&fingerprint=on&search=a%20b%2Bc%26op%3Dget%23x%2526%2F%3F%22'",
			"SEARCH, Jörg, op=index&options=mr&fingerprint=on&search=J%C3%B6rg",
			"FETCH, " + FPR + ", op=get&options=mr&search=0x" + FPR })
	void aQueryCannotBeMoreThanAQuery(KeyQuery.Type type, String query, String target) throws Exception {
		RawUpstream keyserver = answering("404 Not Found", "");
		assertThat(ask(storage(keyserver), type, query)).isEqualTo(new KeyPage(List.of(), 0));
		assertThat(keyserver.take().requestLine()).isEqualTo("GET /pks/lookup?" + target + " HTTP/1.1");
	}

	@Test
	void whatIsAskedWithinATraceHasASpanForEachAttempt() throws Exception {
		RawUpstream keyserver = answering("200 OK", INDEX);
		URI nobody = URI.create("http://127.0.0.1:" + FreePorts.next());
		KeyStorage storage = storage(LONG, 1 << 20, nobody, keyserver.uri());
		String refused = "trace " + nobody.getPort() + " end java.net.ConnectException";
		int port = keyserver.uri().getPort();
		CallTrace.with("trace", storage.query(CALLER, query(KeyQuery.Type.SEARCH, "alice"), 0, 1)).block(LONG);
		assertThat(this.traced).containsExactly(refused, "trace " + port + " 200", "trace " + port + " end ");
		CallTrace.with("other", storage.query(CALLER, query(KeyQuery.Type.SEARCH, "alice"), 0, 1)).block(LONG);
		assertThat(this.traced).as("an answer that is kept").hasSize(3);
		ask(storage, KeyQuery.Type.SEARCH, "bob");
		CallTrace.with("", storage.query(CALLER, query(KeyQuery.Type.SEARCH, "carol"), 0, 1)).block(LONG);
		assertThat(this.traced).as("queries without a trace").hasSize(3);
		this.traced.clear();
		CallTrace.with("trace", storage.stream(CALLER, query(KeyQuery.Type.SEARCH, "dave"))).blockLast(LONG);
		assertThat(this.traced).endsWith("trace " + port + " 200", "trace " + port + " end ");
		assertThat(keyserver.take().headers()).noneMatch((line) -> line.startsWith("trace"));
	}

	@Test
	void exactIsPassedOn() throws Exception {
		RawUpstream keyserver = answering("404 Not Found", "");
		storage(keyserver).query(CALLER, KeyQuery.of(KeyQuery.Type.SEARCH, "a", Map.of("exact", "on")), 0, 1)
			.block(LONG);
		assertThat(keyserver.take().requestLine()).contains("&fingerprint=on&exact=on&search=a ");
	}

	@Test
	void pagesAreThoseOfOneAnswer() throws IOException {
		RawUpstream keyserver = answering("200 OK", INDEX);
		KeyStorage storage = storage(keyserver);
		KeyQuery alice = query(KeyQuery.Type.SEARCH, "alice");
		KeyPage first = storage.query(CALLER, alice, 0, 1).block(LONG);
		assertThat(first)
			.isEqualTo(new KeyPage(List.of(new KeyInfo(FPR, List.of("Alice"), 1700000000, 0, false, new byte[0])), 2));
		assertThat(storage.query(CALLER, alice, 1, 1).block(LONG).keys()).extracting(KeyInfo::revoked)
			.containsExactly(true);
		assertThat(storage.query(CALLER, alice, 2, 1).block(LONG)).isEqualTo(new KeyPage(List.of(), 2));
		assertThat(keyserver.waiting()).isEqualTo(1);
		assertThat(this.listener.answered).containsExactly("search found", "search found", "search found");
	}

	@Test
	void whereTheIndexHasKeyIdsTheKeysSayWhoTheyAre() throws Exception {
		TestKeys alice = new TestKeys();
		String armor = TestKeys.armor(TestKeys.packets(alice.withUserIds("Alice")));
		RawUpstream keyserver = keyserver((socket, request) -> answer(socket, "200 OK",
				request.head().contains("op=get") ? armor : "info:1:1\npub:" + alice.fingerprint().substring(32)
						+ ":22:256:1700000000::\nuid:Alice:1::\n"));
		KeyStorage storage = storage(keyserver);
		KeyInfo key = new KeyInfo(alice.fingerprint(), List.of("Alice"), 1700000000, 0, false, new byte[0]);
		assertThat(ask(storage, KeyQuery.Type.LOOKUP, alice.fingerprint())).isEqualTo(new KeyPage(List.of(key), 1));
		assertThat(keyserver.take().requestLine()).contains("op=index");
		assertThat(keyserver.take().requestLine())
			.isEqualTo("GET /pks/lookup?op=get&options=mr&search=0x" + alice.fingerprint() + " HTTP/1.1");
		StepVerifier.create(storage.stream(CALLER, query(KeyQuery.Type.SEARCH, "Alice")))
			.expectNext(key)
			.verifyComplete();
	}

	@ParameterizedTest
	@ValueSource(strings = { "500 Internal Server Error", "302 Found", "204 No Content", "400 Bad Request" })
	void anotherStatusIsAFailure(String status) throws IOException {
		RawUpstream keyserver = answering(status, "");
		assertThat(failure(storage(keyserver).query(CALLER, query(KeyQuery.Type.FETCH, FPR), 0, 1)))
			.hasMessage("keyserver " + keyserver.uri().getAuthority() + ": expected: status 200 or 404, got: "
					+ status.substring(0, 3))
			.extracting(StorageException::reason)
			.isEqualTo(StorageException.Reason.UNAVAILABLE);
		assertThat(this.listener.answered).containsExactly("fetch unavailable");
	}

	@Test
	void anAnswerThatBreaksOffIsAFailure() throws IOException {
		RawUpstream keyserver = RawUpstream.answering("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + INDEX);
		this.open.add(keyserver);
		assertThat(failure(storage(keyserver).query(CALLER, query(KeyQuery.Type.SEARCH, "alice"), 0, 1)).reason())
			.isEqualTo(StorageException.Reason.UNAVAILABLE);
	}

	@Test
	void aPageForPeopleIsNoIndex() throws IOException {
		assertThat(
				failure(storage(answering("200 OK", "<html>")).query(CALLER, query(KeyQuery.Type.SEARCH, "a"), 0, 1)))
			.hasMessage(
					"answer of the keyserver: expected: a machine-readable index, got: a page that begins otherwise");
	}

	@Test
	void anAnswerWithoutEndIsNotRead() throws IOException {
		RawUpstream keyserver = keyserver((socket, request) -> {
			socket.getOutputStream().write("HTTP/1.0 200 OK\r\n\r\ninfo:1:1\n".getBytes(StandardCharsets.US_ASCII));
			while (true) {
				socket.getOutputStream().write(INDEX.getBytes(StandardCharsets.US_ASCII));
			}
		});
		assertThat(
				failure(storage(LONG, 100_000, keyserver.uri()).query(CALLER, query(KeyQuery.Type.SEARCH, "a"), 0, 1)))
			.hasMessageStartingWith("expected: an answer of the keyserver of at most 100000 bytes, got: more;")
			.extracting(StorageException::reason)
			.isEqualTo(StorageException.Reason.TOO_MUCH);
		assertThat(this.listener.answered).containsExactly("search too_much");
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "HTTP/1.0 200 OK\r\nContent-length: 1000\r\n\r\ninfo:1:1\n" })
	void aKeyserverThatHangsIsWaitedForUntilTheDeadline(String beginning) throws Exception {
		CountDownLatch ended = new CountDownLatch(1);
		RawUpstream keyserver = keyserver((socket, request) -> {
			socket.getOutputStream().write(beginning.getBytes(StandardCharsets.US_ASCII));
			try {
				socket.getInputStream().read();
			}
			finally {
				ended.countDown();
			}
		});
		assertThat(failure(storage(Duration.ofMillis(500), 1 << 20, keyserver.uri()).query(CALLER,
				query(KeyQuery.Type.SEARCH, "a"), 0, 1)))
			.hasMessage("expected: an answer of the keyserver within 500 ms, got: none")
			.extracting(StorageException::reason)
			.isEqualTo(StorageException.Reason.UNAVAILABLE);
		assertThat(ended.await(20, TimeUnit.SECONDS)).isTrue();
	}

	@Test
	void whoCannotBeReachedIsPassedOver() throws IOException {
		RawUpstream keyserver = answering("200 OK", INDEX);
		URI nobody = URI.create("http://127.0.0.1:" + FreePorts.next());
		KeyStorage storage = storage(LONG, 1 << 20, nobody, keyserver.uri());
		for (int i = 0; i < 4; i++) {
			assertThat(ask(storage, KeyQuery.Type.SEARCH, "alice " + i).total()).isEqualTo(2);
		}
		assertThat(failure(storage(LONG, 1 << 20, nobody).query(CALLER, query(KeyQuery.Type.SEARCH, "a"), 0, 1)))
			.hasMessageStartingWith("keyserver " + nobody.getAuthority() + ": expected: a connection, got: ");
		assertThat(failure(storage(LONG, 1 << 20).query(CALLER, query(KeyQuery.Type.SEARCH, "a"), 0, 1)))
			.hasMessage("expected: a keyserver to ask, got: none");
	}

	@Test
	void aThousandEqualQueriesAreOne() throws IOException {
		CountDownLatch go = new CountDownLatch(1);
		String armor = TestKeys.armor(TestKeys.packets(new TestKeys().withUserIds("Alice")));
		RawUpstream keyserver = keyserver((socket, request) -> {
			try {
				go.await();
			}
			catch (InterruptedException ex) {
				throw new IOException(ex);
			}
			answer(socket, "200 OK", armor);
		});
		KeyStorage storage = storage(keyserver);
		CompletableFuture<List<KeyPage>> pages = Flux.range(0, 1000)
			.flatMap((number) -> storage.query(CALLER, query(KeyQuery.Type.FETCH, FPR), 0, 1), 1000)
			.collectList()
			.toFuture();
		assertThat(pages).isNotDone();
		go.countDown();
		assertThat(pages.join()).hasSize(1000).allMatch((page) -> page.total() == 1);
		assertThat(keyserver.waiting()).isEqualTo(1);
		assertThat(this.listener.looked).filteredOn("shared"::equals).hasSize(999);
	}

	@Test
	void aChangeDropsAnswersAndMissedOnesDropAll() throws IOException {
		RawUpstream keyserver = answering("200 OK", INDEX);
		KeyStorage storage = storage(keyserver);
		assertThat(this.changes.currentSubscriberCount()).isZero();
		ask(storage, KeyQuery.Type.LOOKUP, FPR);
		assertThat(this.changes.currentSubscriberCount()).isEqualTo(1);
		ask(storage, KeyQuery.Type.LOOKUP, FPR);
		assertThat(keyserver.waiting()).isEqualTo(1);
		this.changes.tryEmitNext("0".repeat(40));
		ask(storage, KeyQuery.Type.LOOKUP, FPR);
		assertThat(keyserver.waiting()).isEqualTo(1);
		this.changes.tryEmitNext(FPR);
		ask(storage, KeyQuery.Type.LOOKUP, FPR);
		assertThat(keyserver.waiting()).isEqualTo(2);
		this.changes.tryEmitNext("");
		ask(storage, KeyQuery.Type.LOOKUP, FPR);
		assertThat(keyserver.waiting()).isEqualTo(3);
		assertThat(this.changes.currentSubscriberCount()).isEqualTo(1);
	}

	@Test
	void aStreamHoldsOneKeyAtATime() throws Exception {
		CountDownLatch ended = new CountDownLatch(1);
		RawUpstream keyserver = keyserver((socket, request) -> {
			socket.getOutputStream().write("HTTP/1.0 200 OK\r\n\r\ninfo:1:1\n".getBytes(StandardCharsets.US_ASCII));
			try {
				while (true) {
					socket.getOutputStream().write(INDEX.getBytes(StandardCharsets.US_ASCII));
				}
			}
			catch (IOException ex) {
				ended.countDown();
			}
		});
		// Endless, and far more than an answer may have; only what is asked for is read.
		StepVerifier.create(storage(LONG, 2000, keyserver.uri()).stream(CALLER, query(KeyQuery.Type.SEARCH, "a")), 0)
			.thenRequest(1)
			.expectNextCount(1)
			.thenRequest(10_000)
			.expectNextCount(10_000)
			.thenCancel()
			.verify(LONG);
		assertThat(ended.await(20, TimeUnit.SECONDS)).isTrue();
	}

	@Test
	void streamsAreFew() throws IOException {
		RawUpstream keyserver = keyserver((socket, request) -> {
		});
		KeyStorage storage = storage(keyserver);
		List<Disposable> streams = new ArrayList<>();
		for (int i = 0; i < KeyStorage.MOST_STREAMS; i++) {
			streams.add(storage.stream(CALLER, query(KeyQuery.Type.SEARCH, "a")).subscribe());
		}
		StepVerifier.create(storage.stream(CALLER, query(KeyQuery.Type.SEARCH, "a")))
			.expectErrorMessage("expected: at most 16 streams at once, got: one more; ask again later")
			.verify(LONG);
		streams.get(0).dispose();
		StepVerifier.create(storage.stream(CALLER, query(KeyQuery.Type.SEARCH, "a"))).thenCancel().verify(LONG);
		streams.forEach(Disposable::dispose);
	}

}
