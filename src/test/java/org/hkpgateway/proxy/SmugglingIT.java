package org.hkpgateway.proxy;

import java.io.IOException;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import org.hkpgateway.http.Headers;
import org.hkpgateway.http.ResponseHead;
import org.hkpgateway.plugin.BodyMode;
import org.hkpgateway.plugin.Decision;
import org.hkpgateway.plugin.PluginClient;
import org.hkpgateway.plugin.RequestBody;
import org.hkpgateway.testsupport.RawClient;
import org.hkpgateway.testsupport.RawUpstream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.publisher.Mono;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Requests that two programs could read differently, and their sound neighbours: what the
 * client gets, and every byte that the keyserver gets. Each is sent in one piece and byte
 * by byte.
 */
@Timeout(60)
class SmugglingIT {

	private static final String OK = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok";

	private static final String HOST = "Host: keys.example\r\n";

	private static final String GET = "GET /pks/stats HTTP/1.1\r\n" + HOST;

	private static final String POST = "POST /pks/add HTTP/1.1\r\n" + HOST;

	private static final String CHUNKED = POST + "Transfer-Encoding: chunked\r\n\r\n";

	private static final String NEXT = "GET /smuggled HTTP/1.1\r\n" + HOST + "\r\n";

	private static final Pattern STATUS_LINE = Pattern.compile("HTTP/1\\.[01] \\d{3} ");

	private RawUpstream upstream;

	private TestEdge edge;

	@BeforeEach
	void start() throws IOException {
		this.upstream = RawUpstream.answering(OK);
		this.edge = new TestEdge(this.upstream.uri(), UpstreamSettings.ContentLength.REQUIRE, List.of());
	}

	@AfterEach
	void stop() throws IOException {
		this.edge.close();
		this.upstream.close();
	}

	private static Arguments row(int status, String what, String request) {
		return Arguments.of(status, what, request);
	}

