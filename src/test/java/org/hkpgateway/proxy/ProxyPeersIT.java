package org.hkpgateway.proxy;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

import org.hkpgateway.testsupport.RawClient;
import org.hkpgateway.testsupport.RawUpstream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Those who would like to be somebody else, by a PROXY protocol header or by
 * X-Forwarded-For.
 */
@Timeout(60)
class ProxyPeersIT {

	private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

	private static final String HEADER = "PROXY TCP4 192.0.2.7 198.51.100.1 4711 11371\r\n";

	private static final String REQUEST = "GET /pks/lookup?op=stats HTTP/1.0\r\nX-Forwarded-For: 203.0.113.99\r\n\r\n";

	private final List<EdgeListener.Reason> refused = Collections.synchronizedList(new ArrayList<>());

	/**
	 * The connection comes from 127.0.0.1. Expected is the client that the keyserver is
	 * told of, or the reason to close the connection without an answer, or the status of
	 * a refusal. X-Forwarded-For says 203.0.113.99 each time; it counts only when the one
	 * who sends it, by the header if there is one, is a trusted proxy.
	 */
	@ParameterizedTest(name = "{0}, trusted {1}, header {2}: {3}")
	@CsvSource({ "off, 127.0.0.1, true, 400", "off, 127.0.0.1, false, 203.0.113.99", "off, 10.0.0.1, true, 400",
			"off, 10.0.0.1, false, 127.0.0.1", "optional, 127.0.0.1, true, 192.0.2.7",
			"optional, 127.0.0.1, false, 203.0.113.99", "optional, 10.0.0.1, true, proxy-header-untrusted",
			"optional, 10.0.0.1, false, 127.0.0.1", "optional, '127.0.0.1,192.0.2.7', true, 203.0.113.99",
			"optional, 192.0.2.7, true, proxy-header-untrusted", "required, 127.0.0.1, true, 192.0.2.7",
			"required, '127.0.0.1,192.0.2.7', true, 203.0.113.99", "required, 127.0.0.1, false, proxy-header-missing",
			"required, 10.0.0.1, true, proxy-header-missing", "required, 10.0.0.1, false, proxy-header-missing",
			"required, 192.0.2.7, true, proxy-header-missing" })
	void whoIsBelieved(String mode, String trusted, boolean header, String expected) throws Exception {
		try (RawUpstream upstream = RawUpstream.answering(OK);
				TestEdge edge = new TestEdge(upstream.uri(), List.of(), this.refused::add,
						"hkp.client-address.trusted-proxies=" + trusted, "hkp.client-address.proxy-protocol=" + mode)) {
			RawClient.Answer answer = RawClient.exchange(edge.port(), (header ? HEADER : "") + REQUEST);
			if (expected.startsWith("proxy-header")) {
				assertThat(answer.bytes()).isEmpty();
				assertThat(this.refused).extracting(EdgeListener.Reason::label).containsExactly(expected);
				assertThat(upstream.waiting()).isZero();
			}
			else if (expected.equals("400")) {
				assertThat(answer.status()).isEqualTo(400);
				assertThat(upstream.waiting()).isZero();
			}
			else {
				assertThat(answer.status()).as(answer.bytes()).isEqualTo(200);
				assertThat(upstream.take().headers()).contains("X-Real-IP: " + expected);
				assertThat(this.refused).isEmpty();
			}
		}
	}

}
