package org.hkpgateway;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.CRC32;

import org.hkpgateway.testsupport.GatewayProcess;
import org.hkpgateway.testsupport.RawClient;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Large bodies pass a gateway with little memory: 64 at a time, a quarter of them to or
 * from clients that are slow until the others have finished. Every byte is checked.
 */
@Timeout(300)
class MemoryIT {

	private static final int PARALLEL = 64;

	private static final int SLOW = PARALLEL / 4;

	/** All of it where long tests run; else enough to fill every buffer there may be. */
	private static final int RESPONSE_MEGABYTES = Boolean.parseBoolean(System.getenv("HKP_REQUIRE_ALL")) ? 200 : 20;

	private static final int UPLOAD_MEGABYTES = 10;

	private static final int MEGABYTE = 1024 * 1024;

	/**
	 * What a resident set may grow to: heap, as much direct memory, and the JVM itself.
	 */
	private static final int MOST_RESIDENT_MEGABYTES = 450;

	private final ExecutorService threads = Executors.newCachedThreadPool();

	private final AtomicInteger whole = new AtomicInteger();

	private ServerSocket keyserver;

	private GatewayProcess gateway;

	@BeforeEach
	void start() throws IOException {
		this.keyserver = new ServerSocket(0, 256, InetAddress.getLoopbackAddress());
		this.threads.submit(this::serve);
		this.gateway = GatewayProcess.startWith(List.of("-Xmx128m"),
				"hkp.upstream.urls=http://127.0.0.1:" + this.keyserver.getLocalPort());
	}

	@AfterEach
	void stop() throws IOException {
		this.keyserver.close();
		this.threads.shutdownNow();
		if (this.gateway != null) {
			this.gateway.close();
		}
	}

	@Test
	void largeAnswersToManyClientsPassInConstantMemory() throws Exception {
		long expected = checksum(RESPONSE_MEGABYTES);
		CountDownLatch fast = new CountDownLatch(PARALLEL - SLOW);
		List<Future<Long>> checksums = parallel((slow) -> download(slow, fast));
		for (Future<Long> checksum : checksums) {
			assertThat(checksum.get(240, TimeUnit.SECONDS)).isEqualTo(expected);
		}
		assertMemory(PARALLEL + " answers of " + RESPONSE_MEGABYTES + " MB");
	}

	@Test
	void uploadsOfKnownLengthStreamInConstantMemory() throws Exception {
		CountDownLatch fast = new CountDownLatch(PARALLEL - SLOW);
		for (Future<Integer> status : parallel((slow) -> upload(false, slow, fast))) {
			assertThat(status.get(240, TimeUnit.SECONDS)).isEqualTo(200);
		}
		assertThat(this.whole).hasValue(PARALLEL);
		assertMemory(PARALLEL + " uploads of " + UPLOAD_MEGABYTES + " MB");
	}

	/** They are held in memory, all together in a quarter of what is direct: 32 MB. */
	@Test
	void uploadsOfUnknownLengthAreHeldWithinTheBudgetAndTheRestRefused() throws Exception {
		CountDownLatch fast = new CountDownLatch(PARALLEL - SLOW);
		int passed = 0;
		for (Future<Integer> status : parallel((slow) -> upload(true, slow, fast))) {
			int code = status.get(240, TimeUnit.SECONDS);
			assertThat(code).isIn(200, 429);
			passed += (code == 200) ? 1 : 0;
		}
		assertThat(this.whole).hasValue(passed);
		assertThat(passed).isLessThan(PARALLEL);
		assertThat(upload(true, false, new CountDownLatch(1))).as("when there is room again").isEqualTo(200);
		assertMemory(PARALLEL + " chunked uploads of " + UPLOAD_MEGABYTES + " MB, of which " + passed + " passed");
	}

	private <T> List<Future<T>> parallel(Exchange<T> exchange) {
		List<Future<T>> results = new ArrayList<>();
		for (int i = 0; i < PARALLEL; i++) {
			boolean slow = i < SLOW;
			results.add(this.threads.submit((Callable<T>) () -> exchange.run(slow)));
		}
		return results;
	}

