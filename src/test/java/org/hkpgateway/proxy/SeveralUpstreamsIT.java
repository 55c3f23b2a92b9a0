package org.hkpgateway.proxy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

import org.awaitility.Awaitility;
import org.hkpgateway.testsupport.RawClient;
import org.hkpgateway.testsupport.RawKeyserver;
import org.hkpgateway.testsupport.RawUpstream;
import org.hkpgateway.testsupport.SksServer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Several keyservers behind the public port.
 */
@Timeout(120)
class SeveralUpstreamsIT {

	private static final UpstreamSettings.Health FAST = new UpstreamSettings.Health(Duration.ofMillis(100),
			Duration.ofSeconds(5), 3, 2);

	private static final String READ = "GET /pks/lookup?op=get&search=0x0123456789ABCDEF HTTP/1.1\r\nHost: k\r\n\r\n";

	private RawKeyserver primary;

	private RawKeyserver second;

	private RawKeyserver third;

	@BeforeEach
	void start() throws IOException {
		this.primary = new RawKeyserver("primary");
		this.second = new RawKeyserver("second");
		this.third = new RawKeyserver("third");
	}

	@AfterEach
	void close() {
		this.primary.close();
		this.second.close();
		this.third.close();
	}

	@Test
	void readsAreSpread() throws IOException {
		try (TestEdge edge = edge(TestEdge.NO_CHECKS); RawClient client = new RawClient(edge.port())) {
			for (int i = 0; i < 30; i++) {
				assertThat(client.send(READ).read().status()).isEqualTo(200);
			}
			assertThat(client.send(READ.replace("GET /pks/lookup?op=get&search=0x0123456789ABCDEF", "GET /static/x"))
				.read()
				.status()).isEqualTo(200);
		}
		assertThat(Stream.of(this.primary, this.second, this.third).map((server) -> server.requests().size()))
			.allMatch((count) -> count >= 8);
	}

	@ParameterizedTest
	@ValueSource(strings = { "POST /pks/add", "POST /pks/replace", "POST /pks/delete", "POST /pks/v2/certs",
			"PUT /anything", "DELETE /anything", "POST /anything", "GET /pks/unknown", "GET /pks/add?keytext=x" })
	void whatMayChangeSomethingGoesToThePrimaryOnly(String what) throws IOException {
		try (TestEdge edge = edge(TestEdge.NO_CHECKS); RawClient client = new RawClient(edge.port())) {
			for (int i = 0; i < 12; i++) {
				String body = what.startsWith("GET") ? "\r\n" : "Content-Length: 3\r\n\r\nk=" + i % 10;
				assertThat(client.send(what + " HTTP/1.1\r\nHost: k\r\n" + body).read().body()).isEqualTo("primary");
			}
		}
		assertThat(this.primary.requests()).hasSize(12).allMatch((request) -> request.startsWith(what));
		assertThat(this.second.requests()).isEmpty();
		assertThat(this.third.requests()).isEmpty();
	}

	@Test
	void hashqueryGoesToThePrimaryOnly() throws IOException {
		String body = "\0\0\0\0";
		try (TestEdge edge = edge(TestEdge.NO_CHECKS); RawClient client = new RawClient(edge.port())) {
			for (int i = 0; i < 6; i++) {
				assertThat(client.send("POST /pks/hashquery HTTP/1.1\r\nHost: k\r\nContent-Length: 4\r\n\r\n" + body)
					.read()
					.body()).isEqualTo("primary");
			}
		}
		assertThat(this.primary.requests()).hasSize(6);
	}

