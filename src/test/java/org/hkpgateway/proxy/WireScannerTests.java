package org.hkpgateway.proxy;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpRequestDecoder;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

class WireScannerTests {

	private static final int MAX_HEAD = 1024;

	private static final String REQUESTS = "GET /pks/stats HTTP/1.1\r\nHost: k\r\n\r\n"
			+ "POST /pks/add HTTP/1.1\r\nHost: k\r\nContent-Length: 5\r\n\r\nhello\r\n"
			+ "POST /pks/add HTTP/1.1\r\nTransfer-Encoding: chunked\r\nHost: k\r\n\r\n"
			+ "5\r\nhello\r\n1;a=b\r\n!\r\n0\r\nX-Sum: 1\r\n\r\n"
			+ "POST /pks/hashquery HTTP/1.0\r\ncontent-length: 4\r\n\r\n\0\0\0\0";

	private static final String MORE_REQUESTS = "HEAD /pks/stats HTTP/1.1\r\nHost: k\r\n\r\n"
			+ "OPTIONS /pks/add HTTP/1.1\r\nHost: k\r\nContent-Length: 3\r\n\r\na+b"
			+ "POST /pks/add HTTP/1.1\r\nHost: k\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n\r\n\r\n"
			+ "GET /pks/stats HTTP/1.1\r\nHost: k\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\r\n"
			+ "POST /pks/add HTTP/1.1\r\nTransfer-Encoding: chunked\r\nHost: k\r\n\r\n7fffffff\r\nand so on";

	@Test
	void takesSoundRequestsHoweverTheyArrive() {
		for (int split = 0; split <= REQUESTS.length(); split++) {
			WireScanner scanner = new WireScanner(MAX_HEAD);
			ByteBuf in = bytes(REQUESTS.substring(0, split));
			scanner.scan(in);
			ByteBuf more = bytes(
					in.toString(StandardCharsets.ISO_8859_1) + REQUESTS.substring(split, REQUESTS.length()));
			scanner.scan(more);
			assertThat(more.isReadable()).as("split at %d", split).isFalse();
		}
	}

	@Test
	void stopsBeforeTheLineThatIsMalformed() {
		String bad = "GET / HTTP/1.1\r\nHost: k\r\n folded\r\n\r\n";
		WireScanner scanner = new WireScanner(MAX_HEAD);
		ByteBuf in = bytes(REQUESTS + bad);
		assertThatExceptionOfType(Refusal.class).isThrownBy(() -> scanner.scan(in))
			.satisfies((refusal) -> assertThat(refusal.status()).isEqualTo(400));
		assertThat(in.toString(StandardCharsets.ISO_8859_1)).isEqualTo(" folded\r\n\r\n");
	}

	@Test
	void aHeadOfTheLargestSizeIsTakenAndOneByteMoreIsNot() {
		String head = "GET / HTTP/1.1\r\nX: \r\n\r\n";
		String largest = head.replace("X: ", "X: " + "a".repeat(MAX_HEAD - head.length()));
		new WireScanner(MAX_HEAD).scan(bytes(largest));
		assertThatExceptionOfType(Refusal.class)
			.isThrownBy(() -> new WireScanner(MAX_HEAD).scan(bytes(largest.replace("X: ", "X: a"))))
			.satisfies((refusal) -> assertThat(refusal.status()).isEqualTo(431));
	}

	@Test
	void aLineWithoutEndIsNotWaitedForBeyondTheLimit() {
		assertThatExceptionOfType(Refusal.class)
			.isThrownBy(() -> new WireScanner(MAX_HEAD).scan(bytes("a".repeat(MAX_HEAD + 1))))
			.satisfies((refusal) -> assertThat(refusal.status()).isEqualTo(414));
		new WireScanner(MAX_HEAD).scan(bytes("a".repeat(MAX_HEAD)));
	}

