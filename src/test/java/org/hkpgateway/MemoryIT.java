package org.hkpgateway;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

import javax.net.SocketFactory;

import org.hkpgateway.grpc.FakePluginProgram;
import org.hkpgateway.testsupport.GatewayProcess;
import org.hkpgateway.testsupport.LargeBody;
import org.hkpgateway.testsupport.LargeBody.Pause;
import org.hkpgateway.testsupport.RawClient;
import org.hkpgateway.testsupport.TestCertificates;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Large bodies pass a gateway with little memory, past a plugin that sees the beginning
 * of uploads: 64 at a time, a quarter of them to or from clients that are slow until the
 * others have finished. Every byte is checked.
 */
@Timeout(300)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class MemoryIT {

	private static final int PARALLEL = 64;

	private static final int SLOW = PARALLEL / 4;

	/** On one connection of HTTP/2; the slow ones have one to themselves. */
	private static final int STREAMS = 16;

	/** Enough to fill every buffer there may be. */
	private static final LargeBody ANSWER = new LargeBody(20);

	private static final LargeBody LARGEST_ANSWER = new LargeBody(200);

	private static final LargeBody UPLOAD = new LargeBody(10);

	/** What the operator guide tells: the heap, as much direct memory, and the JVM. */
	private static final int MOST_RESIDENT_MEGABYTES = 128 + 128 + 250;

	private final ExecutorService threads = Executors.newCachedThreadPool();

	private final TestCertificates authority = new TestCertificates();

	private final List<HttpClient> clients = new ArrayList<>();

	private LargeBodyKeyserver keyserver;

	private GatewayProcess gateway;

	@BeforeAll
	void start(@TempDir Path directory) throws Exception {
		this.keyserver = new LargeBodyKeyserver(this.threads, UPLOAD);
		this.authority.server("memory").writeTo(directory);
		String plugin = FakePluginProgram.install(directory, "CONTINUES",
				"capabilities = [\"http.request\", \"http.respond\", \"http.request.body\"]");
		String settings = "hkp.plugins.settings." + plugin;
		String bundle = "spring.ssl.bundle.pem.keys.keystore.";
		// The compiler that operators have: the other one is slow at TLS. And leaks are
		// looked for, but not told where: that would be a stack trace for each use.
		this.gateway = GatewayProcess.startWith(
				List.of("-Xmx128m", "-XX:TieredStopAtLevel=4", "-Dio.netty.leakDetection.targetRecords=0"),
				"hkp.upstream.urls=" + this.keyserver.uri(), "hkp.plugins.directories=" + directory,
				settings + ".required=true", settings + ".body=prefix", settings + ".timeout=10s",
				settings + ".grants=http.request,http.respond,http.request.body", "hkp.plugins.chain-budget=10s",
				bundle + "certificate=" + directory.resolve("server.pem"),
				bundle + "private-key=" + directory.resolve("server.key"), "hkp.tls.bundle=keys",
				// Those of the test before may not have ended yet.
				"hkp.edge.max-connections-per-address=1000",
				// All shake hands at once, and the machine has other work, too.
				"hkp.edge.request-head-timeout=60s");
		this.gateway.pluginPid(plugin);
	}

	/** New ones: the gateway ends connections that were idle during other tests. */
	private void connect(Way way) throws Exception {
		this.clients.clear();
		for (int i = 0; way == Way.HTTP_2 && i < PARALLEL / STREAMS; i++) {
			HttpClient client = HttpClient.newBuilder()
				.version(HttpClient.Version.HTTP_2)
				.sslContext(this.authority.client())
				.executor(this.threads)
				.build();
			// There is a connection before there are many requests for it.
			HttpResponse<Void> answer = client.send(
					request("/").method("OPTIONS", HttpRequest.BodyPublishers.noBody()).build(),
					HttpResponse.BodyHandlers.discarding());
			assertThat(answer.version()).isEqualTo(HttpClient.Version.HTTP_2);
			this.clients.add(client);
		}
	}

	@AfterAll
	void stop() throws IOException {
		try {
			if (this.gateway != null) {
				this.gateway.close();
			}
		}
		finally {
			this.keyserver.close();
			this.threads.shutdownNow();
		}
	}

	@ParameterizedTest
	@EnumSource
	void largeAnswersToManyClientsPassInConstantMemory(Way way) throws Exception {
		connect(way);
		LargeBody body = isLargest(way) ? LARGEST_ANSWER : ANSWER;
		this.keyserver.answerWith(body);
		long expected = body.checksum();
		for (Future<Long> checksum : parallel((number, pause) -> download(way, body, number, pause))) {
			assertThat(checksum.get(240, TimeUnit.SECONDS)).isEqualTo(expected);
		}
		assertMemory(way + ": answers of " + body.length() + " bytes");
	}

	@ParameterizedTest
	@EnumSource
	void largeUploadsOfKnownLengthPassInConstantMemory(Way way) throws Exception {
		connect(way);
		for (Future<Integer> status : parallel((number, pause) -> upload(way, number, pause))) {
			assertThat(status.get(240, TimeUnit.SECONDS)).isEqualTo(200);
		}
		assertThat(this.keyserver.takeWhole()).isEqualTo(PARALLEL);
		assertMemory(way + ": uploads of " + UPLOAD.length() + " bytes");
	}

	/** They are held in memory, all together in a quarter of what is direct: 32 MB. */
	@Test
	void uploadsOfUnknownLengthAreHeldWithinTheBudgetAndTheRestRefused() throws Exception {
		int passed = 0;
		for (Future<Integer> status : parallel((number, pause) -> upload(SocketFactory.getDefault(), true, pause))) {
			int code = status.get(240, TimeUnit.SECONDS);
			assertThat(code).isIn(200, 429);
			passed += (code == 200) ? 1 : 0;
		}
		assertThat(this.keyserver.takeWhole()).isEqualTo(passed);
		assertThat(passed).isLessThan(PARALLEL);
		assertThat(upload(SocketFactory.getDefault(), true, () -> {
		})).as("when there is room again").isEqualTo(200);
		assertThat(this.keyserver.takeWhole()).isEqualTo(1);
		assertMemory("chunked uploads, of which " + passed + " passed");
	}

	/** In TLS it takes minutes: not in each build. */
	private static boolean isLargest(Way way) {
		return Boolean.parseBoolean(System.getenv("HKP_LONG_TESTS"))
				|| (way == Way.CLEAR && Boolean.parseBoolean(System.getenv("HKP_REQUIRE_ALL")));
	}

	private <T> List<Future<T>> parallel(Exchange<T> exchange) {
		CountDownLatch fast = new CountDownLatch(PARALLEL - SLOW);
		List<Future<T>> results = new ArrayList<>();
		for (int i = 0; i < PARALLEL; i++) {
			int number = i;
			results.add(this.threads.submit((Callable<T>) () -> {
				if (number < SLOW) {
					return exchange.run(number, () -> await(fast));
				}
				try {
					return exchange.run(number, () -> {
					});
				}
				finally {
					fast.countDown();
				}
			}));
		}
		return results;
	}

	private static void await(CountDownLatch fast) throws IOException {
		try {
			var unused = fast.await(100, TimeUnit.MILLISECONDS);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new IOException(ex);
		}
	}

	private long download(Way way, LargeBody body, int number, Pause pause) throws Exception {
		String target = "/pks/lookup?op=get&search=0x0123456789ABCDEF";
		if (way == Way.HTTP_2) {
			HttpResponse<InputStream> answer = this.clients.get(number / STREAMS)
				.send(request(target).build(), HttpResponse.BodyHandlers.ofInputStream());
			assertThat(answer.statusCode()).isEqualTo(200);
			try (InputStream in = answer.body()) {
				return body.checksum(in, pause);
			}
		}
		try (Socket socket = connect(sockets(way))) {
			LargeBodyKeyserver.write(socket, "GET " + target + " HTTP/1.1\r\nHost: k\r\nConnection: close\r\n\r\n");
			InputStream in = socket.getInputStream();
			assertThat(LargeBodyKeyserver.head(in)).startsWith("HTTP/1.1 200 ");
			return body.checksum(in, pause);
		}
	}

	private int upload(Way way, int number, Pause pause) throws Exception {
		if (way != Way.HTTP_2) {
			return upload(sockets(way), false, pause);
		}
		HttpRequest.BodyPublisher body = HttpRequest.BodyPublishers
			.fromPublisher(HttpRequest.BodyPublishers.ofInputStream(() -> UPLOAD.stream(pause)), UPLOAD.length());
		return this.clients.get(number / STREAMS)
			.send(request("/pks/add").POST(body).build(), HttpResponse.BodyHandlers.discarding())
			.statusCode();
	}

	/** Reads the answer while it sends: a refusal comes before the end of the upload. */
	private int upload(SocketFactory sockets, boolean chunked, Pause pause) throws Exception {
		try (Socket socket = connect(sockets)) {
			Future<?> sending = this.threads.submit((Callable<Void>) () -> {
				LargeBodyKeyserver.write(socket, "POST /pks/add HTTP/1.1\r\nHost: k\r\nConnection: close\r\n"
						+ (chunked ? "Transfer-Encoding: chunked" : "Content-Length: " + UPLOAD.length()) + "\r\n\r\n");
				UPLOAD.forEachPart((part) -> {
					pause.pause();
					LargeBodyKeyserver.write(socket, chunked ? "10000\r\n" : "");
					socket.getOutputStream().write(part);
					LargeBodyKeyserver.write(socket, chunked ? "\r\n" : "");
				});
				LargeBodyKeyserver.write(socket, chunked ? "0\r\n\r\n" : "");
				return null;
			});
			String head = LargeBodyKeyserver.head(socket.getInputStream());
			int status = Integer.parseInt(head.split(" ", 3)[1]);
			if (status == 200) {
				sending.get(60, TimeUnit.SECONDS);
			}
			else {
				assertThat(head).containsIgnoringCase("retry-after: ");
			}
			return status;
		}
	}

	private void assertMemory(String what) throws Exception {
		String peak = Files.readAllLines(Path.of("/proc", String.valueOf(this.gateway.pid()), "status"))
			.stream()
			.filter((line) -> line.startsWith("VmHWM:"))
			.findFirst()
			.orElseThrow();
		int megabytes = Integer.parseInt(peak.replaceAll("\\D", "")) / 1024;
		System.out.println(what + ", " + PARALLEL + " at a time: resident set at most " + megabytes + " MB");
		assertThat(megabytes).isLessThan(MOST_RESIDENT_MEGABYTES);
		assertThat(RawClient.exchange(this.gateway.port(), "OPTIONS / HTTP/1.0\r\n\r\n").status()).isEqualTo(204);
		assertThat(this.gateway.log()).doesNotContain("OutOfMemory", "OutOfDirectMemory");
	}

	private HttpRequest.Builder request(String target) {
		return HttpRequest.newBuilder(URI.create("https://localhost:" + this.gateway.port() + target))
			.timeout(Duration.ofSeconds(240));
	}

	private SocketFactory sockets(Way way) {
		return (way == Way.TLS) ? this.authority.client().getSocketFactory() : SocketFactory.getDefault();
	}

	private Socket connect(SocketFactory sockets) throws IOException {
		Socket socket = sockets.createSocket(InetAddress.getLoopbackAddress(), this.gateway.port());
		socket.setSoTimeout(120_000);
		return socket;
	}

	/** How clients come. */
	enum Way {

		CLEAR, TLS,
		/** In TLS. */
		HTTP_2

	}

	/** One of many at a time. */
	@FunctionalInterface
	private interface Exchange<T> {

		T run(int number, Pause pause) throws Exception;

	}

}
