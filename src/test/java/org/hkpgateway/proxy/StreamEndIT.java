package org.hkpgateway.proxy;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import org.awaitility.Awaitility;
import org.hkpgateway.plugin.BodyMode;
import org.hkpgateway.testsupport.Command;
import org.hkpgateway.testsupport.RawHttp2;
import org.hkpgateway.testsupport.RawUpstream;
import org.hkpgateway.testsupport.Requirements;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Answers over HTTP/2 that come while the client still uploads: that real clients get
 * them, and how long the gateway goes on reading.
 */
class StreamEndIT extends AbstractEdgeIT {

	private static final String DENIED = "Not today.\n";

	private static final int NO_ERROR = 0;

	private static final int FRAME = 10_000;

	@TempDir
	private Path directory;

	/** What fits into the window, and what does not. */
	@ParameterizedTest
	@ValueSource(ints = { 10_000, 300_000, 3_000_000 })
	void curlGetsThePluginsDenial(int bytes) throws Exception {
		start(RawUpstream.answering(OK), responding(BodyMode.NONE, 403, DENIED), "hkp.edge.max-body=4MB");
		assertThat(curl(bytes, "--data-binary", "@-")).isEqualTo(DENIED + "403");
		assertThat(curl(bytes, "-X", "POST", "-T", "-")).as("of unknown length").isEqualTo(DENIED + "403");
		assertThat(curl(bytes, "--data-binary", "@-", "-H", "Expect: 100-continue")).isEqualTo(DENIED + "403");
	}

	/** A little, and far more than is read. */
	@ParameterizedTest
	@ValueSource(ints = { 1_100_000, 40_000_000 })
	void curlGetsTheAnswerToAnUploadThatIsTooLarge(int bytes) throws Exception {
		start(RawUpstream.answering(OK));
		String expected = "The request body is larger than " + MAX_BODY + " bytes.\n413";
		assertThat(curl(bytes, "--data-binary", "@-")).isEqualTo(expected);
		assertThat(curl(bytes, "-X", "POST", "-T", "-")).as("of unknown length").isEqualTo(expected);
	}

	/**
	 * In the middle of an upload of unknown length, which the keyserver does not want.
	 */
	@ParameterizedTest
	@ValueSource(ints = { 200_000, 900_000 })
	void curlGetsTheKeyserversEarlyAnswer(int bytes) throws Exception {
		CountDownLatch ended = new CountDownLatch(1);
		start(new RawUpstream((socket, request) -> {
			socket.getOutputStream()
				.write(("HTTP/1.1 422 No\r\nContent-Length: " + DENIED.length() + "\r\n\r\n" + DENIED)
					.getBytes(StandardCharsets.US_ASCII));
			socket.getInputStream().transferTo(OutputStream.nullOutputStream());
			ended.countDown();
		}), "hkp.upstream.content-length=stream");
		assertThat(curl(bytes, "-X", "POST", "-T", "-")).isEqualTo(DENIED + "422");
		assertThat(ended.await(10, TimeUnit.SECONDS)).isTrue();
	}

	private String curl(int bytes, String... arguments) {
		List<String> command = new ArrayList<>(List.of(Requirements.program("curl").toString(), "-sS",
				"--http2-prior-knowledge", "--max-time", "40", "-w", "%{http_code}"));
		command.addAll(List.of(arguments));
		command.add("http://127.0.0.1:" + port() + "/pks/add");
		return Command.run(this.directory, Duration.ofSeconds(50), new byte[bytes], command).orFail().text();
	}

	@ParameterizedTest
	@ValueSource(ints = { 300_000, 3_000_000 })
	void nghttpGetsThePluginsDenial(int bytes) throws Exception {
		start(RawUpstream.answering(OK), responding(BodyMode.NONE, 403, DENIED), "hkp.edge.max-body=4MB");
		String body = Files.write(this.directory.resolve("body"), new byte[bytes]).toString();
		List<String> command = List.of(Requirements.program("nghttp").toString(), "-v", "-t", "20", "-d", body,
				"http://127.0.0.1:" + port() + "/pks/add");
		assertThat(Command.run(this.directory, Duration.ofSeconds(30), new byte[0], command).orFail().text())
			.contains(":status: 403", DENIED);
	}