	static Stream<Arguments> lengths() {
		return Stream.of(row(400, "two lengths", POST + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello"),
				row(400, "the same length twice", POST + "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello"),
				row(400, "two lengths, names in other case",
						POST + "content-length: 5\r\nCONTENT-LENGTH: 0\r\n\r\nhello"),
				row(400, "a list of lengths", POST + "Content-Length: 5, 5\r\n\r\nhello"),
				row(400, "a length with a sign", POST + "Content-Length: +5\r\n\r\nhello"),
				row(400, "a negative length", POST + "Content-Length: -5\r\n\r\nhello"),
				row(400, "a hexadecimal length", POST + "Content-Length: 0x5\r\n\r\nhello"),
				row(400, "a length of two words", POST + "Content-Length: 5 5\r\n\r\nhello"),
				row(400, "an empty length", POST + "Content-Length:\r\n\r\nhello"),
				row(400, "a length beyond 64 bits", POST + "Content-Length: 18446744073709551621\r\n\r\nhello"),
				row(400, "a length with an underscore", POST + "Content_Length: 5\r\n\r\nhello"),
				row(400, "both, length first",
						POST + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
				row(400, "both, coding first",
						POST + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"),
				row(400, "both in HTTP/1.0",
						"POST /pks/add HTTP/1.0\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"),
				row(400, "a coding in HTTP/1.0",
						"POST /pks/add HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
				row(400, "a coding before chunked", POST + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
				row(400, "a coding after chunked", POST + "Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n"),
				row(400, "chunked twice", POST + "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n"),
				row(400, "chunked on two lines",
						POST + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
				row(400, "chunked and identity on two lines",
						POST + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n"),
				row(400, "identity", POST + "Transfer-Encoding: identity\r\nContent-Length: 5\r\n\r\nhello"),
				row(400, "an unknown coding", POST + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"),
				row(400, "a coding with a parameter", POST + "Transfer-Encoding: chunked;q=1\r\n\r\n0\r\n\r\n"),
				row(400, "a coding in quotes", POST + "Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n"),
				row(400, "a coding behind a vertical tab", POST + "Transfer-Encoding: \013chunked\r\n\r\n0\r\n\r\n"),
				row(400, "an empty coding", POST + "Transfer-Encoding:\r\n\r\n0\r\n\r\n"),
				row(400, "a coding with an underscore", POST + "Transfer_Encoding: chunked\r\n\r\n0\r\n\r\n"),
				row(400, "a blank before the colon", POST + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n"),
				row(400, "a body of GET", GET + "Content-Length: 44\r\n\r\n"),
				row(400, "a chunked body of GET", GET + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
				row(400, "a body of HEAD", "HEAD /pks/stats HTTP/1.1\r\n" + HOST + "Content-Length: 44\r\n\r\n"),
				row(400, "the old WebSocket drafts, whose body has no length",
						GET + "Sec-WebSocket-Key1: a\r\nSec-WebSocket-Key2: b\r\n\r\n"));
	}

	static Stream<Arguments> lines() {
		return Stream.of(row(400, "a first field that starts with a blank", "GET / HTTP/1.1\r\n " + HOST + "\r\n"),
				row(400, "a folded field", GET + "X: a\r\n b\r\n\r\n"),
				row(400, "a folded field, with a tab", GET + "X: a\r\n\tb\r\n\r\n"),
				row(400, "a coding on a folded line", POST + "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n"),
				row(400, "a coding that is the fold of another field",
						POST + "X: a\r\n Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
				row(400, "a blank line that is not empty", GET + "X: a\r\n \r\n\r\n"),
				row(400, "LF alone behind the request line", "GET / HTTP/1.1\n" + HOST + "\r\n"),
				row(400, "LF alone behind a field", "GET / HTTP/1.1\r\nHost: keys.example\n\r\n"),
				row(400, "LF alone at the end of the head", GET + "\n"),
				row(400, "LF alone everywhere", "GET / HTTP/1.1\nHost: keys.example\n\n"),
				row(400, "LF before the request line", "\nGET / HTTP/1.1\r\n" + HOST + "\r\n"),
				row(400, "two empty lines before the request line", "\r\n\r\n" + GET + "\r\n"),
				row(400, "NUL before the request line", "\0" + GET + "\r\n"),
				row(400, "CR in a value", GET + "X: a\rb\r\n\r\n"),
				row(400, "CR in the place of a line end", POST + "X: a\rContent-Length: 5\r\n\r\nhello"),
				row(400, "CR before a line end", GET + "X: a\r\r\n\r\n"),
				row(400, "NUL in a value", GET + "X: a\0b\r\n\r\n"),
				row(400, "a control character in a value", GET + "X: a\001b\r\n\r\n"),
				row(400, "DEL in a value", GET + "X: a\177b\r\n\r\n"),
				row(400, "NUL in a name", GET + "X\0: a\r\n\r\n"), row(400, "CR in a name", GET + "X\rY: a\r\n\r\n"),
				row(400, "no colon", GET + "Xa\r\n\r\n"), row(400, "no name", GET + ": a\r\n\r\n"),
				row(400, "a blank in a name", GET + "X Y: a\r\n\r\n"),
				row(400, "a tab before the colon", GET + "X\t: a\r\n\r\n"),
				row(400, "a name beyond ASCII", GET + "X\u00e9: a\r\n\r\n"),
				row(400, "a delimiter in a name", GET + "X(: a\r\n\r\n"),
				row(431, "101 fields",
						"GET / HTTP/1.1\r\n" + HOST + "X: a\r\n".repeat(WireScanner.MAX_FIELDS) + "\r\n"),
				row(431, "1000 fields", GET + "X: a\r\n".repeat(1000) + "\r\n"),
				row(431, "a large field", GET + "X: " + "a".repeat(TestEdge.MAX_HEAD) + "\r\n\r\n"),
				row(431, "many large fields", GET + ("X: " + "a".repeat(1000) + "\r\n").repeat(17) + "\r\n"));
	}

	static Stream<Arguments> firstLines() {
		return Stream.of(row(400, "absolute form", "GET http://keys.example/pks/stats HTTP/1.1\r\n" + HOST + "\r\n"),
				row(400, "absolute form of another host", "GET http://evil/pks/stats HTTP/1.1\r\n" + HOST + "\r\n"),
				row(400, "authority form", "GET keys.example:11371 HTTP/1.1\r\n" + HOST + "\r\n"),
				row(400, "a tunnel, authority-form", "CONNECT keys.example:11371 HTTP/1.1\r\n" + HOST + "\r\n"),
				row(400, "asterisk form", "OPTIONS * HTTP/1.1\r\n" + HOST + "\r\n"),
				row(400, "no slash", "GET pks/stats HTTP/1.1\r\n" + HOST + "\r\n"),
				row(400, "a fragment", "GET /pks/stats#x HTTP/1.1\r\n" + HOST + "\r\n"),
				row(400, "dot segments", "GET /x/../pks/stats HTTP/1.1\r\n" + HOST + "\r\n"),
				row(400, "an escaped letter", "GET /pks/%73tats HTTP/1.1\r\n" + HOST + "\r\n"),
				row(400, "an escaped NUL", "GET /x%00 HTTP/1.1\r\n" + HOST + "\r\n"),
				row(400, "NUL in the target", "GET /x\0 HTTP/1.1\r\n" + HOST + "\r\n"),
				row(400, "CR in the target", "GET /x\ry HTTP/1.1\r\n" + HOST + "\r\n"),
				row(400, "a tab in the target", "GET /x\ty HTTP/1.1\r\n" + HOST + "\r\n"),
				row(400, "a blank in the target", "GET /x y HTTP/1.1\r\n" + HOST + "\r\n"),
				row(400, "a version in the target", "GET / HTTP/1.1 HTTP/1.1\r\n" + HOST + "\r\n"),
				row(400, "two blanks", "GET  / HTTP/1.1\r\n" + HOST + "\r\n"),
				row(400, "tabs for blanks", "GET\t/\tHTTP/1.1\r\n" + HOST + "\r\n"),
				row(400, "CR for a blank", "GET\r/ HTTP/1.1\r\n" + HOST + "\r\n"),
				row(400, "a blank first", " GET / HTTP/1.1\r\n" + HOST + "\r\n"),
				row(400, "a blank last", "GET / HTTP/1.1 \r\n" + HOST + "\r\n"), row(400, "HTTP/0.9", "GET /\r\n\r\n"),
				row(400, "a word", "nonsense\r\n\r\n"),
				row(400, "lower-case version", "GET / http/1.1\r\n" + HOST + "\r\n"),
				row(400, "a version of three digits", "GET / HTTP/1.10\r\n" + HOST + "\r\n"),
				row(505, "HTTP/1.2", "GET / HTTP/1.2\r\n" + HOST + "\r\n"),
				row(505, "HTTP/3.0", "GET / HTTP/3.0\r\n" + HOST + "\r\n"),
				row(505, "nearly the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r"),
				row(501, "a lower-case method", "get / HTTP/1.1\r\n" + HOST + "\r\n"),
				row(501, "an unknown method", "PROPFIND / HTTP/1.1\r\n" + HOST + "\r\n"),
				row(501, "a method of 3000 bytes", "G".repeat(3000) + " / HTTP/1.1\r\n" + HOST + "\r\n"),
				row(400, "a method that is no token", "GE(T / HTTP/1.1\r\n" + HOST + "\r\n"),
				row(405, "a tunnel to a path", "CONNECT /pks/lookup HTTP/1.1\r\n" + HOST + "\r\n"),
				row(405, "TRACE", "TRACE / HTTP/1.1\r\n" + HOST + "\r\n"),
				row(414, "a long target", "GET /" + "a".repeat(TestEdge.MAX_HEAD) + " HTTP/1.1\r\n" + HOST + "\r\n"),
				row(400, "two hosts", GET + "Host: evil\r\n\r\n"), row(400, "the same host twice", GET + HOST + "\r\n"),
				row(400, "no host", "GET / HTTP/1.1\r\n\r\n"),
				row(400, "an empty host", "GET / HTTP/1.1\r\nHost:\r\n\r\n"),
				row(400, "a list of hosts", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n"),
				row(400, "a host with a user", "GET / HTTP/1.1\r\nHost: user@keys.example\r\n\r\n"),
				row(417, "an expectation", GET + "Expect: 200-ok\r\n\r\n"));
	}

	static Stream<Arguments> chunks() {
		return Stream.of(row(400, "no number for a size", CHUNKED + "zz\r\nhello\r\n0\r\n\r\n"),
				row(400, "a negative size", CHUNKED + "-5\r\nhello\r\n0\r\n\r\n"),
				row(400, "a size with a sign", CHUNKED + "+5\r\nhello\r\n0\r\n\r\n"),
				row(400, "a size with 0x", CHUNKED + "0x5\r\nhello\r\n0\r\n\r\n"),
				row(400, "no size", CHUNKED + "\r\nhello\r\n0\r\n\r\n"),
				row(400, "only an extension", CHUNKED + ";a=b\r\nhello\r\n0\r\n\r\n"),
				row(400, "a blank before a size", CHUNKED + " 5\r\nhello\r\n0\r\n\r\n"),
				row(400, "a blank behind a size", CHUNKED + "5 \r\nhello\r\n0\r\n\r\n"),
				row(400, "a word behind a size", CHUNKED + "5 a\r\nhello\r\n0\r\n\r\n"),
				row(400, "NUL behind a size", CHUNKED + "5\0\r\nhello\r\n0\r\n\r\n"),
				row(400, "a size beyond 31 bits", CHUNKED + "80000005\r\nhello\r\n0\r\n\r\n"),
				row(400, "a size that is 5 in 32 bits", CHUNKED + "100000005\r\nhello\r\n0\r\n\r\n"),
				row(400, "a size with many zeros", CHUNKED + "0000000005\r\nhello\r\n0\r\n\r\n"),
				row(400, "a control character in an extension", CHUNKED + "5;a=\001\r\nhello\r\n0\r\n\r\n"),
				row(400, "an empty extension", CHUNKED + "5;\r\nhello\r\n0\r\n\r\n"),
				row(400, "an open quote in an extension", CHUNKED + "5;a=\"b\r\nhello\r\n0\r\n\r\n"),
				row(400, "CR in an extension", CHUNKED + "5;a\rb\r\nhello\r\n0\r\n\r\n"),
				row(400, "LF alone behind an extension", CHUNKED + "5;a\nhello\r\n0\r\n\r\n"),
				row(400, "LF alone behind a size", CHUNKED + "5\nhello\r\n0\r\n\r\n"),
				row(400, "a long extension", CHUNKED + "5;" + "a".repeat(TestEdge.MAX_HEAD) + "\r\nhello\r\n0\r\n\r\n"),
				row(400, "many extensions", CHUNKED + ("1;" + "a".repeat(999) + "\r\nx\r\n").repeat(20) + "0\r\n\r\n"),
				row(400, "a chunk longer than its size", CHUNKED + "4\r\nhello\r\n0\r\n\r\n"),
				row(400, "a chunk shorter than its size", CHUNKED + "6\r\nhello\r\n0\r\n\r\n"),
				row(400, "LF alone behind a chunk", CHUNKED + "5\r\nhello\n0\r\n\r\n"),
				row(400, "CR alone behind a chunk", CHUNKED + "5\r\nhello\r0\r\n\r\n"),
				row(400, "a trailer without a colon", CHUNKED + "5\r\nhello\r\n0\r\nXa\r\n\r\n"),
				row(400, "a folded trailer", CHUNKED + "5\r\nhello\r\n0\r\nX: a\r\n b\r\n\r\n"),
				row(400, "LF alone behind a trailer", CHUNKED + "5\r\nhello\r\n0\r\nX: a\n\r\n"),
				row(400, "LF alone at the end", CHUNKED + "5\r\nhello\r\n0\r\n\n"),
				row(400, "NUL in a trailer", CHUNKED + "5\r\nhello\r\n0\r\nX: \0\r\n\r\n"),
				row(400, "a length behind the body", CHUNKED + "5\r\nhello\r\n0\r\nContent-Length: 5\r\n\r\n"),
				row(400, "a coding behind the body", CHUNKED + "5\r\nhello\r\n0\r\nTransfer_Encoding: chunked\r\n\r\n"),
				row(431, "101 trailers", CHUNKED + "5\r\nhello\r\n0\r\n" + "X: a\r\n".repeat(101) + "\r\n"),
				row(431, "a large trailer",
						CHUNKED + "5\r\nhello\r\n0\r\nX: " + "a".repeat(TestEdge.MAX_HEAD) + "\r\n\r\n"));
	}

	@ParameterizedTest(name = "{1}: {0}")
	@MethodSource({ "lengths", "lines", "firstLines", "chunks" })
	void isRefusedAndNothingBehindItIsServed(int status, String what, String request) throws Exception {
		for (boolean bytewise : new boolean[] { false, true }) {
			RawClient.Answer answer = exchange(request + NEXT, bytewise);
			assertThat(answer.status()).as(answer.bytes()).isEqualTo(status);
			assertThat(STATUS_LINE.matcher(answer.bytes()).results()).as(answer.bytes()).hasSize(1);
			assertThat(answer.body()).hasSizeGreaterThan(10).endsWith("\n");
			assertThat(answer.header("access-control-allow-origin")).isEqualTo("*");
			assertThat(answer.header("connection")).isEqualTo("close");
			assertThat(answer.reset()).isFalse();
			assertThat(this.upstream.octets()).isZero();
		}
		RawClient.exchange(this.edge.port(), "GET /last HTTP/1.0\r\n\r\n");
		assertThat(this.upstream.take().requestLine()).isEqualTo("GET /last HTTP/1.1");
	}

	private static Arguments neighbour(String what, String sent, String head, String body) {
		return Arguments.of(what, sent, head, body);
	}

	private static String via(String version, boolean host) {
		return "X-Forwarded-For: 127.0.0.1\r\nX-Real-IP: 127.0.0.1\r\nX-Forwarded-Proto: http\r\n"
				+ (host ? "X-Forwarded-Host: keys.example\r\n" : "") + "Via: " + version + " hkp-gateway\r\n";
	}

	static Stream<Arguments> neighbours() {
		String close = "Connection: close\r\n";
		String hash = "\0\0\0\001\0\0\0\020\u00e0\u00ff0123456789\0\n\r ";
		String fields = IntStream.range(0, WireScanner.MAX_FIELDS - 2)
			.mapToObj((i) -> "X-" + i + ": a\r\n")
			.collect(Collectors.joining());
		String gpg = "Host: keys.example\r\nPragma: no-cache\r\nCache-Control: no-cache\r\n";
		String get = "GET /pks/stats HTTP/1.1\r\n" + HOST;
		String add = "POST /pks/add HTTP/1.1\r\n" + HOST;
		return Stream.of(
				neighbour("gpg looks up",
						"GET /pks/lookup?op=get&options=mr&search=0x0123456789ABCDEF HTTP/1.0\r\n" + gpg + "\r\n",
						"GET /pks/lookup?op=get&options=mr&search=0x0123456789ABCDEF HTTP/1.1\r\n" + gpg
								+ via("1.0", true),
						""),
				neighbour("gpg sends",
						"POST /pks/add HTTP/1.0\r\n" + gpg + "Content-Type: application/x-www-form-urlencoded\r\n"
								+ "Content-Length: 11\r\n\r\nkeytext=%2D",
						"POST /pks/add HTTP/1.1\r\n" + gpg + "Content-Type: application/x-www-form-urlencoded\r\n"
								+ via("1.0", true) + "content-length: 11\r\n",
						"keytext=%2D"),
				neighbour("sq looks up",
						"GET /pks/lookup?op=index&options=mr&search=alice%40lab.example HTTP/1.1\r\n"
								+ "host: keys.example\r\naccept: */*\r\n" + close + "\r\n",
						"GET /pks/lookup?op=index&options=mr&search=alice%40lab.example HTTP/1.1\r\n"
								+ "host: keys.example\r\naccept: */*\r\n" + via("1.1", true),
						""),
				neighbour("sq sends",
						"POST /pks/add HTTP/1.1\r\ncontent-type: application/x-www-form-urlencoded\r\n"
								+ "content-length: 9\r\nhost: keys.example\r\n" + close + "\r\nkeytext=a",
						"POST /pks/add HTTP/1.1\r\ncontent-type: application/x-www-form-urlencoded\r\n"
								+ "host: keys.example\r\n" + via("1.1", true) + "content-length: 9\r\n",
						"keytext=a"),
				neighbour("an SKS peer, without Host",
						"POST /pks/hashquery HTTP/1.0\r\ncontent-length: 24\r\n\r\n" + hash,
						"POST /pks/hashquery HTTP/1.1\r\n" + via("1.0", false)
								+ "host: 127.0.0.1:{PORT}\r\ncontent-length: 24\r\n",
						hash),
				neighbour("an empty line before the request", "\r\n" + get + close + "\r\n", get + via("1.1", true),
						""),
				neighbour("blanks around values, and none", get + "A:b\r\nC: \t d \t\r\nE:\r\n" + close + "\r\n",
						get + "A: b\r\nC: d\r\nE: \r\n" + via("1.1", true), ""),
				neighbour("every character that a name may have",
						get + "!#$%&'*+-.^_`|~aZ09: (),/:;<=>?@[\\]{}\"\r\n" + close + "\r\n",
						get + "!#$%&'*+-.^_`|~aZ09: (),/:;<=>?@[\\]{}\"\r\n" + via("1.1", true), ""),
				neighbour("octets beyond ASCII in value and target",
						"GET /x?\u00e9\u00ff HTTP/1.1\r\n" + HOST + "X: \u00e9\u0080\u00ff\r\n" + close + "\r\n",
						"GET /x?\u00e9\u00ff HTTP/1.1\r\n" + HOST + "X: \u00e9\u0080\u00ff\r\n" + via("1.1", true), ""),
				neighbour("a name with an underscore", get + "X_Other: a\r\n" + close + "\r\n",
						get + "X_Other: a\r\n" + via("1.1", true), ""),
				neighbour("a forged address with underscores", get + "X_Forwarded_For: 192.0.2.66\r\n" + close + "\r\n",
						get + via("1.1", true), ""),
				neighbour("100 fields", get + close + fields + "\r\n", get + fields + via("1.1", true), ""),
				neighbour("a length with zeros", add + close + "Content-Length: 0005\r\n\r\nhello",
						add + via("1.1", true) + "content-length: 5\r\n", "hello"),
				neighbour("a length of 0", add + close + "Content-Length: 0\r\n\r\n",
						add + via("1.1", true) + "content-length: 0\r\n", ""),
				neighbour("GET with a length of 0", get + close + "Content-Length: 0\r\n\r\n", get + via("1.1", true),
						""),
				neighbour("a body that looks like requests",
						add + close + "Content-Length: " + NEXT.length() + "\r\n\r\n" + NEXT,
						add + via("1.1", true) + "content-length: " + NEXT.length() + "\r\n", NEXT),
				neighbour("chunks",
						add + close + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n\r\n0\r\n\r\r\n0\r\n\r\n",
						add + via("1.1", true) + "content-length: 11\r\n", "hello\r\n0\r\n\r"),
				neighbour("chunks with extensions and trailers",
						add + close + "Transfer-Encoding: Chunked\r\n\r\n0A;a=b;c=\"d e\"\r\nhellohello\r\n000;x\r\n"
								+ "X-Sum: 1\r\n\r\n",
						add + via("1.1", true) + "content-length: 10\r\n", "hellohello"));
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource("neighbours")
	void aSoundNeighbourPassesByteForByte(String what, String sent, String head, String body) throws Exception {
		for (boolean bytewise : new boolean[] { false, true }) {
			RawClient.Answer answer = exchange(sent, bytewise);
			assertThat(answer.status()).as(answer.bytes()).isEqualTo(200);
			RawUpstream.Received received = this.upstream.take();
			String port = String.valueOf(this.upstream.uri().getPort());
			assertThat(received.head()).isEqualTo(head.replace("{PORT}", port) + "\r\n");
			assertThat(new String(received.body(), StandardCharsets.ISO_8859_1)).isEqualTo(body);
		}
		assertThat(this.upstream.waiting()).isZero();
	}

	@Test
	void soundRequestsBehindEachOtherAreAllServed() throws Exception {
		try (RawClient client = new RawClient(this.edge.port())) {
			client.send(GET + "\r\n" + POST + "Content-Length: 5\r\n\r\nhello\r\n" + CHUNKED + "5\r\nhello\r\n0\r\n\r\n"
					+ NEXT);
			for (String path : List.of("/pks/stats", "/pks/add", "/pks/add", "/smuggled")) {
				assertThat(client.read().status()).isEqualTo(200);
				assertThat(this.upstream.take().requestLine().split(" ")[1]).isEqualTo(path);
			}
		}
	}

	@Test
	void aSoundRequestBeforeAMalformedOneIsAnsweredFirst() throws Exception {
		RawClient.Answer answer = exchange(GET + "\r\n" + GET + " folded\r\n\r\n" + NEXT, false);
		assertThat(STATUS_LINE.matcher(answer.bytes()).results()).extracting((result) -> result.group().split(" ")[1])
			.containsExactly("200", "400");
		assertThat(this.upstream.take().requestLine()).isEqualTo("GET /pks/stats HTTP/1.1");
		assertThat(this.upstream.waiting()).isZero();
	}

	@Test
	void aMalformedBodyBehindASoundRequestIsRefusedInItsTurn() throws Exception {
		RawClient.Answer answer = exchange(GET + "\r\n" + CHUNKED + "zz\r\n" + NEXT, false);
		assertThat(STATUS_LINE.matcher(answer.bytes()).results()).extracting((result) -> result.group().split(" ")[1])
			.containsExactly("200", "400");
		RawClient.exchange(this.edge.port(), "GET /last HTTP/1.0\r\n\r\n");
		assertThat(this.upstream.take().requestLine()).isEqualTo("GET /pks/stats HTTP/1.1");
		assertThat(this.upstream.take().requestLine()).isEqualTo("GET /last HTTP/1.1");
		assertThat(this.upstream.waiting()).isZero();
	}

	@Test
	void theAnswerArrivesWhileTheClientGoesOnSending() throws Exception {
		RawClient.Answer answer = exchange(GET + " folded\r\n\r\n" + "x".repeat(1_000_000), false);
		assertThat(answer.status()).isEqualTo(400);
		assertThat(answer.reset()).isFalse();
	}

	@ParameterizedTest
	@EnumSource
	void noPluginDecidesOnAMalformedBody(BodyMode mode) throws Exception {
		List<RequestBody> seen = new CopyOnWriteArrayList<>();
		PluginClient client = (event, budget) -> {
			seen.add(event.body());
			return Mono.just(Decision.Continue.UNCHANGED);
		};
		try (TestEdge withPlugin = new TestEdge(this.upstream.uri(), UpstreamSettings.ContentLength.REQUIRE,
				List.of(TestEdge.plugin(mode, client)))) {
			RawClient.Answer answer = RawClient.exchange(withPlugin.port(), CHUNKED + "5\r\nhello\r\nzz\r\n" + NEXT);
			assertThat(answer.status()).isEqualTo(400);
			assertThat(seen).extracting(RequestBody::state)
				.isEqualTo((mode == BodyMode.NONE) ? List.of(RequestBody.State.WITHHELD) : List.of());
			assertThat(this.upstream.octets()).isZero();
		}
	}

	@Test
	void aPluginsAnswerIsTheOnlyOneEvenIfTheBodyIsMalformed() throws Exception {
		PluginClient client = (event, budget) -> Mono.just(new Decision.Respond(
				new ResponseHead(429, Headers.of("Retry-After", "7")), ByteBuffer.allocate(0), Map.of(), ""));
		try (TestEdge withPlugin = new TestEdge(this.upstream.uri(), UpstreamSettings.ContentLength.REQUIRE,
				List.of(TestEdge.plugin(BodyMode.NONE, client)))) {
			RawClient.Answer answer = RawClient.exchange(withPlugin.port(), CHUNKED + "5\r\nhello\r\nzz\r\n" + NEXT);
			assertThat(answer.status()).isIn(400, 429);
			assertThat(STATUS_LINE.matcher(answer.bytes()).results()).hasSize(1);
			assertThat(this.upstream.octets()).isZero();
		}
	}

	@Test
	void aStreamedBodyWithABadChunkIsCutShortNotEnded() throws Exception {
		CompletableFuture<String> received = new CompletableFuture<>();
		try (RawUpstream streamed = new RawUpstream((socket, request) -> received.complete(
				request.head() + new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1)));
				TestEdge edge = new TestEdge(streamed.uri(), UpstreamSettings.ContentLength.STREAM, List.of())) {
			String first = "11170\r\n" + "x".repeat(0x11170) + "\r\n";
			RawClient.Answer answer = RawClient.exchange(edge.port(), CHUNKED + first + "zz\r\n" + NEXT);
			assertThat(answer.status()).isEqualTo(400);
			assertThat(received.get(10, TimeUnit.SECONDS)).endsWith("x\r\n")
				.doesNotContain("\r\n0\r\n")
				.doesNotContain("smuggled");
		}
	}

	private RawClient.Answer exchange(String bytes, boolean bytewise) throws IOException {
		try (RawClient client = new RawClient(this.edge.port())) {
			try {
				if (bytewise) {
					for (int i = 0; i < bytes.length(); i++) {
						client.send(bytes.substring(i, i + 1));
					}
				}
				else {
					client.send(bytes);
				}
			}
			catch (SocketException ex) {
				// Refused before the last byte: the answer shows it.
			}
			return client.readToEnd();
		}
	}

}
