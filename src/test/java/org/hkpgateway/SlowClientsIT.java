package org.hkpgateway;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import org.hkpgateway.testsupport.Command;
import org.hkpgateway.testsupport.GatewayProcess;
import org.hkpgateway.testsupport.GpgHome;
import org.hkpgateway.testsupport.LargeKey;
import org.hkpgateway.testsupport.RawUpstream;
import org.hkpgateway.testsupport.Requirements;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * slowhttptest against the gateway, while gpg and curl fetch a key again and again.
 */
@Timeout(400)
class SlowClientsIT {

	/** Between the requests of the others: a core for each of them is not the point. */
	private static final Duration PAUSE = Duration.ofMillis(500);

	/** Of each kind. */
	private static final int ATTACKERS = 400;

	private final Path slowhttptest = Requirements.program("slowhttptest");

	private final Path curl = Requirements.program("curl");

	@TempDir
	private Path directory;

	/**
	 * With the tool's own pace and the gateway's own limits, all three attacks at once.
	 * Only the limits of an address are lifted, as if everybody had one of their own.
	 */
	@Test
	void slowHeadsBodiesAndReadersAreEndedAndNobodyElseNotices() throws Exception {
		LargeKey small = LargeKey.ofAtLeast(10_000);
		LargeKey large = LargeKey.ofAtLeast(1024 * 1024);
		// The embedded keyserver would hold each answer in the gateway's own heap.
		try (RawUpstream keyserver = keyserver(small, large);
				GpgHome bob = GpgHome.create();
				GatewayProcess gateway = GatewayProcess.start("hkp.plugins.directories=" + this.directory,
						"hkp.upstream.urls=" + keyserver.uri(), "hkp.edge.max-connections-per-address=9000",
						"hkp.edge.max-requests-per-address=9000")) {
			String fingerprint = small.fingerprint();
			String key = gateway.uri() + "/pks/lookup?op=get&options=mr&search=0x" + fingerprint;
			String largeKey = gateway.uri() + "/pks/lookup?op=get&options=mr&search=0x" + large.fingerprint();
			Runnable others = () -> {
				fetch(key);
				bob.runWithKeyserver(gateway.uri(), "--recv-keys", fingerprint).orFail();
			};
			others.run();
			long threads = threads(gateway);
			attack(() -> {
				others.run();
				assertThat(threads(gateway)).isLessThanOrEqualTo(threads + 8);
			}, List.of(slow(80, "-H", "-u", key), slow(80, "-B", "-u", gateway.uri() + "/pks/add"),
					slow(80, "-X", "-u", largeKey)));
			gateway.await("the end of all connections", () -> meter(gateway, "hkp.edge.connections") == 0);
			assertEnded(gateway, "request-head-timeout");
			assertEnded(gateway, "min-body-rate");
			assertEnded(gateway, "min-response-rate");
			others.run();
			assertThat(gateway.log()).doesNotContain("OutOfMemory").doesNotContain("hkp.edge.max-connections reached");
			assertThat(gateway.log().lines().filter((line) -> line.contains(" reached by 127.0.0.1: ")).count())
				.isBetween(3L, 30L);
		}
	}

	@Test
	void oneAddressCannotTakeAllConnections() throws Exception {
		try (GatewayProcess gateway = GatewayProcess.start("hkp.plugins.directories=" + this.directory,
				"hkp.edge.request-head-timeout=20s")) {
			String target = gateway.uri() + "/pks/lookup?op=stats";
			List<Double> open = new ArrayList<>();
			attack(() -> {
				fetch(target, "--interface", "127.0.0.2");
				open.add(meter(gateway, "hkp.edge.connections"));
			}, List.of(slow(10, "-H", "-r", "150", "-u", target)));
			assertThat(open).allMatch((connections) -> connections <= 82).anyMatch((connections) -> connections >= 80);
			assertThat(meter(gateway, "hkp.edge.limited?tag=limit:max-connections-per-address"))
				.isGreaterThanOrEqualTo(ATTACKERS - 80);
			gateway.awaitLog("hkp.edge.max-connections-per-address reached by 127.0.0.1: connection refused");
			gateway.await("the end of all connections", () -> meter(gateway, "hkp.edge.connections") == 0);
		}
	}

	private static RawUpstream keyserver(LargeKey small, LargeKey large) throws IOException {
		byte[] shortAnswer = answer(small);
		byte[] longAnswer = answer(large);
		return new RawUpstream((socket, request) -> {
			socket.getOutputStream()
				.write(request.requestLine().contains(large.fingerprint()) ? longAnswer : shortAnswer);
			socket.close();
		});
	}

	private static byte[] answer(LargeKey key) {
		String body = key.armored();
		return ("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: " + body.length() + "\r\n\r\n" + body)
			.getBytes(StandardCharsets.US_ASCII);
	}

	private List<String> slow(int seconds, String... options) {
		List<String> command = new ArrayList<>(List.of(this.slowhttptest.toString(), "-c", String.valueOf(ATTACKERS),
				"-l", String.valueOf(seconds), "-v", "1"));
		command.addAll(List.of(options));
		return command;
	}

	/** Others are served again and again until all attacks have ended. */
	private void attack(Runnable others, List<List<String>> commands) throws IOException, InterruptedException {
		List<Process> attacks = new ArrayList<>();
		try {
			for (List<String> command : commands) {
				attacks.add(new ProcessBuilder(command).directory(this.directory.toFile())
					.redirectErrorStream(true)
					.redirectOutput(output(attacks.size()).toFile())
					.start());
			}
			int served = 0;
			while (attacks.stream().anyMatch(Process::isAlive)) {
				others.run();
				served++;
				TimeUnit.MILLISECONDS.sleep(PAUSE.toMillis());
			}
			for (int i = 0; i < attacks.size(); i++) {
				assertThat(attacks.get(i).exitValue()).as(Files.readString(output(i))).isZero();
			}
			assertThat(served).isPositive();
		}
		finally {
			attacks.forEach(Process::destroyForcibly);
		}
	}

	private Path output(int number) {
		return this.directory.resolve("slowhttptest." + number);
	}

	/**
	 * Some may have given up by themselves, or on a busy machine not have begun in time.
	 */
	private static void assertEnded(GatewayProcess gateway, String limit) {
		assertThat(meter(gateway, "hkp.edge.limited?tag=limit:" + limit)).as(limit)
			.isGreaterThanOrEqualTo(ATTACKERS / 2.0);
		gateway.awaitLog("hkp.edge." + limit + " reached by 127.0.0.1: ");
	}

	private void fetch(String url, String... options) {
		List<String> command = new ArrayList<>(
				List.of(this.curl.toString(), "--silent", "--show-error", "--fail", "--max-time", "30", url));
		command.addAll(List.of(options));
		Command.run(this.directory, Duration.ofSeconds(60), new byte[0], command).orFail();
	}

	private static double meter(GatewayProcess gateway, String name) {
		return gateway.actuator("metrics/" + name).path("measurements").path(0).path("value").asDouble();
	}

	private static long threads(GatewayProcess gateway) {
		try (Stream<Path> tasks = Files.list(Path.of("/proc", String.valueOf(gateway.pid()), "task"))) {
			return tasks.count();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

}
