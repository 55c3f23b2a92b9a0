package org.hkpgateway.proxy;

import org.hkpgateway.testsupport.RawClient;
import org.hkpgateway.testsupport.RawUpstream;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A keyserver that is gone, silent, or closes what was kept.
 */
class KeyserverFailureIT extends AbstractEdgeIT {

	@Test
	void anUnreachableKeyserverIs502() throws Exception {
		RawUpstream gone = RawUpstream.answering(OK);
		start(gone);
		gone.close();
		RawClient.Answer answer = RawClient.exchange(port(), "GET /pks/stats HTTP/1.0\r\n\r\n");
		assertThat(answer.status()).isEqualTo(502);
		assertThat(answer.body()).isEqualTo("The keyserver cannot be reached.\n");
		assertThat(answer.header("access-control-allow-origin")).isEqualTo("*");
	}

	@Test
	void aSilentKeyserverIs502AfterTheResponseTimeout() throws Exception {
		start(new RawUpstream((socket, request) -> {
		}), "hkp.upstream.response-timeout=300ms");
		assertThat(RawClient.exchange(port(), "GET /pks/stats HTTP/1.0\r\n\r\n").status()).isEqualTo(502);
	}

	@Test
	void aKeyserverThatSwitchesProtocolsIs502() throws Exception {
		start(RawUpstream.answering("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"));
		assertThat(RawClient.exchange(port(), "GET /pks/stats HTTP/1.0\r\n\r\n").status()).isEqualTo(502);
	}

}
