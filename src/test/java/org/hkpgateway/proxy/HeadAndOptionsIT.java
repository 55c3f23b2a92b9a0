package org.hkpgateway.proxy;

import java.io.IOException;
import java.io.OutputStream;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import org.hkpgateway.http.HeaderMutation;
import org.hkpgateway.plugin.BodyMode;
import org.hkpgateway.plugin.Decision;
import org.hkpgateway.plugin.PluginClient;
import org.hkpgateway.testsupport.Command;
import org.hkpgateway.testsupport.RawClient;
import org.hkpgateway.testsupport.RawUpstream;
import org.hkpgateway.testsupport.Requirements;
import org.hkpgateway.testsupport.SksServer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What keyservers do not serve, and browsers ask for.
 */
@Timeout(60)
class HeadAndOptionsIT {

	private static final String PREFLIGHT = "OPTIONS /pks/add HTTP/1.1\r\nHost: k\r\nConnection: close\r\n"
			+ "Origin: https://webmail.example\r\nAccess-Control-Request-Method: POST\r\n"
			+ "Access-Control-Request-Headers: content-type\r\n\r\n";

	@TempDir
	private Path temp;

	@Test
	void aPreflightRequestIsAnsweredWithoutTheKeyserver() throws Exception {
		try (RawUpstream upstream = RawUpstream.answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
				TestEdge edge = edge(upstream)) {
			RawClient.Answer answer = RawClient.exchange(edge.port(), PREFLIGHT);
			assertThat(answer.status()).isEqualTo(204);
			assertThat(answer.headers()).containsOnlyOnce("Access-Control-Allow-Origin: *");
			assertThat(answer.header("access-control-allow-methods")).isEqualTo("GET, HEAD, POST, OPTIONS");
			assertThat(answer.header("access-control-allow-headers")).startsWith("Content-Type");
			assertThat(answer.header("access-control-max-age")).isEqualTo("86400");
			assertThat(answer.header("content-length")).isNull();
			assertThat(upstream.octets()).isZero();
		}
	}

