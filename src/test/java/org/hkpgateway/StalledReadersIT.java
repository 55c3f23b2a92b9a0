package org.hkpgateway;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

import org.hkpgateway.testsupport.GatewayProcess;
import org.hkpgateway.testsupport.RawClient;
import org.hkpgateway.testsupport.RawHttp2;
import org.hkpgateway.testsupport.RawUpstream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * As many large answers as there are connections to the keyserver, and nobody who reads
 * them, in a gateway with little memory.
 */
@Timeout(240)
class StalledReadersIT {

	private static final int ADDRESSES = 6;

	private static final int OF_AN_ADDRESS = 80;

	private static final int STREAMS = 20;

	/** What the operator guide says. */
	private static final long MOST_BYTES_OF_AN_ANSWER = 192 * 1024;

	private static final String GET = "GET /large HTTP/1.1\r\nHost: k\r\n\r\n";

	private static final byte[] MUCH_WINDOW = { 0x7f, (byte) 0xff, 0, 0 };

	@Test
	void pinABoundedPartOfEachAnswer() throws Exception {
		List<AutoCloseable> attack = new ArrayList<>();
		try (RawUpstream upstream = new RawUpstream(StalledReadersIT::answer);
				GatewayProcess gateway = GatewayProcess.startWith(
						List.of("-Xmx128m", "-Dio.netty.leakDetection.level=simple"),
						"hkp.upstream.urls=" + upstream.uri())) {
			try {
				for (int i = 0; i < 100; i++) {
					RawClient.exchange(gateway.port(), "GET /small HTTP/1.0\r\n\r\n");
				}
				long before = resident(gateway);
				for (int address = 2; address < 2 + ADDRESSES; address++) {
					boolean http2 = address % 2 == 0;
					for (int i = 0; i < (http2 ? OF_AN_ADDRESS / STREAMS : OF_AN_ADDRESS); i++) {
						Socket socket = connect(gateway.port(), "127.0.0." + address);
						attack.add(socket);
						if (http2) {
							requests(socket);
						}
						else {
							socket.getOutputStream().write(GET.getBytes(StandardCharsets.US_ASCII));
						}
					}
					int all = 100 + (address - 1) * OF_AN_ADDRESS;
					gateway.await("all requests at the keyserver", () -> upstream.waiting() == all);
				}
				// Nothing tells that nothing more happens; a leak would show in a moment.
				TimeUnit.SECONDS.sleep(5);
				long pinned = resident(gateway) - before;
				assertThat(RawClient.exchange(gateway.port(), "GET /small HTTP/1.0\r\n\r\n").status()).isEqualTo(200);
				assertThat(pinned).isLessThan(ADDRESSES * OF_AN_ADDRESS * MOST_BYTES_OF_AN_ANSWER);
				assertThat(gateway.log()).doesNotContain("OutOfMemory").doesNotContain("OutOfDirectMemory");
			}
			finally {
				for (AutoCloseable one : attack) {
					one.close();
				}
			}
		}
	}

	private static Socket connect(int port, String from) throws IOException {
		Socket socket = new Socket();
		socket.setReceiveBufferSize(4096);
		socket.bind(new InetSocketAddress(InetAddress.getByName(from), 0));
		socket.connect(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), port));
		return socket;
	}

	/**
	 * With windows as large as they can be, so that only the connection holds them up.
	 */
	private static void requests(Socket socket) throws IOException {
		RawHttp2 client = new RawHttp2(socket);
		client.frame(RawHttp2.SETTINGS, 0, 0, new byte[] { 0, 4, 0x7f, (byte) 0xff, (byte) 0xff, (byte) 0xff });
		client.frame(RawHttp2.WINDOW_UPDATE, 0, 0, MUCH_WINDOW);
		for (int stream = 1; stream < 2 * STREAMS; stream += 2) {
			client.request(stream, true, "GET", "/large");
		}
	}

	private static void answer(Socket socket, RawUpstream.Received request) throws IOException {
		boolean large = request.requestLine().contains("/large");
		int blocks = large ? 800 : 1;
		byte[] block = new byte[large ? 64 * 1024 : 2];
		socket.getOutputStream()
			.write(("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: " + (long) blocks * block.length
					+ "\r\n\r\n")
				.getBytes(StandardCharsets.US_ASCII));
		for (int i = 0; i < blocks; i++) {
			socket.getOutputStream().write(block);
		}
		socket.close();
	}

	/** Bytes of memory that the process has. */
	private static long resident(GatewayProcess gateway) throws IOException {
		return Files.readAllLines(Path.of("/proc", String.valueOf(gateway.pid()), "status"))
			.stream()
			.filter((line) -> line.startsWith("RssAnon:"))
			.mapToLong((line) -> Long.parseLong(line.replaceAll("\\D", "")) * 1024)
			.findFirst()
			.orElseThrow();
	}

}