	@Test
	void aKeyserverThatIsKilledUnderLoadCostsWhatItWasBusyWithAndItsReturnIsNoticed() throws Exception {
		int clients = 4;
		// So that each is busy when it is killed.
		Stream.of(this.primary, this.second, this.third)
			.forEach((server) -> server.answersAfter(Duration.ofMillis(20)));
		try (TestEdge edge = edge(FAST); Load load = new Load(edge.port(), clients)) {
			load.await(100);
			this.second.kill();
			await(() -> !isUp(edge, 1));
			load.await(200);
			assertThat(load.failures()).as("in flight when the second was killed").hasSizeLessThanOrEqualTo(clients);
			this.primary.kill();
			await(() -> !isUp(edge, 0));
			load.await(200);
			int failed = load.failures().size();
			assertThat(failed).as("in flight when either was killed").isPositive().isLessThanOrEqualTo(2 * clients);
			assertThat(write(edge)).as("never to a secondary").isEqualTo(502);
			int before = this.second.requests().size();
			this.second.restart();
			await(() -> isUp(edge, 1) && this.second.requests().size() > before);
			this.primary.restart();
			await(() -> isUp(edge, 0));
			assertThat(write(edge)).isEqualTo(200);
			load.await(100);
			assertThat(load.end()).as("none since the primary was killed")
				.hasSize(failed)
				.allMatch("status 502"::equals);
			assertThat(edge.gateway().upstreams().stream().mapToLong((one) -> one.failures().unanswered()).sum())
				.isEqualTo(failed);
		}
		List<String> all = Stream.of(this.primary, this.second, this.third)
			.flatMap((server) -> server.requests().stream())
			.toList();
		assertThat(all).as("each request reaches one keyserver").doesNotHaveDuplicates();
		assertThat(this.second.requests()).noneMatch((line) -> line.startsWith("POST"));
		assertThat(this.third.requests()).noneMatch((line) -> line.startsWith("POST"));
		assertThat(this.primary.requests()).filteredOn((line) -> line.startsWith("POST")).hasSize(1);
	}

	@Test
	void aRefusedConnectionMarksDownAtOnceAndTheReadGoesElsewhere() throws IOException {
		this.second.kill();
		this.third.kill();
		try (TestEdge edge = edge(TestEdge.NO_CHECKS); RawClient client = new RawClient(edge.port())) {
			for (int i = 0; i < 6; i++) {
				assertThat(client.send(READ).read().body()).isEqualTo("primary");
			}
			assertThat(isUp(edge, 0)).isTrue();
			assertThat(isUp(edge, 1)).isFalse();
			assertThat(isUp(edge, 2)).isFalse();
			for (int i : new int[] { 1, 2 }) {
				assertThat(edge.gateway().upstreams().get(i).failures())
					.isEqualTo(new UpstreamStatus.Failures(1, 1, 0, 0));
			}
		}
	}

	@Test
	void whenAllAreDownTheyAreTriedAllTheSame() throws IOException {
		this.primary.kill();
		this.second.kill();
		this.third.kill();
		try (TestEdge edge = edge(TestEdge.NO_CHECKS); RawClient client = new RawClient(edge.port())) {
			assertThat(client.send(READ).read().status()).isEqualTo(502);
			assertThat(Stream.of(0, 1, 2).map((i) -> isUp(edge, i))).containsOnly(false);
			this.third.restart();
			assertThat(client.send(READ).read().body()).isEqualTo("third");
			assertThat(isUp(edge, 2)).as("only checks say that it is up").isFalse();
		}
	}

