package org.hkpgateway;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import org.hkpgateway.testsupport.GatewayProcess;
import org.hkpgateway.testsupport.GpgHome;
import org.hkpgateway.testsupport.LargeKey;
import org.hkpgateway.testsupport.RawHttp2;
import org.hkpgateway.testsupport.RawUpstream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * One address with as many connections as it may have, and as many streams on each, all
 * of them with requests that take the keyserver long.
 */
@Timeout(180)
class ManyStreamsIT {

	private static final int CONNECTIONS = 80;

	private static final int STREAMS = 20;

	private final AtomicInteger held = new AtomicInteger();

	private final CountDownLatch end = new CountDownLatch(1);

	@Test
	void takeNoMoreConnectionsToTheKeyserverThanOneAddressMayHave() throws Exception {
		LargeKey key = LargeKey.ofAtLeast(10_000);
		List<RawHttp2> attack = new ArrayList<>();
		try (RawUpstream upstream = new RawUpstream((socket, request) -> serve(socket, request, key));
				GatewayProcess gateway = GatewayProcess.start("hkp.upstream.urls=" + upstream.uri());
				GpgHome alice = GpgHome.create()) {
			try {
				for (int i = 0; i < CONNECTIONS; i++) {
					RawHttp2 client = new RawHttp2(new Socket(InetAddress.getByName("127.0.0.1"), gateway.port(),
							InetAddress.getByName("127.0.0.2"), 0));
					attack.add(client);
					for (int stream = 1; stream < 2 * STREAMS; stream += 2) {
						client.request(stream, true, "GET", "/pks/lookup?op=index&search=slow");
					}
				}
				gateway.await("refusals", () -> limited(gateway) == CONNECTIONS * STREAMS - CONNECTIONS
						&& this.held.get() == CONNECTIONS);
				alice.runWithKeyserver(gateway.uri(), "--recv-keys", key.fingerprint()).orFail();
				assertThat(alice.fingerprints()).containsExactly(key.fingerprint());
				assertThat(this.held).hasValue(CONNECTIONS);
				assertThat(gateway.log())
					.contains("hkp.edge.max-requests-per-address reached by 127.0.0.2: request refused");
			}
			finally {
				this.end.countDown();
				for (RawHttp2 client : attack) {
					client.close();
				}
			}
		}
	}

	private void serve(Socket socket, RawUpstream.Received request, LargeKey key) throws IOException {
		String body = request.requestLine().contains("op=get") ? key.armored() : "";
		if (body.isEmpty()) {
			this.held.incrementAndGet();
			try {
				this.end.await(120, TimeUnit.SECONDS);
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
			}
		}
		socket.getOutputStream()
			.write(("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: " + body.length() + "\r\n\r\n" + body)
				.getBytes(StandardCharsets.US_ASCII));
		socket.close();
	}

	private static double limited(GatewayProcess gateway) {
		return gateway.actuator("metrics/hkp.edge.limited?tag=limit:max-requests-per-address")
			.path("measurements")
			.path(0)
			.path("value")
			.asDouble();
	}

}
