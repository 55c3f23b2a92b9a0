package org.hkpgateway;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;

import org.hkpgateway.testsupport.GatewayProcess;
import org.hkpgateway.testsupport.GpgHome;
import org.hkpgateway.testsupport.RawHttp2;
import org.hkpgateway.testsupport.RawUpstream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The real gateway under attacks with HTTP/2, while gpg goes about its business, and its
 * stop with HTTP/2 clients.
 */
@Timeout(180)
class Http2AttacksIT {

	private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

	private @Nullable GatewayProcess gateway;

	@AfterEach
	void close() {
		if (this.gateway != null) {
			this.gateway.close();
		}
	}

	@ParameterizedTest
	@EnumSource
	void gpgWorksMeanwhile(Attack attack) throws Exception {
		this.gateway = GatewayProcess.start();
		int port = this.gateway.port();
		AtomicBoolean end = new AtomicBoolean();
		AtomicLong bytes = new AtomicLong();
		AtomicLong connections = new AtomicLong();
		List<Thread> attackers = new ArrayList<>();
		for (int i = 0; i < 2; i++) {
			Thread attacker = new Thread(() -> {
				while (!end.get()) {
					try (RawHttp2 client = RawHttp2.connect(port)) {
						connections.incrementAndGet();
						byte[] flood = attack.bytes(client);
						client.send(flood);
						bytes.addAndGet(flood.length);
						client.rest();
					}
					catch (IOException ex) {
						// Ended by the gateway in the middle of it.
					}
				}
			}, "attacker");
			attacker.setDaemon(true);
			attackers.add(attacker);
			attacker.start();
		}
		try (GpgHome alice = GpgHome.create(); GpgHome bob = GpgHome.create()) {
			String fingerprint = alice.generate("Alice Lab <alice@lab.example>");
			alice.runWithKeyserver(this.gateway.uri(), "--send-keys", fingerprint).orFail();
			bob.runWithKeyserver(this.gateway.uri(), "--recv-keys", fingerprint).orFail();
			// One takes seconds of a busy machine.
			this.gateway.await("some attacks", () -> connections.get() > 4);
		}
		finally {
			end.set(true);
		}
		for (Thread attacker : attackers) {
			attacker.join(30_000);
		}
		this.gateway.await("the attack to be counted", () -> limited(attack) > 0);
		assertThat(this.gateway.log().lines().filter((line) -> line.contains(attack.limit + " reached by 127.0.0.1: ")))
			.hasSizeBetween(1, 20);
		// A connection is ended after its first 200 resets, or before a request.
		long most = connections.get() * attack.requestsOfAConnection + 10;
		assertThat((long) this.gateway.accessLog().size()).isLessThanOrEqualTo(most);
		assertThat(this.gateway.log()).doesNotContain("OutOfMemoryError")
			.doesNotContain(" ERROR ")
			.doesNotContain("LEAK:");
		assertThat(memory("nonheap") + memory("heap")).as("bytes in use after %d bytes of attack", bytes.get())
			.isLessThan(500_000_000);
	}

	private double memory(String area) {
		return meter("jvm.memory.used?tag=area:" + area);
	}

	private double limited(Attack attack) {
		return meter("hkp.edge.limited?tag=limit:" + attack.limit);
	}

	private double meter(String name) {
		return this.gateway.actuator("metrics/" + name).path("measurements").path(0).path("value").asDouble();
	}

	/** Which without the stop would go on for half a minute. */
	@Test
	void aStopDoesNotWaitForWhatIsReadBehindAnAnswer() throws Exception {
		this.gateway = GatewayProcess.start("hkp.edge.max-body=1MB", "hkp.shutdown.drain=2s");
		try (RawHttp2 client = RawHttp2.connect(this.gateway.port())) {
			RawHttp2.Answer answer = client.request(1, false, "POST", "/pks/add", "content-length", "2000000")
				.answer(1);
			assertThat(answer.status()).isEqualTo(413);
			Thread sending = new Thread(() -> trickle(client), "trickle");
			sending.start();
			this.gateway.process().destroy();
			assertThat(client.rest()).extracting(RawHttp2.Frame::type)
				.contains(RawHttp2.GOAWAY)
				.doesNotContain(RawHttp2.RST_STREAM);
			sending.interrupt();
			sending.join();
		}
		assertThat(this.gateway.awaitEnd()).isEqualTo(143);
	}

	private static void trickle(RawHttp2 client) {
		try {
			while (true) {
				client.data(1, false, new byte[1]);
				TimeUnit.MILLISECONDS.sleep(200);
			}
		}
		catch (IOException | InterruptedException ex) {
			// The end.
		}
	}

	@Test
	void aStopLetsStreamsEndAndTellsTheClient() throws Exception {
		CountDownLatch answer = new CountDownLatch(1);
		try (RawUpstream upstream = new RawUpstream((socket, request) -> {
			try {
				answer.await(60, TimeUnit.SECONDS);
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
			}
			socket.getOutputStream().write(OK.getBytes(StandardCharsets.US_ASCII));
			socket.close();
		})) {
			this.gateway = GatewayProcess.start("hkp.upstream.urls=" + upstream.uri());
			try (RawHttp2 client = RawHttp2.connect(this.gateway.port());
					RawHttp2 idle = RawHttp2.connect(this.gateway.port())) {
				client.request(1, true, "GET", "/pks/lookup?op=stats");
				upstream.take();
				this.gateway.process().destroy();
				RawHttp2.Frame goAway = client.next();
				assertThat(goAway.type()).isEqualTo(RawHttp2.GOAWAY);
				assertThat(goAway.error()).isZero();
				answer.countDown();
				RawHttp2.Answer late = client.answer(1);
				assertThat(late.status()).as(late.toString()).isEqualTo(200);
				assertThat(late.body()).isEqualTo("ok");
				assertThat(idle.rest()).extracting(RawHttp2.Frame::type).containsOnly(RawHttp2.GOAWAY);
			}
			assertThat(this.gateway.awaitEnd()).isEqualTo(143);
		}
	}