	/** It may be what brings keyservers down. */
	@Test
	void aReadThatWasSentAndNotAnsweredReachesNobodyElse() throws Exception {
		try (RawUpstream closing = RawUpstream.answering("");
				TestEdge edge = new TestEdge(List.of(closing.uri(), this.second.uri()),
						UpstreamSettings.ContentLength.REQUIRE, List.of(), TestEdge.NO_CHECKS);
				RawClient client = new RawClient(edge.port())) {
			List<Integer> statuses = new ArrayList<>();
			for (int i = 0; i < 12; i++) {
				statuses.add(client.send(read(i)).read().status());
			}
			assertThat(statuses).containsOnly(200, 502);
			assertThat(write(edge)).as("a write is not sent twice").isEqualTo(502);
			List<String> sent = new ArrayList<>(this.second.requests());
			assertThat(statuses).filteredOn((status) -> status == 200).hasSameSizeAs(sent);
			while (closing.waiting() > 0) {
				sent.add(closing.take().requestLine());
			}
			assertThat(sent).hasSize(13).doesNotHaveDuplicates();
			UpstreamStatus.Failures failures = edge.gateway().upstreams().get(0).failures();
			assertThat(failures.unanswered()).isEqualTo(13 - this.second.requests().size());
			assertThat(failures.unsent() + failures.retried() + failures.cut()).isZero();
		}
	}

	/**
	 * The one exception, HEAD that becomes GET, stays with the keyserver that it went to.
	 */
	@Test
	void getInPlaceOfAHeadThatWasSentGoesNowhereElse() throws Exception {
		List<RawUpstream> victims = new ArrayList<>();
		RawUpstream victim = new RawUpstream((socket, request) -> {
			victims.get(0).close();
			socket.close();
		});
		victims.add(victim);
		try (victim;
				TestEdge edge = new TestEdge(List.of(victim.uri(), this.second.uri()),
						UpstreamSettings.ContentLength.REQUIRE, List.of(), TestEdge.NO_CHECKS);
				RawClient client = new RawClient(edge.port())) {
			assertThat(client.send("HEAD /pks/lookup?op=stats HTTP/1.1\r\nHost: k\r\n\r\n").readHead().status())
				.isEqualTo(502);
			assertThat(victim.waiting()).isEqualTo(1);
			assertThat(this.second.requests()).isEmpty();
		}
	}

	@Test
	void anAnswerThatBreaksOffIsCounted() throws Exception {
		try (RawUpstream breaking = RawUpstream.answering("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this");
				TestEdge edge = new TestEdge(breaking.uri(), UpstreamSettings.ContentLength.REQUIRE, List.of())) {
			assertThat(RawClient.exchange(edge.port(), READ).reset()).isTrue();
			assertThat(edge.gateway().upstreams().get(0).failures()).isEqualTo(new UpstreamStatus.Failures(0, 0, 0, 1));
		}
	}

	/**
	 * Its statistics are asked for only if it does not know the other question.
	 */
	@ParameterizedTest
	@CsvSource({ "503, 200, health health", "500, 200, health health", "404, 500, health lookup?op=stats",
			"501, 404, health lookup?op=stats" })
	void aKeyserverThatAnswersChecksWithAnErrorIsDown(int health, int stats, String asked) throws Exception {
		AtomicBoolean well = new AtomicBoolean();
		try (RawUpstream failing = new RawUpstream((socket, request) -> {
			int status = well.get() ? 200 : request.requestLine().contains("/pks/health") ? health : stats;
			socket.getOutputStream().write(("HTTP/1.1 " + status + " X\r\nContent-Length: 0\r\n\r\n").getBytes());
			socket.close();
		});
				TestEdge edge = new TestEdge(List.of(this.primary.uri(), failing.uri()),
						UpstreamSettings.ContentLength.REQUIRE, List.of(), FAST)) {
			await(() -> !isUp(edge, 1));
			for (String target : asked.split(" ")) {
				assertThat(failing.take().requestLine()).isEqualTo("GET /pks/" + target + " HTTP/1.1");
			}
			well.set(true);
			await(() -> isUp(edge, 1));
		}
	}

	@Test
	void aKeyserverThatKnowsOnlyItsStatisticsIsUp() throws Exception {
		try (RawUpstream old = new RawUpstream((socket, request) -> {
			int status = request.requestLine().contains("op=stats") ? 200 : 404;
			socket.getOutputStream().write(("HTTP/1.0 " + status + " X\r\n\r\n").getBytes());
			socket.close();
		});
				TestEdge edge = new TestEdge(List.of(this.primary.uri(), old.uri()),
						UpstreamSettings.ContentLength.REQUIRE, List.of(), FAST)) {
			for (int i = 0; i < 6; i++) {
				old.take();
			}
			assertThat(isUp(edge, 1)).isTrue();
		}
	}

