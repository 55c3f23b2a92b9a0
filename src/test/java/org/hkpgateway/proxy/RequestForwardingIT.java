package org.hkpgateway.proxy;

import java.nio.charset.StandardCharsets;

import org.hkpgateway.plugin.BodyMode;
import org.hkpgateway.testsupport.RawClient;
import org.hkpgateway.testsupport.RawUpstream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What of a request reaches the keyserver, and which requests never do.
 */
class RequestForwardingIT extends AbstractEdgeIT {

	@ParameterizedTest
	@ValueSource(strings = { "/pks/lookup?op=get&options=mr&search=0x0123456789ABCDEF",
			"/pks/lookup?op=index&search=a+b%20c%2B&x=%2a", "/pks/lookup?search=alice%40lab.example&op=get",
			"/static/a%2Fb/%7Euser?q=%C3%A9", "/x?{}|^\"`\\<>", "/x?\u00e9\u00ff", "/a//b/../c;d", "/?", "/x?#y" })
	void theTargetReachesTheKeyserverByteForByte(String target) throws Exception {
		start(RawUpstream.answering(OK));
		RawClient.Answer answer = RawClient.exchange(port(), "GET " + target + " HTTP/1.0\r\nHost: keys\r\n\r\n");
		if (target.contains("#")) {
			assertThat(answer.status()).isEqualTo(400);
			return;
		}
		assertThat(answer.status()).as(answer.bytes()).isEqualTo(200);
		assertThat(this.upstream.take().requestLine()).isEqualTo("GET " + target + " HTTP/1.1");
	}

	@Test
	void unknownPathsPassThrough() throws Exception {
		start(RawUpstream.answering(OK));
		assertThat(RawClient.exchange(port(), "GET /actuator/health HTTP/1.0\r\n\r\n").body()).isEqualTo("ok");
		assertThat(this.upstream.take().requestLine()).isEqualTo("GET /actuator/health HTTP/1.1");
	}

	@Test
	void headersPassUnchangedButForHopByHopAndForwardedOnes() throws Exception {
		start(RawUpstream.answering(OK));
		RawClient.exchange(port(), """
				GET /pks/stats HTTP/1.0\r
				Host: keys.example\r
				Pragma: no-cache\r
				x-lower: \u00e9\r
				X-Twice: 1\r
				X-Twice: 2\r
				Connection: X-Private, close\r
				X-Private: secret\r
				Keep-Alive: 5\r
				X-Forwarded-For: 192.0.2.66\r
				Forwarded: for=192.0.2.66\r
				X-Real-IP: 192.0.2.66\r
				\r
				""");
		assertThat(this.upstream.take().headers()).containsExactlyInAnyOrder("Host: keys.example", "Pragma: no-cache",
				"x-lower: \u00e9", "X-Twice: 1", "X-Twice: 2", "X-Forwarded-For: 127.0.0.1", "X-Real-IP: 127.0.0.1",
				"X-Forwarded-Proto: http", "X-Forwarded-Host: keys.example", "Via: 1.0 hkp-gateway");
	}

	/** RFC 9110 section 7.6.1. */
	@Test
	void connectionDoesNotTakeAwayWhatIsForEverybody() throws Exception {
		start(RawUpstream.answering(OK), continuing(BodyMode.NONE));
		assertThat(RawClient.exchange(port(), """
				POST /pks/add HTTP/1.1\r
				Host: keys.example\r
				Content-Type: application/pgp\r
				Content-Length: 3\r
				Authorization: Basic eA==\r
				X-Private: secret\r
				Connection: Host, content-TYPE, Content-Length, Authorization,X-Private\r
				Connection: close\r
				\r
				key""").status()).isEqualTo(200);
		RawUpstream.Received received = this.upstream.take();
		assertThat(received.headers())
			.contains("Host: keys.example", "Content-Type: application/pgp", "Authorization: Basic eA==",
					"content-length: 3", "X-Forwarded-Host: keys.example")
			.noneMatch((line) -> line.startsWith("X-Private"));
		assertThat(received.body()).isEqualTo("key".getBytes(StandardCharsets.US_ASCII));
		assertThat(this.seen.get(0).head().headers().all("Host")).containsExactly("keys.example");
	}