	/** What is sent on each connection. */
	enum Attack {

		/** CVE-2023-44487. */
		RAPID_RESET(201, "http2-resets") {

			@Override
			byte[] bytes(RawHttp2 client) {
				byte[] block = get(client);
				ByteArrayOutputStream flood = new ByteArrayOutputStream();
				IntStream.range(0, 3000).map((i) -> 2 * i + 1).forEach((stream) -> {
					flood.writeBytes(RawHttp2.bytes(RawHttp2.HEADERS, RawHttp2.END_HEADERS | RawHttp2.END_STREAM,
							stream, block));
					flood.writeBytes(RawHttp2.bytes(RawHttp2.RST_STREAM, 0, stream, new byte[] { 0, 0, 0, 8 }));
				});
				return flood.toByteArray();
			}

		},

		/**
		 * The gateway is made to reset: CVE-2025-8671. Of three thousand; those that are
		 * answered before their reset do not count.
		 */
		MADE_YOU_RESET(1000, "http2-resets") {

			@Override
			byte[] bytes(RawHttp2 client) {
				byte[] block = get(client);
				ByteArrayOutputStream flood = new ByteArrayOutputStream();
				IntStream.range(0, 3000).map((i) -> 2 * i + 1).forEach((stream) -> {
					flood.writeBytes(RawHttp2.bytes(RawHttp2.HEADERS, RawHttp2.END_HEADERS | RawHttp2.END_STREAM,
							stream, block));
					flood.writeBytes(RawHttp2.bytes(RawHttp2.WINDOW_UPDATE, 0, stream, new byte[4]));
				});
				return flood.toByteArray();
			}

		},

		/** A head without an end. */
		CONTINUATION(0, "http2-continuations") {

			@Override
			byte[] bytes(RawHttp2 client) {
				byte[] block = client.block("x", "y");
				ByteArrayOutputStream flood = new ByteArrayOutputStream();
				flood.writeBytes(RawHttp2.bytes(RawHttp2.HEADERS, RawHttp2.END_STREAM, 1, get(client)));
				IntStream.range(0, 100_000)
					.forEach((i) -> flood.writeBytes(RawHttp2.bytes(RawHttp2.CONTINUATION, 0, 1, block)));
				return flood.toByteArray();
			}

		},

		/** The same in large frames. */
		LARGE_CONTINUATION(0, "max-header-bytes") {

			@Override
			byte[] bytes(RawHttp2 client) {
				byte[] block = new byte[16_000];
				ByteArrayOutputStream flood = new ByteArrayOutputStream();
				flood.writeBytes(RawHttp2.bytes(RawHttp2.HEADERS, RawHttp2.END_STREAM, 1, get(client)));
				IntStream.range(0, 500)
					.forEach((i) -> flood.writeBytes(RawHttp2.bytes(RawHttp2.CONTINUATION, 0, 1, block)));
				return flood.toByteArray();
			}

		},

		/** Work for the gateway that is no request, and answers that nobody takes. */
		SETTINGS(0, "http2-control-frames") {

			@Override
			byte[] bytes(RawHttp2 client) {
				ByteArrayOutputStream some = new ByteArrayOutputStream();
				IntStream.range(0, 10_000)
					.forEach((i) -> some.writeBytes(RawHttp2.bytes(RawHttp2.SETTINGS, 0, 0, new byte[0])));
				ByteArrayOutputStream flood = new ByteArrayOutputStream();
				// More than sockets hold.
				IntStream.range(0, 100).forEach((i) -> flood.writeBytes(some.toByteArray()));
				return flood.toByteArray();
			}

		},

		/** Frames without an octet of body. */
		EMPTY_DATA(1, "http2-empty-data") {

			@Override
			byte[] bytes(RawHttp2 client) {
				ByteArrayOutputStream flood = new ByteArrayOutputStream();
				flood.writeBytes(RawHttp2.bytes(RawHttp2.HEADERS, RawHttp2.END_HEADERS, 1, client.block(":method",
						"POST", ":scheme", "http", ":path", "/pks/add", ":authority", "keys.example")));
				IntStream.range(0, 50_000)
					.forEach((i) -> flood.writeBytes(RawHttp2.bytes(RawHttp2.DATA, 0, 1, new byte[0])));
				return flood.toByteArray();
			}

		};

		private final int requestsOfAConnection;

		private final String limit;

		Attack(int requestsOfAConnection, String limit) {
			this.requestsOfAConnection = requestsOfAConnection;
			this.limit = limit;
		}

		abstract byte[] bytes(RawHttp2 client);

		private static byte[] get(RawHttp2 client) {
			return client.block(":method", "GET", ":scheme", "http", ":path", "/pks/lookup?op=stats", ":authority",
					"keys.example");
		}

	}

}
