package org.hkpgateway;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

import org.hkpgateway.testsupport.Command;
import org.hkpgateway.testsupport.GatewayProcess;
import org.hkpgateway.testsupport.GpgHome;
import org.hkpgateway.testsupport.LargeKey;
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

	private static final int ATTACKERS = 300;

	private final Path slowhttptest = Requirements.program("slowhttptest");

	private final Path curl = Requirements.program("curl");

	@TempDir
	private Path directory;

	private int served;

	@Test
	void slowHeadsBodiesAndReadersAreEndedAndNobodyElseNotices() throws Exception {
		LargeKey large = LargeKey.ofAtLeast(1024 * 1024);
		try (GpgHome alice = GpgHome.create();
				GpgHome bob = GpgHome.create();
				GatewayProcess gateway = GatewayProcess.start("hkp.plugins.directories=" + this.directory,
						"hkp.edge.max-connections-per-address=2000", "hkp.edge.request-head-timeout=2s",
						"hkp.edge.idle-timeout=4s")) {
			String fingerprint = alice.generate("Alice Lab <alice@lab.example>");
			alice.importKeys(large.packets());
			alice.runWithKeyserver(gateway.uri(), "--send-keys", fingerprint, large.fingerprint()).orFail();
			String key = gateway.uri() + "/pks/lookup?op=get&options=mr&search=0x" + fingerprint;
			String largeKey = gateway.uri() + "/pks/lookup?op=get&options=mr&search=0x" + large.fingerprint();
			Runnable others = () -> {
				fetch(key);
				bob.runWithKeyserver(gateway.uri(), "--recv-keys", fingerprint).orFail();
			};
			others.run();
			long threads = threads(gateway);
			attack(others, "-H", "-t", "GET", "-u", key, "-i", "1", "-x", "24");
			assertEnded(gateway, "request-head-timeout", ATTACKERS);
			attack(others, "-B", "-t", "POST", "-u", gateway.uri() + "/pks/add", "-i", "1", "-s", "8192", "-x", "10");
			assertEnded(gateway, "min-body-rate", ATTACKERS);
			attack(others, "-X", "-t", "GET", "-u", largeKey, "-n", "1", "-w", "512", "-y", "1024", "-z", "5");
			assertEnded(gateway, "min-response-rate", ATTACKERS);
			others.run();
			assertThat(threads(gateway)).isLessThanOrEqualTo(threads + 8);
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
			}, "-H", "-t", "GET", "-u", target, "-i", "1", "-x", "24");
			assertThat(open).allMatch((connections) -> connections <= 82).anyMatch((connections) -> connections >= 80);
			assertThat(meter(gateway, "hkp.edge.limited?tag=limit:max-connections-per-address"))
				.isGreaterThanOrEqualTo(ATTACKERS - 80);
			assertThat(gateway.log())
				.contains("hkp.edge.max-connections-per-address reached by 127.0.0.1: connection refused");
			gateway.await("the end of all connections", () -> meter(gateway, "hkp.edge.connections") == 0);
		}
	}

	/** Fifteen seconds at most, during which others are served again and again. */
	private void attack(Runnable others, String... options) throws IOException, InterruptedException {
		List<String> command = new ArrayList<>(List.of(this.slowhttptest.toString(), "-c", String.valueOf(ATTACKERS),
				"-r", "150", "-l", "15", "-v", "1"));
		command.addAll(List.of(options));
		Path output = this.directory.resolve("slowhttptest.out");
		Process attack = new ProcessBuilder(command).directory(this.directory.toFile())
			.redirectErrorStream(true)
			.redirectOutput(output.toFile())
			.start();
		try {
			this.served = 0;
			while (attack.isAlive()) {
				others.run();
				this.served++;
			}
			assertThat(attack.exitValue()).as(Files.readString(output)).isZero();
			assertThat(this.served).isPositive();
		}
		finally {
			attack.destroyForcibly();
		}
	}

	private static void assertEnded(GatewayProcess gateway, String limit, int times) {
		gateway.await("the end of all connections", () -> meter(gateway, "hkp.edge.connections") == 0);
		assertThat(meter(gateway, "hkp.edge.limited?tag=limit:" + limit)).as(limit)
			.isGreaterThanOrEqualTo(times / 10.0);
		assertThat(gateway.log()).contains("hkp.edge." + limit + " reached by 127.0.0.1: ");
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