	@Test
	void anyOptionsTellsTheMethods() throws Exception {
		try (RawUpstream upstream = RawUpstream.answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
				TestEdge edge = edge(upstream)) {
			RawClient.Answer answer = RawClient.exchange(edge.port(), "OPTIONS /pks/lookup HTTP/1.0\r\n\r\n");
			assertThat(answer.status()).isEqualTo(204);
			assertThat(answer.header("allow")).isEqualTo("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
			assertThat(answer.header("access-control-allow-methods")).isNull();
			assertThat(upstream.octets()).isZero();
		}
	}

	@Test
	void aPluginIsAskedBeforeAPreflightRequestIsAnswered() throws Exception {
		PluginClient client = (event, budget) -> Mono.just(new Decision.Continue(List.of(),
				List.of(new HeaderMutation.Set("X-Seen-By", event.head().method())), Map.of(), ""));
		try (RawUpstream upstream = RawUpstream.answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
				TestEdge edge = new TestEdge(upstream.uri(), UpstreamSettings.ContentLength.REQUIRE,
						List.of(TestEdge.plugin(BodyMode.NONE, client)))) {
			assertThat(RawClient.exchange(edge.port(), PREFLIGHT).header("x-seen-by")).isEqualTo("OPTIONS");
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 7\r\n\r\n",
			"HTTP/1.1 501 Not Implemented\r\nContent-Length: 0\r\n\r\n" })
	void headIsMadeOfGetWhereTheKeyserverDoesNotServeIt(String answerToHead) throws Exception {
		CountDownLatch cancelled = new CountDownLatch(1);
		try (RawUpstream upstream = new RawUpstream((socket, request) -> {
			OutputStream out = socket.getOutputStream();
			if (request.requestLine().startsWith("HEAD ")) {
				out.write(answerToHead.getBytes(StandardCharsets.US_ASCII));
				socket.close();
				return;
			}
			out.write("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\nX-Made: of GET\r\n\r\n"
				.getBytes(StandardCharsets.US_ASCII));
			try {
				while (true) {
					out.write(new byte[64 * 1024]);
				}
			}
			catch (SocketException ex) {
				cancelled.countDown();
			}
		}); TestEdge edge = edge(upstream)) {
			RawClient.Answer answer = RawClient.exchange(edge.port(),
					"HEAD /pks/lookup?op=get&search=0x0123456789ABCDEF HTTP/1.1\r\nHost: k\r\n"
							+ "User-Agent: u\r\nConnection: close\r\n\r\n");
			assertThat(answer.status()).isEqualTo(200);
			assertThat(answer.header("content-length")).isEqualTo("1000000000");
			assertThat(answer.header("x-made")).isEqualTo("of GET");
			assertThat(answer.body()).isEmpty();
			assertThat(cancelled.await(10, TimeUnit.SECONDS)).isTrue();
			RawUpstream.Received head = upstream.take();
			assertThat(upstream.take().head()).isEqualTo(head.head().replaceFirst("HEAD", "GET"));
		}
	}

	@Test
	void headThatTheKeyserverServesIsAskedOnce() throws Exception {
		try (RawUpstream upstream = RawUpstream.answering("HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\n");
				TestEdge edge = edge(upstream)) {
			RawClient.Answer answer = RawClient.exchange(edge.port(), "HEAD /pks/health HTTP/1.0\r\n\r\n");
			assertThat(answer.status()).isEqualTo(404);
			assertThat(answer.header("content-length")).isEqualTo("9");
			assertThat(upstream.take().requestLine()).isEqualTo("HEAD /pks/health HTTP/1.1");
			assertThat(upstream.waiting()).isZero();
		}
	}

	@Test
	void headOfAKeyserverThatIsGoneIs502() throws IOException {
		RawUpstream upstream = RawUpstream.answering("");
		try (TestEdge edge = edge(upstream)) {
			assertThat(RawClient.exchange(edge.port(), "HEAD /pks/stats HTTP/1.0\r\n\r\n").status()).isEqualTo(502);
			upstream.close();
			assertThat(RawClient.exchange(edge.port(), "HEAD /pks/stats HTTP/1.0\r\n\r\n").status()).isEqualTo(502);
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "1.0", "1.1" })
	void sksAnswersHeadAndOptionsThroughTheGateway(String version) throws Exception {
		try (SksServer sks = SksServer.start();
				TestEdge edge = new TestEdge(sks.uri(), UpstreamSettings.ContentLength.REQUIRE, List.of())) {
			String stats = "/pks/lookup?op=stats HTTP/" + version + "\r\nHost: k\r\nConnection: close\r\n\r\n";
			RawClient.Answer get = RawClient.exchange(edge.port(), "GET " + stats);
			RawClient.Answer head = RawClient.exchange(edge.port(), "HEAD " + stats);
			assertThat(head.status()).isEqualTo(200);
			assertThat(head.body()).isEmpty();
			assertThat(head.header("server")).isEqualTo(get.header("server"));
			assertThat(head.header("content-type")).isEqualTo(get.header("content-type"));
			assertThat(head.header("content-length")).isEqualTo(get.header("content-length"));
			assertThat(
					RawClient.exchange(edge.port(), "HEAD " + stats.replace("stats", "get&search=0x0123456789ABCDEF"))
						.status())
				.isEqualTo(404);
			assertThat(RawClient.exchange(edge.port(), PREFLIGHT).status()).isEqualTo(204);
		}
	}

	/**
	 * As fetch() asks before it sends a key as application/pgp with a header of its own.
	 */
	@Test
	void aBrowserMaySendWhatItAsksFor() throws Exception {
		try (RawUpstream upstream = RawUpstream.answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
				TestEdge edge = edge(upstream)) {
			RawClient.Answer answer = RawClient.exchange(edge.port(),
					"OPTIONS /pks/v2/certs HTTP/1.1\r\nHost: k\r\nConnection: close\r\nAccept: */*\r\n"
							+ "Access-Control-Request-Method: POST\r\n"
							+ "Access-Control-Request-Headers: content-type,x-requested-with\r\n"
							+ "Origin: https://webmail.example\r\nSec-Fetch-Mode: cors\r\nSec-Fetch-Site: cross-site\r\n\r\n");
			assertThat(answer.status()).isEqualTo(204);
			assertThat(answer.header("access-control-allow-origin")).isEqualTo("*");
			assertThat(answer.header("access-control-allow-methods")).contains("POST");
			// Without credentials the wildcard permits any header but Authorization.
			assertThat(answer.header("access-control-allow-headers")).isEqualTo("Content-Type, *");
			assertThat(answer.header("access-control-allow-credentials")).isNull();
			assertThat(upstream.octets()).isZero();
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "--http1.1", "--http1.0" })
	void curlThatExpectsToBeToldToGoOnUploads(String version) throws Exception {
		Path curl = Requirements.program("curl");
		Path key = Files.write(this.temp.resolve("key"), new byte[900_000]);
		try (RawUpstream upstream = RawUpstream.answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
				TestEdge edge = edge(upstream)) {
			Command.Result result = Command
				.run(this.temp, Duration.ofSeconds(30), new byte[0],
						List.of(curl.toString(), "-sSi", version, "--expect100-timeout", "3", "-H",
								"Expect: 100-continue", "--data-binary", "@" + key,
								"http://127.0.0.1:" + edge.port() + "/pks/add"))
				.orFail();
			assertThat(result.text()).endsWith("\r\n\r\nok");
			assertThat(result.text().startsWith("HTTP/1.1 100 Continue\r\n")).isEqualTo(version.equals("--http1.1"));
			RawUpstream.Received received = upstream.take();
			assertThat(received.body()).hasSize(900_000);
			assertThat(received.head()).doesNotContainIgnoringCase("expect:");
		}
	}

	/**
	 * RFC 9110 section 10.1.1: the answer may come at once, and then nothing is uploaded.
	 */
	@Test
	void whoeverExpectsIsRefusedBeforeTheUpload() throws Exception {
		try (RawUpstream upstream = RawUpstream.answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
				TestEdge edge = edge(upstream);
				RawClient client = new RawClient(edge.port())) {
			RawClient.Answer answer = client
				.send("POST /pks/add HTTP/1.1\r\nHost: k\r\nExpect: 100-continue\r\n"
						+ "Content-Length: 2000000\r\n\r\n")
				.read();
			assertThat(answer.bytes()).startsWith("HTTP/1.1 413 ");
			assertThat(upstream.octets()).isZero();
		}
	}

	private static TestEdge edge(RawUpstream upstream) {
		return new TestEdge(upstream.uri(), UpstreamSettings.ContentLength.REQUIRE, List.of());
	}

}
