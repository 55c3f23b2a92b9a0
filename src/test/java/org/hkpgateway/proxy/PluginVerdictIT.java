package org.hkpgateway.proxy;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Set;

import org.hkpgateway.http.HeaderMutation;
import org.hkpgateway.plugin.BodyMode;
import org.hkpgateway.plugin.Decision;
import org.hkpgateway.plugin.RequestBody;
import org.hkpgateway.testsupport.RawClient;
import org.hkpgateway.testsupport.RawUpstream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What plugins see of a request, and what becomes of their answers and changes.
 */
class PluginVerdictIT extends AbstractEdgeIT {

	@ParameterizedTest
	@CsvSource({ "FULL,COMPLETE,300000", "PREFIX,PREFIX,65536", "NONE,WITHHELD,0" })
	void aPluginSeesWhatItWantsAndTheKeyserverEverything(BodyMode mode, RequestBody.State state, int shown)
			throws Exception {
		start(RawUpstream.answering(OK), continuing(mode));
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
		start(RawUpstream.answering(OK), continuing(mode), "hkp.upstream.content-length=" + length);
		RawClient.Answer answer = RawClient.exchange(port(),
				"POST /pks/add HTTP/1.1\r\nHost: k\r\nConnection: close\r\n"
						+ "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n");
		assertThat(answer.status()).isEqualTo(200);
		assertThat(this.seen.get(0).body().state())
			.isEqualTo((mode == BodyMode.NONE) ? RequestBody.State.WITHHELD : RequestBody.State.COMPLETE);
	}

	@Test
	void aLargeChunkedBodyStreamsOnBehindThePrefixThatThePluginSaw() throws Exception {
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
		}), continuing(BodyMode.PREFIX), "hkp.upstream.content-length=stream");
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
		start(RawUpstream.answering(OK), responding(mode, 422, "bad key"));
		try (RawClient client = new RawClient(port())) {
			client.send("POST /pks/add HTTP/1.0\r\nContent-Length: 500000\r\n\r\n").send(new byte[500_000]);
			RawClient.Answer answer = client.readToEnd();
			assertThat(answer.status()).isEqualTo(422);
			assertThat(answer.reset()).isFalse();
		}
		assertThat(this.upstream.waiting()).isZero();
	}

	@ParameterizedTest
	@ValueSource(strings = { "HTTP/1.0", "HTTP/1.1" })
	void anEarlyAnswerArrivesWhileTheClientStillUploads(String version) throws Exception {
		start(RawUpstream.answering(OK), responding(BodyMode.NONE, 429, "slow down"));
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
		start(RawUpstream.answering(OK), responding(BodyMode.NONE, 429, "slow down"));
		RawClient.Answer answer = RawClient.exchange(port(), "HEAD /pks/stats HTTP/1.0\r\n\r\n");
		assertThat(answer.body()).isEmpty();
		assertThat(answer.header("content-length")).isEqualTo("9");
	}

	@Test
	void aPluginsMutationsReachKeyserverAndClient() throws Exception {
		start(RawUpstream.answering(OK), TestEdge.plugin(BodyMode.NONE,
				(event, budget) -> Mono.just(new Decision.Continue(
						List.of(new HeaderMutation.Set("User-Agent", "changed"), new HeaderMutation.Remove("Pragma")),
						List.of(new HeaderMutation.Set("X-Seen-By", "p")), Map.of(), ""))));
		RawClient.Answer answer = RawClient.exchange(port(),
				"GET /pks/stats HTTP/1.0\r\nUser-Agent: a\r\nUser-Agent: b\r\nPragma: x\r\n\r\n");
		assertThat(answer.header("x-seen-by")).isEqualTo("p");
		assertThat(this.upstream.take().headers()).contains("User-Agent: changed")
			.doesNotContain("Pragma: x", "User-Agent: a");
	}

	@Test
	void connectionTakesNothingAwayThatAPluginAdds() throws Exception {
		start(RawUpstream.answering(
				"HTTP/1.1 200 OK\r\nConnection: X-Seen-By\r\nX-Seen-By: keyserver\r\n" + "Content-Length: 2\r\n\r\nok"),
				TestEdge.plugin(BodyMode.NONE,
						(event, budget) -> Mono
							.just(new Decision.Continue(List.of(new HeaderMutation.Append("X-Verdict", "the plugin's")),
									List.of(new HeaderMutation.Append("X-Seen-By", "the plugin")), Map.of(), ""))));
		RawClient.Answer answer = RawClient.exchange(port(),
				"GET /pks/stats HTTP/1.0\r\n" + "Connection: X-Verdict, close\r\nX-Verdict: the client's\r\n\r\n");
		assertThat(this.upstream.take().headers()).filteredOn((field) -> field.startsWith("X-Verdict"))
			.containsExactly("X-Verdict: the plugin's");
		assertThat(answer.bytes().lines()).filteredOn((line) -> line.startsWith("X-Seen-By"))
			.containsExactly("X-Seen-By: the plugin");
	}

}