	@Test
	void anOnlyKeyserverIsCheckedTooAndGetsRequestsWhileItIsDown() throws Exception {
		try (TestEdge edge = new TestEdge(List.of(this.primary.uri()), UpstreamSettings.ContentLength.REQUIRE,
				List.of(), FAST)) {
			await(() -> this.primary.checks() > 1);
			this.primary.kill();
			await(() -> !isUp(edge, 0));
			assertThat(read(edge)).isEqualTo(502);
			this.primary.restart();
			assertThat(read(edge)).isEqualTo(200);
			await(() -> isUp(edge, 0));
		}
	}

	/** The kernel answers nothing at all for a process whose listen backlog is full. */
	@ParameterizedTest
	@ValueSource(ints = { 1, 3 })
	void aConnectionThatNeverCompletesCostsConnectTimeoutAndSoManyMeanDown(int downAfter) throws Exception {
		try (ServerSocket full = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
				Filled filled = Filled.of(full);
				TestEdge edge = new TestEdge(
						new UpstreamSettings(List.of(this.primary.uri(), filled.uri()), Duration.ofMillis(300),
								Duration.ofSeconds(20), 500, UpstreamSettings.ContentLength.REQUIRE,
								new UpstreamSettings.Health(Duration.ofHours(1), Duration.ofSeconds(2), downAfter, 2)),
						List.of());
				RawClient client = new RawClient(edge.port())) {
			for (int i = 0; i < 20 && isUp(edge, 1); i++) {
				assertThat(client.send(READ).read().body()).isEqualTo("primary");
			}
			assertThat(isUp(edge, 1)).isFalse();
			assertThat(edge.gateway().upstreams().get(1).failures())
				.isEqualTo(new UpstreamStatus.Failures(downAfter, downAfter, 0, 0));
		}
	}

	@Test
	void whenNoConnectionCompletesTheAnswerIs502AfterConnectTimeout() throws Exception {
		try (ServerSocket full = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
				Filled filled = Filled.of(full);
				TestEdge edge = new TestEdge(new UpstreamSettings(List.of(filled.uri()), Duration.ofMillis(700),
						Duration.ofSeconds(60), 500, UpstreamSettings.ContentLength.REQUIRE, TestEdge.NO_CHECKS),
						List.of())) {
			long begun = System.nanoTime();
			assertThat(read(edge)).isEqualTo(502);
			assertThat(Duration.ofNanos(System.nanoTime() - begun)).isBetween(Duration.ofMillis(700),
					Duration.ofSeconds(15));
			assertThat(write(edge)).isEqualTo(502);
		}
	}

	/** What is known of a keyserver when each check comes. */
	@ParameterizedTest
	@CsvSource({ "1, 1, UDU", "3, 1, UUUDU", "2, 4, UUDDDDU" })
	void checksInARowAreCountedByTheirKeys(int downAfter, int upAfter, String states) throws Exception {
		CompletableFuture<TestEdge> started = new CompletableFuture<>();
		StringBuffer seen = new StringBuffer();
		try (RawUpstream checked = new RawUpstream((socket, request) -> {
			int status = (seen.length() < downAfter) ? 503 : 200;
			seen.append(isUp(started.join(), 1) ? 'U' : 'D');
			socket.getOutputStream().write(("HTTP/1.1 " + status + " X\r\nContent-Length: 0\r\n\r\n").getBytes());
			socket.close();
		});
				TestEdge edge = new TestEdge(List.of(this.primary.uri(), checked.uri()),
						UpstreamSettings.ContentLength.REQUIRE, List.of(), new UpstreamSettings.Health(
								Duration.ofMillis(100), Duration.ofSeconds(5), downAfter, upAfter))) {
			started.complete(edge);
			await(() -> seen.length() > states.length());
			assertThat(seen.toString()).startsWith(states);
		}
	}

