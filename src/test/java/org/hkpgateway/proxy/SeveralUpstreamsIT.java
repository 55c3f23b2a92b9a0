package org.hkpgateway.proxy;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
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
	void aKeyserverThatIsKilledUnderLoadCostsNoReadAndItsReturnIsNoticed() throws Exception {
		try (TestEdge edge = edge(FAST); Load load = new Load(edge.port(), 4)) {
			load.await(100);
			this.second.kill();
			load.await(200);
			await(() -> !isUp(edge, 1));
			this.primary.kill();
			load.await(200);
			await(() -> !isUp(edge, 0));
			assertThat(write(edge)).as("never to a secondary").isEqualTo(502);
			int before = this.second.requests().size();
			this.second.restart();
			await(() -> isUp(edge, 1) && this.second.requests().size() > before);
			this.primary.restart();
			await(() -> isUp(edge, 0));
			assertThat(write(edge)).isEqualTo(200);
			load.await(100);
			assertThat(load.failures()).isEmpty();
		}
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

	@Test
	void aReadOnAConnectionThatAKeyserverClosesIsSentToAnother() throws IOException {
		try (RawUpstream closing = RawUpstream.answering("");
				TestEdge edge = new TestEdge(List.of(closing.uri(), this.second.uri()),
						UpstreamSettings.ContentLength.REQUIRE, List.of(), TestEdge.NO_CHECKS);
				RawClient client = new RawClient(edge.port())) {
			for (int i = 0; i < 6; i++) {
				assertThat(client.send(READ).read().body()).isEqualTo("second");
			}
			assertThat(write(edge)).as("a write is not sent twice").isEqualTo(502);
		}
	}

	@Test
	void aKeyserverThatAnswersChecksWithAnErrorIsDown() throws Exception {
		AtomicInteger status = new AtomicInteger(500);
		try (RawUpstream failing = new RawUpstream((socket, request) -> {
			socket.getOutputStream().write(("HTTP/1.1 " + status + " X\r\nContent-Length: 0\r\n\r\n").getBytes());
			socket.close();
		});
				TestEdge edge = new TestEdge(List.of(this.primary.uri(), failing.uri()),
						UpstreamSettings.ContentLength.REQUIRE, List.of(), FAST)) {
			await(() -> !isUp(edge, 1));
			assertThat(failing.take().requestLine()).isEqualTo("GET /pks/health HTTP/1.1");
			assertThat(failing.take().requestLine()).isEqualTo("GET /pks/lookup?op=stats HTTP/1.1");
			status.set(200);
			await(() -> isUp(edge, 1));
		}
	}

	@Test
	void anOnlyKeyserverIsCheckedOnlyWhileItIsDown() throws Exception {
		try (TestEdge edge = new TestEdge(List.of(this.primary.uri()), UpstreamSettings.ContentLength.REQUIRE,
				List.of(), FAST)) {
			this.primary.kill();
			assertThat(read(edge)).isEqualTo(502);
			assertThat(isUp(edge, 0)).isFalse();
			assertThat(this.primary.checks()).isZero();
			this.primary.restart();
			await(() -> isUp(edge, 0));
			assertThat(this.primary.checks()).isPositive();
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
	void sksPassesChecksAndIsKilledWithoutCost() throws Exception {
		try (SksServer sks = SksServer.start();
				TestEdge edge = new TestEdge(List.of(this.primary.uri(), sks.uri()),
						UpstreamSettings.ContentLength.REQUIRE, List.of(), FAST);
				Load load = new Load(edge.port(), 2)) {
			await(() -> sks.logLines().stream().filter((line) -> line.contains("op=stats")).count() > 5);
			assertThat(isUp(edge, 1)).isTrue();
			load.await(50);
			sks.kill();
			await(() -> !isUp(edge, 1));
			load.await(50);
			assertThat(load.failures()).isEmpty();
		}
	}

	private TestEdge edge(UpstreamSettings.Health health) {
		return new TestEdge(List.of(this.primary.uri(), this.second.uri(), this.third.uri()),
				UpstreamSettings.ContentLength.REQUIRE, List.of(), health);
	}

	private static boolean isUp(TestEdge edge, int index) {
		return edge.gateway().upstreams().get(index).up();
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

	/** Clients that read all the time. */
	private static final class Load implements AutoCloseable {

		private final AtomicBoolean ended = new AtomicBoolean();

		private final AtomicInteger answers = new AtomicInteger();

		private final List<CompletableFuture<List<String>>> clients = new ArrayList<>();

		Load(int port, int clients) {
			for (int i = 0; i < clients; i++) {
				this.clients.add(CompletableFuture.supplyAsync(() -> run(port), (task) -> {
					Thread thread = new Thread(task, "load");
					thread.setDaemon(true);
					thread.start();
				}));
			}
		}

		private List<String> run(int port) {
			List<String> failures = new ArrayList<>();
			try (RawClient client = new RawClient(port)) {
				while (!this.ended.get()) {
					int status = client.send(READ).read().status();
					// SKS has no such key.
					if (status != 200 && status != 404) {
						failures.add("status " + status);
					}
					this.answers.incrementAndGet();
				}
			}
			catch (IOException ex) {
				failures.add(ex.toString());
			}
			return failures;
		}

		/** Waits for so many more answers. */
		void await(int more) {
			int enough = this.answers.get() + more;
			SeveralUpstreamsIT
				.await(() -> this.answers.get() >= enough || this.clients.stream().allMatch(CompletableFuture::isDone));
		}

		/** Ends the load. */
		List<String> failures() {
			this.ended.set(true);
			return this.clients.stream().flatMap((client) -> client.join().stream()).toList();
		}

		@Override
		public void close() {
			failures();
		}

	}

}