	/** What the scanner lets through, the decoder behind it must read as it does. */
	@RepeatedTest(1000)
	void theDecoderTakesAllThatTheScannerTakes(RepetitionInfo repetition) {
		Random random = new Random(repetition.getCurrentRepetition());
		String requests = random.nextBoolean() ? REQUESTS : MORE_REQUESTS;
		byte[] mutated = mutate(requests.getBytes(StandardCharsets.ISO_8859_1), random);
		ByteBuf in = Unpooled.wrappedBuffer(mutated);
		Counted scanned = scan(in);
		ByteBuf taken = Unpooled.copiedBuffer(mutated, 0, in.readerIndex());
		EmbeddedChannel decoder = new EmbeddedChannel(new HttpRequestDecoder());
		decoder.writeInbound(taken);
		long heads = 0;
		long ends = 0;
		long bodyBytes = 0;
		boolean bodyOpen = false;
		for (HttpObject message = decoder.readInbound(); message != null; message = decoder.readInbound()) {
			assertThat(message.decoderResult().isFailure())
				.as("%s in %s", message, new String(mutated, StandardCharsets.ISO_8859_1))
				.isFalse();
			if (message instanceof HttpRequest request) {
				assertThat(bodyOpen).isFalse();
				assertThat(request.uri()).startsWith("/");
				heads++;
			}
			if (message instanceof HttpContent content) {
				bodyBytes += content.content().readableBytes();
			}
			bodyOpen = !(message instanceof LastHttpContent);
			ends += bodyOpen ? 0 : 1;
			ReferenceCountUtil.release(message);
		}
		decoder.finishAndReleaseAll();
		assertThat(new Counted(heads, ends, bodyBytes)).as(new String(mutated, StandardCharsets.ISO_8859_1))
			.isEqualTo(scanned);
	}

	private static Counted scan(ByteBuf in) {
		WireScanner scanner = new WireScanner(MAX_HEAD);
		try {
			scanner.scan(in);
		}
		catch (Refusal ex) {
			// What was taken before is for the decoder.
		}
		return new Counted(scanner.heads(), scanner.ends(), scanner.bodyBytes());
	}

	/**
	 * What was read.
	 *
	 * @param heads of requests
	 * @param ends of requests, with their bodies
	 * @param bodyBytes of all bodies, whole or not
	 */
	private record Counted(long heads, long ends, long bodyBytes) {
	}

	private static byte[] mutate(byte[] bytes, Random random) {
		List<String> pieces = List.of("\r", "\n", "\r\n", "\0", " ", "\t", ":", ";", "0", "\r\n ", "\r\n\r\n",
				"Content-Length: 3\r\n", "Transfer-Encoding: chunked\r\n", "Sec-WebSocket-Key1: 1\r\n",
				"Sec-WebSocket-Key2: 2\r\n", "HTTP/1.1", "+", "HEAD", "OPTIONS", "Expect: 100-continue\r\n",
				"Expect: x\r\n", "Connection: Upgrade\r\nUpgrade: h2c\r\n", "7fffffff\r\n", "80000000\r\n", "7fffffff",
				"\u0085", "\u00a0");
		byte[] mutated = bytes;
		for (int i = random.nextInt(3); i >= 0; i--) {
			byte[] piece = pieces.get(random.nextInt(pieces.size())).getBytes(StandardCharsets.ISO_8859_1);
			int at = random.nextInt(mutated.length);
			int until = Math.min(mutated.length, at + random.nextInt(3));
			byte[] next = new byte[mutated.length - (until - at) + piece.length];
			System.arraycopy(mutated, 0, next, 0, at);
			System.arraycopy(piece, 0, next, at, piece.length);
			System.arraycopy(mutated, until, next, at + piece.length, mutated.length - until);
			mutated = next;
		}
		return mutated;
	}

	private static ByteBuf bytes(String text) {
		return Unpooled.copiedBuffer(text, StandardCharsets.ISO_8859_1);
	}

}
