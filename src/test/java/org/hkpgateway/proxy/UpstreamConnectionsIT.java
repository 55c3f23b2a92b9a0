package org.hkpgateway.proxy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import org.awaitility.Awaitility;
import org.hkpgateway.testsupport.RawClient;
import org.hkpgateway.testsupport.RawUpstream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.netty.resources.LoopResources;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests of {@code hkp.upstream.max-connections}.
 */
@Timeout(60)
class UpstreamConnectionsIT {

	/** One pool for all event loops, and one for each. */
	@ParameterizedTest
	@ValueSource(ints = { 1, 16 })
	void noMoreAreOpenThanAllowedAndWhoWaitsTooLongGets429(int each) throws Exception {
		int most = each * LoopResources.DEFAULT_IO_WORKER_COUNT;
		int all = most + 2 * LoopResources.DEFAULT_IO_WORKER_COUNT;
		CountDownLatch release = new CountDownLatch(1);
		List<CompletableFuture<Integer>> answers = new ArrayList<>();
		try (RawUpstream upstream = new RawUpstream((socket, request) -> {
			await(release);
			socket.getOutputStream()
				.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok".getBytes(StandardCharsets.US_ASCII));
			socket.close();
		});
				TestEdge edge = new TestEdge(new UpstreamSettings(List.of(upstream.uri()), Duration.ofSeconds(3),
						Duration.ofSeconds(50), most, UpstreamSettings.ContentLength.REQUIRE, TestEdge.NO_CHECKS),
						List.of())) {
			for (int i = 0; i < all; i++) {
				answers.add(CompletableFuture.supplyAsync(() -> read(edge.port()), (task) -> {
					Thread thread = new Thread(task, "client");
					thread.setDaemon(true);
					thread.start();
				}));
			}
			Awaitility.await()
				.atMost(Duration.ofSeconds(30))
				.until(() -> upstream.waiting() + answers.stream().filter(CompletableFuture::isDone).count() == all);
			int served = upstream.waiting();
			release.countDown();
			List<Integer> statuses = answers.stream().map(CompletableFuture::join).toList();
			assertThat(served).isPositive().isLessThanOrEqualTo(most);
			assertThat(statuses).filteredOn((status) -> status == 200).hasSize(served);
			assertThat(statuses).filteredOn((status) -> status == 429).hasSize(all - served);
		}
		finally {
			release.countDown();
		}
	}

	private static int read(int port) {
		try {
			return RawClient.exchange(port, "GET /pks/stats HTTP/1.0\r\n\r\n").status();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private static void await(CountDownLatch latch) throws IOException {
		try {
			if (!latch.await(50, TimeUnit.SECONDS)) {
				throw new IOException("expected: the end of the test, got: none");
			}
		}
		catch (InterruptedException ex) {
			throw new IOException(ex);
		}
	}

}