	/** The kernel accepts for a process that does not. */
	@Test
	void anOnlyKeyserverThatHangsIsDownAndTriedAllTheSame() throws Exception {
		try (ServerSocket hanging = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
				TestEdge edge = new TestEdge(List.of(URI.create("http://127.0.0.1:" + hanging.getLocalPort())),
						UpstreamSettings.ContentLength.REQUIRE, List.of(),
						new UpstreamSettings.Health(Duration.ofMillis(100), Duration.ofMillis(300), 3, 2))) {
			assertThat(isUp(edge, 0)).isTrue();
			await(() -> !isUp(edge, 0));
			UpstreamStatus probed = edge.gateway().probeUpstreams().block(Duration.ofSeconds(10)).get(0);
			assertThat(probed.error()).isEqualTo("expected: keyserver 127.0.0.1:" + hanging.getLocalPort()
					+ " to answer /pks/health within 2000 ms, got: none");
			assertThat(probed.inUse()).isTrue();
		}
	}

	@Test
	void headThatIsNotServedIsTriedOnce() throws Exception {
		try (RawUpstream upstream = new RawUpstream((socket, request) -> {
			boolean refused = request.requestLine().startsWith("HEAD /pks/lookup");
			socket.getOutputStream()
				.write(("HTTP/1.1 " + (refused ? "405 No" : "200 OK") + "\r\nContent-Length: 2\r\n\r\n"
						+ (request.requestLine().startsWith("HEAD") ? "" : "ok"))
					.getBytes());
			socket.close();
		}); TestEdge edge = new TestEdge(upstream.uri(), UpstreamSettings.ContentLength.REQUIRE, List.of())) {
			List<String> lines = new ArrayList<>();
			for (String path : List.of("/pks/lookup?op=stats", "/pks/lookup?op=stats", "/pks/stats")) {
				assertThat(RawClient.exchange(edge.port(), "HEAD " + path + " HTTP/1.0\r\n\r\n").status())
					.isEqualTo(200);
			}
			while (upstream.waiting() > 0) {
				lines.add(upstream.take().requestLine());
			}
			assertThat(lines).containsExactly("HEAD /pks/lookup?op=stats HTTP/1.1", "GET /pks/lookup?op=stats HTTP/1.1",
					"GET /pks/lookup?op=stats HTTP/1.1", "HEAD /pks/stats HTTP/1.1");
		}
	}

	@Test
	void sksPassesChecksAndCostsWhatItWasBusyWithWhenItIsKilled() throws Exception {
		int clients = 2;
		try (SksServer sks = SksServer.start();
				TestEdge edge = new TestEdge(List.of(this.primary.uri(), sks.uri()),
						UpstreamSettings.ContentLength.REQUIRE, List.of(), FAST);
				Load load = new Load(edge.port(), clients)) {
			await(() -> sks.logLines().stream().filter((line) -> line.contains("op=stats")).count() > 5);
			assertThat(isUp(edge, 1)).isTrue();
			load.await(100);
			assertThat(load.failures()).isEmpty();
			sks.kill();
			await(() -> !isUp(edge, 1));
			load.await(50);
			int failed = load.failures().size();
			assertThat(failed).isLessThanOrEqualTo(clients);
			load.await(50);
			assertThat(load.end()).hasSize(failed);
			List<String> targets = Stream
				.concat(this.primary.requests().stream().map((line) -> line.split(" ")[1]),
						sks.logLines()
							.stream()
							.filter((line) -> line.contains("=> /pks/lookup?op=get&search=0x"))
							.map((line) -> line.substring(line.indexOf("=> ") + 3).trim()))
				.toList();
			assertThat(targets).hasSizeGreaterThan(100).doesNotHaveDuplicates();
		}
	}