	private long download(boolean slow, CountDownLatch fast) throws Exception {
		try (Socket socket = connect()) {
			write(socket, "GET /pks/lookup?op=get&search=0x0123456789ABCDEF HTTP/1.1\r\nHost: k\r\n"
					+ "Connection: close\r\n\r\n");
			InputStream in = socket.getInputStream();
			assertThat(head(in)).startsWith("HTTP/1.1 200 ");
			CRC32 checksum = new CRC32();
			byte[] buffer = new byte[64 * 1024];
			long bytes = 0;
			for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
				checksum.update(buffer, 0, read);
				bytes += read;
				if (slow) {
					var unused = fast.await(100, TimeUnit.MILLISECONDS);
				}
			}
			assertThat(bytes).isEqualTo((long) RESPONSE_MEGABYTES * MEGABYTE);
			return checksum.getValue();
		}
		finally {
			if (!slow) {
				fast.countDown();
			}
		}
	}

	/** Reads the answer while it sends: a refusal comes before the end of the upload. */
	private int upload(boolean chunked, boolean slow, CountDownLatch fast) throws Exception {
		try (Socket socket = connect()) {
			Future<?> sending = this.threads.submit((Callable<Void>) () -> {
				write(socket,
						"POST /pks/add HTTP/1.1\r\nHost: k\r\nConnection: close\r\n"
								+ (chunked ? "Transfer-Encoding: chunked"
										: "Content-Length: " + (long) UPLOAD_MEGABYTES * MEGABYTE)
								+ "\r\n\r\n");
				byte[] part = new byte[64 * 1024];
				for (int i = 0; i < UPLOAD_MEGABYTES * MEGABYTE / part.length; i++) {
					fill(part, i);
					if (slow) {
						var unused = fast.await(50, TimeUnit.MILLISECONDS);
					}
					write(socket, chunked ? "10000\r\n" : "");
					socket.getOutputStream().write(part);
					write(socket, chunked ? "\r\n" : "");
				}
				write(socket, chunked ? "0\r\n\r\n" : "");
				return null;
			});
			String head = head(socket.getInputStream());
			int status = Integer.parseInt(head.split(" ", 3)[1]);
			if (status == 200) {
				sending.get(60, TimeUnit.SECONDS);
			}
			else {
				assertThat(head).containsIgnoringCase("retry-after: ");
			}
			return status;
		}
		finally {
			if (!slow) {
				fast.countDown();
			}
		}
	}

	private void serve() {
		while (!this.keyserver.isClosed()) {
			try {
				Socket socket = this.keyserver.accept();
				this.threads.submit(() -> answer(socket));
			}
			catch (IOException ex) {
				return;
			}
		}
	}

	private Void answer(Socket socket) throws IOException {
		try (socket) {
			InputStream in = socket.getInputStream();
			if (head(in).startsWith("GET ")) {
				write(socket,
						"HTTP/1.1 200 OK\r\nContent-Length: " + (long) RESPONSE_MEGABYTES * MEGABYTE + "\r\n\r\n");
				byte[] part = new byte[64 * 1024];
				for (int i = 0; i < RESPONSE_MEGABYTES * MEGABYTE / part.length; i++) {
					fill(part, i);
					socket.getOutputStream().write(part);
				}
				return null;
			}
			CRC32 checksum = new CRC32();
			byte[] buffer = new byte[64 * 1024];
			int missing = UPLOAD_MEGABYTES * MEGABYTE;
			for (int read = 0; missing > 0 && read >= 0; missing -= Math.max(read, 0)) {
				read = in.read(buffer, 0, Math.min(buffer.length, missing));
				checksum.update(buffer, 0, Math.max(read, 0));
			}
			if (missing == 0 && checksum.getValue() == checksum(UPLOAD_MEGABYTES)) {
				this.whole.incrementAndGet();
				write(socket, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
			}
			return null;
		}
	}

	private void assertMemory(String what) throws Exception {
		String peak = Files.readAllLines(Path.of("/proc", String.valueOf(this.gateway.pid()), "status"))
			.stream()
			.filter((line) -> line.startsWith("VmHWM:"))
			.findFirst()
			.orElseThrow();
		int megabytes = Integer.parseInt(peak.replaceAll("\\D", "")) / 1024;
		System.out.println(what + ": resident set at most " + megabytes + " MB");
		assertThat(megabytes).isLessThan(MOST_RESIDENT_MEGABYTES);
		assertThat(RawClient.exchange(this.gateway.port(), "OPTIONS / HTTP/1.0\r\n\r\n").status()).isEqualTo(204);
		assertThat(this.gateway.log()).doesNotContain("OutOfMemory", "OutOfDirectMemory");
	}

	private Socket connect() throws IOException {
		Socket socket = new Socket(InetAddress.getLoopbackAddress(), this.gateway.port());
		socket.setSoTimeout(120_000);
		return socket;
	}

	private static void write(Socket socket, String text) throws IOException {
		OutputStream out = socket.getOutputStream();
		out.write(text.getBytes(StandardCharsets.US_ASCII));
	}

	private static String head(InputStream in) throws IOException {
		StringBuilder head = new StringBuilder();
		while (head.indexOf("\r\n\r\n") < 0) {
			int next = in.read();
			if (next < 0) {
				throw new IOException("expected: the end of a head, got: the end of the connection after " + head);
			}
			head.append((char) next);
		}
		return head.toString();
	}

	/** No two parts are equal, so that none can be lost, doubled or misplaced. */
	private static void fill(byte[] part, int number) {
		ByteBuffer bytes = ByteBuffer.wrap(part);
		while (bytes.hasRemaining()) {
			bytes.putLong(((long) number << 32 | bytes.position()) * 0x9E3779B97F4A7C15L);
		}
	}

	private static long checksum(int megabytes) {
		CRC32 checksum = new CRC32();
		byte[] part = new byte[64 * 1024];
		for (int i = 0; i < megabytes * MEGABYTE / part.length; i++) {
			fill(part, i);
			checksum.update(part);
		}
		return checksum.getValue();
	}

	/** One of many at a time. */
	@FunctionalInterface
	private interface Exchange<T> {

		T run(boolean slow) throws Exception;

	}

}
