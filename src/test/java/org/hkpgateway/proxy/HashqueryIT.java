package org.hkpgateway.proxy;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import org.hkpgateway.plugin.BodyMode;
import org.hkpgateway.plugin.Decision;
import org.hkpgateway.plugin.PluginClient;
import org.hkpgateway.plugin.RequestBody;
import org.hkpgateway.testsupport.GpgHome;
import org.hkpgateway.testsupport.RawClient;
import org.hkpgateway.testsupport.RawUpstream;
import org.hkpgateway.testsupport.SksServer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.publisher.Mono;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What peers may ask a keyserver for, and what reaches it.
 */
@Timeout(120)
class HashqueryIT {

	private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

	private static byte[] query(long count, int... lengths) {
		try {
			ByteArrayOutputStream body = new ByteArrayOutputStream();
			DataOutputStream out = new DataOutputStream(body);
			out.writeInt((int) count);
			for (int length : lengths) {
				out.writeInt(length);
				out.write(new byte[16]);
			}
			return body.toByteArray();
		}
		catch (IOException ex) {
			throw new AssertionError(ex);
		}
	}

	private static int[] sixteens(int count) {
		int[] lengths = new int[count];
		Arrays.fill(lengths, 16);
		return lengths;
	}

	private static byte[] plus(byte[] body, int more) {
		return Arrays.copyOf(body, body.length + more);
	}

	static Stream<Arguments> invalid() {
		return Stream.of(Arguments.of(400, "nothing", new byte[0]), Arguments.of(400, "half a count", new byte[3]),
				Arguments.of(400, "a count without hashes", query(1)),
				Arguments.of(400, "the largest count without hashes", query(0xffffffffL)),
				Arguments.of(400, "a count of one too many", query(3, 16, 16)),
				Arguments.of(400, "a count of one too few", query(1, 16, 16)),
				Arguments.of(400, "a count of none", query(0, 16)),
				Arguments.of(400, "a count whose size is right in 32 bits", query(0x40000001L, 16)),
				Arguments.of(400, "the largest count", query(0xffffffffL, 16)),
				Arguments.of(400, "the largest length", query(1, -1)),
				Arguments.of(400, "a length of 4 GiB less 16", query(1, -16)),
				Arguments.of(400, "a length of 0", query(1, 0)), Arguments.of(400, "a length of 15", query(1, 15)),
				Arguments.of(400, "a length of 17", query(1, 17)),
				Arguments.of(400, "a length of 16 in the other order", query(1, 0x10000000)),
				Arguments.of(400, "a bad length behind a good one", query(2, 16, 17)),
				Arguments.of(400, "a byte too many", plus(query(1, 16), 1)),
				Arguments.of(400, "a byte too few", Arrays.copyOf(query(1, 16), 23)),
				Arguments.of(400, "a length and half a hash", plus(query(1), 12)),
				Arguments.of(400, "text", "keytext=abcdefghijklmnop".getBytes(StandardCharsets.US_ASCII)), Arguments
					.of(413, "too many", query(HashqueryBody.MAX_HASHES + 1L, sixteens(HashqueryBody.MAX_HASHES + 1))));
	}

