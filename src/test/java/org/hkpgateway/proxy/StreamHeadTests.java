package org.hkpgateway.proxy;

import java.nio.charset.StandardCharsets;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for how {@link StreamHead} counts: as {@link WireScanner} does.
 */
class StreamHeadTests {

	private static final String PATH = "/pks/lookup?op=get&search=0x0123456789ABCDEF";

	private static final Http2Headers HEAD = new DefaultHttp2Headers().method("GET")
		.scheme("https")
		.path(PATH)
		.authority("keys.example")
		.add("user-agent", "gpg")
		.add("cookie", "a=1")
		.add("x", "");

	private static final String IN_HTTP1 = "GET " + PATH + " HTTP/1.1\r\n";

	private static final String FIELDS_IN_HTTP1 = "host: keys.example\r\nuser-agent: gpg\r\ncookie: a=1\r\nx: \r\n\r\n";

	@Test
	void aHeadMayBeAsLongAsInHttp1() {
		int length = (IN_HTTP1 + FIELDS_IN_HTTP1).length();
		assertThat(StreamHead.read(HEAD, true, length).uri()).isEqualTo(PATH);
		scan(length);
		assertThatExceptionOfType(Refusal.class).isThrownBy(() -> StreamHead.read(HEAD, true, length - 1))
			.satisfies((refusal) -> {
				assertThat(refusal.status()).isEqualTo(431);
				assertThat(refusal.limit()).isEqualTo(EdgeLimit.MAX_HEADER_BYTES);
			})
			.withMessage(refusalOf(length - 1).getMessage());
	}

	@Test
	void ofAPathThatAloneIsTooLongItIsSaid() {
		int length = IN_HTTP1.length();
		assertThat(refusalOf(length).status()).isEqualTo(431);
		assertThatExceptionOfType(Refusal.class).isThrownBy(() -> StreamHead.read(HEAD, true, length))
			.satisfies((refusal) -> assertThat(refusal.status()).isEqualTo(431));
		assertThat(refusalOf(length - 1).status()).isEqualTo(414);
		assertThatExceptionOfType(Refusal.class).isThrownBy(() -> StreamHead.read(HEAD, true, length - 1))
			.satisfies((refusal) -> assertThat(refusal.status()).isEqualTo(414));
	}

	@Test
	void trailersCountInTheSameWay() {
		Http2Headers trailers = new DefaultHttp2Headers().add("x-checksum", "1");
		int length = "x-checksum: 1\r\n\r\n".length();
		StreamHead.checkTrailers(trailers, length);
		assertThatExceptionOfType(Refusal.class).isThrownBy(() -> StreamHead.checkTrailers(trailers, length - 1))
			.satisfies((refusal) -> assertThat(refusal.status()).isEqualTo(431));
		Http2Headers many = new DefaultHttp2Headers();
		for (int i = 0; i <= WireScanner.MAX_FIELDS; i++) {
			many.add("x", "");
		}
		assertThatExceptionOfType(Refusal.class).isThrownBy(() -> StreamHead.checkTrailers(many, 10_000))
			.satisfies((refusal) -> assertThat(refusal.status()).isEqualTo(431));
	}

	/** What the codec lets through is never less than what may be served. */
	@Test
	void theCodecHasRoomForTheLongestHead() {
		for (int maxHead : new int[] { 1024, 16 * 1024, 1024 * 1024 }) {
			Http2Headers longest = new DefaultHttp2Headers().method("OPTIONS").scheme("https").path("/").authority("k");
			for (int i = 1; i < WireScanner.MAX_FIELDS; i++) {
				longest.add("x", "");
			}
			int rest = maxHead - "OPTIONS / HTTP/1.1\r\nhost: k\r\n\r\n".length() - 5 * (WireScanner.MAX_FIELDS - 1);
			longest.add("y", "y".repeat(rest - "y: \r\n".length()));
			assertThat(StreamHead.read(longest, true, maxHead).method().name()).isEqualTo("OPTIONS");
			long counted = 0;
			for (var field : longest) {
				counted += field.getKey().length() + field.getValue().length() + 32;
			}
			assertThat(counted).isLessThanOrEqualTo(Pipelines.maxHeaderList(maxHead));
		}
	}

	private static void scan(int maxHead) {
		ByteBuf bytes = Unpooled.copiedBuffer(IN_HTTP1 + FIELDS_IN_HTTP1, StandardCharsets.US_ASCII);
		new WireScanner(maxHead).scan(bytes);
		assertThat(bytes.isReadable()).isFalse();
	}

	private static Refusal refusalOf(int maxHead) {
		try {
			scan(maxHead);
		}
		catch (Refusal ex) {
			return ex;
		}
		throw new AssertionError("expected: a refusal, got: none");
	}

}