	@Test
	void aRequestWithoutHostFromAPeerKeyserverPasses() throws Exception {
		start(RawUpstream.answering(OK));
		String body = "\0\0\0\1\0\0\0\20\u00e0\u00ff0123456789abcd";
		RawClient.Answer answer = RawClient.exchange(port(),
				"POST /pks/hashquery HTTP/1.0\r\ncontent-length: " + body.length() + "\r\n\r\n" + body);
		assertThat(answer.status()).isEqualTo(200);
		RawUpstream.Received received = this.upstream.take();
		assertThat(received.requestLine()).isEqualTo("POST /pks/hashquery HTTP/1.1");
		assertThat(received.body()).isEqualTo(body.getBytes(StandardCharsets.ISO_8859_1));
		assertThat(received.headers()).contains("content-length: " + body.length());
	}

	@Test
	void aTrustedProxyIsBelieved() throws Exception {
		start(RawUpstream.answering(OK), continuing(BodyMode.NONE), "hkp.client-address.trusted-proxies=127.0.0.0/8");
		RawClient.exchange(port(), "GET /pks/stats HTTP/1.0\r\nX-Forwarded-For: 6.6.6.6, 192.0.2.7\r\n\r\n");
		assertThat(this.upstream.take().headers()).contains("X-Forwarded-For: 6.6.6.6, 192.0.2.7, 127.0.0.1",
				"X-Real-IP: 192.0.2.7");
		assertThat(this.seen.get(0).client().getAddress().getHostAddress()).isEqualTo("192.0.2.7");
		assertThat(this.seen.get(0).head().headers().contains("X-Forwarded-For")).isFalse();
	}

	@Test
	void theClientHeaderOfATrustedProxyIsDroppedWhenSomebodyElseSendsIt() throws Exception {
		start(RawUpstream.answering(OK), continuing(BodyMode.NONE), "hkp.client-address.trusted-proxies=192.0.2.0/24",
				"hkp.client-address.header=CF-Connecting-IP");
		RawClient.exchange(port(), "GET /pks/stats HTTP/1.0\r\ncf-connecting-ip: 192.0.2.66\r\n\r\n");
		assertThat(this.upstream.take().head()).doesNotContain("192.0.2.66");
		assertThat(this.seen.get(0).head().headers().contains("CF-Connecting-IP")).isFalse();
	}

	@Test
	void connectAndTraceAreNotServed() throws Exception {
		start(RawUpstream.answering(OK));
		assertThat(RawClient.exchange(port(), "TRACE / HTTP/1.0\r\n\r\n").status()).isEqualTo(405);
		assertThat(RawClient.exchange(port(), "CONNECT /evil HTTP/1.0\r\n\r\n").status()).isEqualTo(405);
		assertThat(RawClient.exchange(port(), "CONNECT evil:80 HTTP/1.0\r\n\r\n").status()).isEqualTo(400);
	}

	@Test
	void aVersionOtherThan1Is505() throws Exception {
		start(RawUpstream.answering(OK));
		assertThat(RawClient.exchange(port(), "GET / HTTP/3.0\r\nHost: k\r\nConnection: close\r\n\r\n").status())
			.isEqualTo(505);
	}

	@ParameterizedTest
	@ValueSource(strings = { "GET /pks//lookup?op=get&search=x HTTP/1.0\r\n\r\n", "GET //pks/lookup HTTP/1.0\r\n\r\n",
			"GET /pks/%6cookup?op=get&search=x HTTP/1.0\r\n\r\n", "GET /x/../pks/lookup?op=get HTTP/1.0\r\n\r\n",
			"GET /pks/lookup?op=get&op=index&search=x HTTP/1.0\r\n\r\n",
			"GET /pks/lookup?op=get&search=x&search=y HTTP/1.0\r\n\r\n", "GET http://evil/pks/lookup HTTP/1.0\r\n\r\n",
			"GET pks/lookup HTTP/1.0\r\n\r\n", "GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
			"GET / HTTP/1.1\r\nHost: \r\n\r\n", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n",
			"GET / HTTP/1.0\r\nHost: user@a\r\n\r\n", "GET / HTTP/1.0\r\nHost: a/b\r\n\r\n",
			"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
			"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
			"GET / HTTP/1.1\r\nHost: a\r\nBad Name: x\r\n\r\n", "nonsense\r\n\r\n" })
	void aMalformedRequestIs400(String request) throws Exception {
		start(RawUpstream.answering(OK));
		try (RawClient client = new RawClient(port())) {
			RawClient.Answer answer = client.send(request).shutdownOutput().readToEnd();
			assertThat(answer.status()).isEqualTo(400);
			assertThat(answer.header("access-control-allow-origin")).isEqualTo("*");
			assertThat(answer.body()).endsWith("\n");
		}
		assertThat(this.upstream.waiting()).isZero();
	}

}