	@ParameterizedTest(name = "{1}: {0}")
	@MethodSource("invalid")
	void isRefused(int status, String what, byte[] body) throws Exception {
		try (RawUpstream upstream = RawUpstream.answering(OK); TestEdge edge = edge(upstream)) {
			for (boolean chunked : new boolean[] { false, true }) {
				RawClient.Answer answer = post(edge, body, chunked);
				assertThat(answer.status()).as(answer.bytes()).isEqualTo(status);
				assertThat(answer.header("content-type")).isEqualTo("text/plain; charset=utf-8");
				assertThat(answer.reset()).isFalse();
			}
			assertThat(upstream.octets()).isZero();
		}
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource("valid")
	void passesUnchanged(String what, byte[] body) throws Exception {
		try (RawUpstream upstream = RawUpstream.answering(OK); TestEdge edge = edge(upstream)) {
			for (boolean chunked : new boolean[] { false, true }) {
				assertThat(post(edge, body, chunked).status()).isEqualTo(200);
				RawUpstream.Received received = upstream.take();
				assertThat(received.body()).isEqualTo(body);
				assertThat(received.headers()).contains("content-length: " + body.length);
			}
		}
	}

	static Stream<Arguments> valid() {
		return Stream.of(Arguments.of("no hash", query(0)), Arguments.of("one hash", query(1, 16)),
				Arguments.of("as many as SKS asks for", query(100, sixteens(100))),
				Arguments.of("the most", query(HashqueryBody.MAX_HASHES, sixteens(HashqueryBody.MAX_HASHES))));
	}

	@Test
	void noOtherMethodCarriesABodyPast() throws Exception {
		try (RawUpstream upstream = RawUpstream.answering(OK); TestEdge edge = edge(upstream)) {
			for (String request : List.of("PUT /pks/hashquery", "POST /pks/hashquery?x=/y", "PATCH /pks/hashquery?")) {
				assertThat(RawClient
					.exchange(edge.port(), request + " HTTP/1.0\r\nContent-Length: 8\r\n\r\n\0\0\0\001\377\377\377\377")
					.status()).isEqualTo(400);
			}
			assertThat(upstream.octets()).isZero();
			assertThat(RawClient.exchange(edge.port(), "GET /pks/hashquery HTTP/1.0\r\n\r\n").status()).isEqualTo(200);
		}
	}

	@ParameterizedTest
	@EnumSource
	void aPluginSeesWhatItMaySeeOfAValidOne(BodyMode mode) throws Exception {
		List<RequestBody> seen = new CopyOnWriteArrayList<>();
		PluginClient client = (event, budget) -> {
			seen.add(event.body());
			return Mono.just(Decision.Continue.UNCHANGED);
		};
		try (RawUpstream upstream = RawUpstream.answering(OK);
				TestEdge edge = new TestEdge(upstream.uri(), UpstreamSettings.ContentLength.STREAM,
						List.of(TestEdge.plugin(mode, client)))) {
			assertThat(post(edge, query(1, 17), false).status()).isEqualTo(400);
			assertThat(seen).isEmpty();
			assertThat(post(edge, query(1, 16), false).status()).isEqualTo(200);
			assertThat(upstream.take().body()).isEqualTo(query(1, 16));
			assertThat(seen).hasSize(1);
			assertThat(seen.get(0).length()).isEqualTo(24);
			int shown = (mode == BodyMode.FULL) ? 24 : (mode == BodyMode.PREFIX) ? 10 : 0;
			assertThat(seen.get(0).bytes()).isEqualTo(ByteBuffer.wrap(query(1, 16), 0, shown));
		}
	}

	@Test
	void sksAnswersAValidOne() throws Exception {
		try (SksServer sks = SksServer.start(); GpgHome gpg = GpgHome.create()) {
			String fingerprint = gpg.generate("Alice Lab <alice@lab.example>");
			gpg.runWithKeyserver(sks.uri(), "--send-keys", fingerprint).orFail();
			try (TestEdge edge = new TestEdge(sks.uri(), UpstreamSettings.ContentLength.REQUIRE, List.of())) {
				byte[] body = query(1, 16);
				System.arraycopy(HexFormat.of().parseHex(hash(edge, fingerprint)), 0, body, 8, 16);
				RawClient.Answer answer = post(edge, body, false);
				assertThat(answer.status()).isEqualTo(200);
				byte[] keys = answer.body().getBytes(StandardCharsets.ISO_8859_1);
				assertThat(ByteBuffer.wrap(keys).getInt()).isEqualTo(1);
				assertThat(answer.body()).contains("alice@lab.example");
				assertThat(ByteBuffer.wrap(post(edge, query(1, 16), true).body().getBytes(StandardCharsets.ISO_8859_1))
					.getInt()).isZero();
			}
		}
	}

	private static String hash(TestEdge edge, String fingerprint) throws IOException {
		String index = RawClient
			.exchange(edge.port(), "GET /pks/lookup?op=index&hash=on&search=0x" + fingerprint + " HTTP/1.0\r\n\r\n")
			.body();
		Matcher matcher = Pattern.compile("search=([0-9A-F]{32})\\b").matcher(index);
		assertThat(matcher.find()).as(index).isTrue();
		return matcher.group(1);
	}

	private static TestEdge edge(RawUpstream upstream) {
		return new TestEdge(upstream.uri(), UpstreamSettings.ContentLength.STREAM, List.of());
	}

	private static RawClient.Answer post(TestEdge edge, byte[] body, boolean chunked) throws IOException {
		String text = new String(body, StandardCharsets.ISO_8859_1);
		if (!chunked) {
			return RawClient.exchange(edge.port(),
					"POST /pks/hashquery HTTP/1.0\r\nContent-Length: " + body.length + "\r\n\r\n" + text);
		}
		String chunk = (body.length > 0) ? Integer.toHexString(body.length) + "\r\n" + text + "\r\n" : "";
		return RawClient.exchange(edge.port(), "POST /pks/hashquery HTTP/1.1\r\nHost: keys.example\r\n"
				+ "Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk + "0\r\n\r\n");
	}

}