	private TestEdge edge(UpstreamSettings.Health health) {
		return new TestEdge(List.of(this.primary.uri(), this.second.uri(), this.third.uri()),
				UpstreamSettings.ContentLength.REQUIRE, List.of(), health);
	}

	private static boolean isUp(TestEdge edge, int index) {
		return edge.gateway().upstreams().get(index).up();
	}

	/** No two are alike. */
	private static String read(int number) {
		return READ.replace("0123456789ABCDEF", String.format("%016X", number));
	}

	private static int read(TestEdge edge) throws IOException {
		try (RawClient client = new RawClient(edge.port())) {
			return client.send(READ).read().status();
		}
	}

	private static int write(TestEdge edge) throws IOException {
		try (RawClient client = new RawClient(edge.port())) {
			return client.send("POST /pks/add HTTP/1.1\r\nHost: k\r\nContent-Length: 1\r\n\r\nx").read().status();
		}
	}

	private static void await(BooleanSupplier condition) {
		Awaitility.await().atMost(Duration.ofSeconds(30)).until(condition::getAsBoolean);
	}

	/**
	 * Connections that fill the listen backlog of a server which accepts none.
	 *
	 * @param server who does not accept
	 * @param sockets as many as fit
	 */
	private record Filled(ServerSocket server, List<Socket> sockets) implements AutoCloseable {

		static Filled of(ServerSocket server) throws IOException {
			Filled filled = new Filled(server, new ArrayList<>());
			for (int i = 0; i < 10; i++) {
				Socket socket = new Socket();
				filled.sockets.add(socket);
				try {
					socket.connect(server.getLocalSocketAddress(), 500);
				}
				catch (SocketTimeoutException ex) {
					return filled;
				}
			}
			filled.close();
			throw new AssertionError("expected: a full listen backlog after 10 connections, got: room for more");
		}

		URI uri() {
			return URI.create("http://127.0.0.1:" + this.server.getLocalPort());
		}

		@Override
		public void close() throws IOException {
			for (Socket socket : this.sockets) {
				socket.close();
			}
		}

	}

	/** Clients that read all the time. */
	private static final class Load implements AutoCloseable {

		private final AtomicBoolean ended = new AtomicBoolean();

		private final AtomicInteger sent = new AtomicInteger();

		private final AtomicInteger answers = new AtomicInteger();

		private final List<String> failures = new CopyOnWriteArrayList<>();

		private final List<CompletableFuture<Void>> clients = new ArrayList<>();

		Load(int port, int clients) {
			for (int i = 0; i < clients; i++) {
				this.clients.add(CompletableFuture.runAsync(() -> run(port), (task) -> {
					Thread thread = new Thread(task, "load");
					thread.setDaemon(true);
					thread.start();
				}));
			}
		}

		private void run(int port) {
			try (RawClient client = new RawClient(port)) {
				while (!this.ended.get()) {
					int status = client.send(read(this.sent.incrementAndGet())).read().status();
					// SKS has no such key.
					if (status != 200 && status != 404) {
						this.failures.add("status " + status);
					}
					this.answers.incrementAndGet();
				}
			}
			catch (IOException ex) {
				this.failures.add(ex.toString());
			}
		}

		/** Waits for so many more answers. */
		void await(int more) {
			int enough = this.answers.get() + more;
			SeveralUpstreamsIT
				.await(() -> this.answers.get() >= enough || this.clients.stream().allMatch(CompletableFuture::isDone));
		}

		/** Until now. */
		List<String> failures() {
			return this.failures;
		}

		/** Ends the load. */
		List<String> end() {
			this.ended.set(true);
			this.clients.forEach(CompletableFuture::join);
			return this.failures;
		}

		@Override
		public void close() {
			end();
		}

	}

}