	/** And needs no reset. With trailers, too. */
	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void anUploadThatWasAnsweredEarlyMayComeToItsEnd(boolean trailers) throws Exception {
		start(RawUpstream.answering(OK), responding(BodyMode.NONE, 403, DENIED));
		try (RawHttp2 client = RawHttp2.connect(port())) {
			RawHttp2.Answer answer = client.request(1, false, "POST", "/pks/add").answer(1);
			assertThat(answer.body()).isEqualTo(DENIED);
			upload(client, 1, MAX_BODY - FRAME);
			if (trailers) {
				client.head(1, true, "x-checksum", "1");
			}
			else {
				client.data(1, true, new byte[0]);
			}
			assertGoesOn(client, 3);
			// Of the other stream nothing.
			assertThat(client.roundTrip().waiting()).isZero();
		}
	}

	@Test
	void noMoreIsReadOfItThanOfAnUploadThatIsServed() throws Exception {
		start(RawUpstream.answering(OK), responding(BodyMode.NONE, 403, DENIED));
		try (RawHttp2 client = RawHttp2.connect(port())) {
			assertThat(client.request(1, false, "POST", "/pks/add").answer(1).ended()).isTrue();
			upload(client, 1, MAX_BODY / FRAME * FRAME);
			assertThat(client.roundTrip().waiting()).isZero();
			client.data(1, false, new byte[FRAME]);
			assertReset(client.next());
			// What was on its way.
			client.data(1, false, new byte[FRAME]);
			assertGoesOn(client, 3);
		}
	}

	@Test
	void theSameHoldsBehindARefusedHead() throws Exception {
		start(RawUpstream.answering(OK));
		try (RawHttp2 client = RawHttp2.connect(port())) {
			for (int stream = 1; stream <= 3; stream += 2) {
				String method = (stream == 1) ? "POST" : "BR EW";
				RawHttp2.Answer answer = client.request(stream, false, method, "/pks//add").answer(stream);
				assertThat(answer.status()).isEqualTo(400);
				upload(client, stream, MAX_BODY / FRAME * FRAME);
				assertThat(client.roundTrip().waiting()).isZero();
				client.data(stream, false, new byte[FRAME]);
				assertReset(client.next());
			}
		}
		assertThat(this.upstream.waiting()).isZero();
	}

	/** Sends as the window allows. */
	private static void upload(RawHttp2 client, int stream, int bytes) throws IOException {
		for (int sent = 0; sent < bytes; sent += FRAME) {
			while (sent + FRAME > 65_535 + client.given(stream)) {
				client.roundTrip();
			}
			client.data(stream, false, new byte[Math.min(FRAME, bytes - sent)]);
		}
	}

	@Test
	void aClientThatIsSilentIsToldToStop() throws Exception {
		start(RawUpstream.answering(OK), responding(BodyMode.NONE, 403, DENIED));
		try (RawHttp2 client = RawHttp2.connect(port())) {
			assertThat(client.request(1, false, "POST", "/pks/add").answer(1).ended()).isTrue();
			assertReset(client.next());
			assertGoesOn(client, 3);
		}
	}

	private static void assertReset(RawHttp2.Frame frame) {
		assertThat(frame.type()).isEqualTo(RawHttp2.RST_STREAM);
		assertThat(frame.error()).isEqualTo(NO_ERROR);
	}

	private static void assertGoesOn(RawHttp2 client, int stream) throws IOException {
		RawHttp2.Answer answer = client.request(stream, true, "GET", "/pks/lookup?op=stats").answer(stream);
		assertThat(answer.status()).as(answer.toString()).isPositive();
		assertThat(answer.ended()).isTrue();
	}

	/** Else an address could have as many as streams fit into its connections. */
	@ParameterizedTest
	@ValueSource(strings = { "its end", "a reset", "silence" })
	void itIsARequestInFlightUntilItsStreamEndsBy(String end) throws Exception {
		start(RawUpstream.answering(OK), responding(BodyMode.NONE, 403, DENIED), "hkp.edge.max-requests-per-address=1");
		try (RawHttp2 client = RawHttp2.connect(port())) {
			assertThat(client.request(1, false, "POST", "/pks/add").answer(1).status()).isEqualTo(403);
			assertThat(status(client, 3)).isEqualTo(429);
			switch (end) {
				case "its end" -> client.data(1, true, new byte[10]);
				case "a reset" -> client.reset(1);
				default -> assertReset(client.next());
			}
			assertThat(status(client, 5)).isEqualTo(403);
			assertThat(client.request(7, false, "POST", "/pks/add").answer(7).status()).isEqualTo(403);
		}
		// Or its connection.
		Awaitility.await().untilAsserted(() -> {
			try (RawHttp2 client = RawHttp2.connect(port())) {
				assertThat(status(client, 1)).isEqualTo(403);
			}
		});
	}

	private static int status(RawHttp2 client, int stream) throws IOException {
		return client.request(stream, true, "GET", "/pks/lookup?op=stats").answer(stream).status();
	}

}
