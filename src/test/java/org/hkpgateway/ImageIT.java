package org.hkpgateway;

import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

import org.hkpgateway.testsupport.Command;
import org.hkpgateway.testsupport.Container;
import org.hkpgateway.testsupport.Containers;
import org.hkpgateway.testsupport.FreePorts;
import org.hkpgateway.testsupport.GpgHome;
import org.hkpgateway.testsupport.RawClient;
import org.hkpgateway.testsupport.Requirements;
import org.hkpgateway.testsupport.SksServer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The image, built of this build's jar and run as the Helm chart and
 * {@code config/compose} run it.
 */
@Timeout(value = 25, unit = TimeUnit.MINUTES)
class ImageIT {

	private static final String PLUGINS = "/opt/hkp-gateway/plugins";

	private static final double MEBIBYTE = 1024 * 1024;

	private static final Path HERE = Path.of(System.getProperty("java.io.tmpdir"));

	private static Containers containers;

	private static String image;

	@BeforeAll
	static void build() {
		containers = Containers.orSkip();
		image = containers.gateway();
	}

	@Test
	void servesWithNothingToWriteButTmpAndStopsInOrder(@TempDir Path configuration) throws Exception {
		int port = FreePorts.next();
		int management = FreePorts.next();
		try (SksServer sks = SksServer.start()) {
			Files.setPosixFilePermissions(configuration, PosixFilePermissions.fromString("rwxr-xr-x"));
			Files.writeString(configuration.resolve("application.yml"), """
					server: {port: %d, address: 127.0.0.1}
					hkp:
					  upstream.urls: [%s]
					  shutdown.pre-stop: 0s
					  plugins:
					    chain-budget: 20s
					    settings.antiabuse:
					      timeout: 15s
					      config: {threshold: 10}
					""".formatted(port, sks.uri()));
			try (Container gateway = containers.start(image, options(configuration, management))) {
				gateway.awaitLog("Started HkpGatewayApplication");
				assertThat(gateway.log().lines()).anyMatch((line) -> line.contains("antiabuse: STARTING -> READY"));
				assertIsConfined(gateway);
				assertThat(maps(gateway.pid())).as("the archive of classes in use")
					.contains("/opt/hkp-gateway/hkp-gateway.jsa");
				if (memoryCanBeLimited()) {
					assertThat(largestHeap(management)).as("a quarter of the container's memory")
						.isBetween(100 * MEBIBYTE, 192 * MEBIBYTE);
				}
				sendAndReceive(port);
				assertThat(gateway.exec(containers.healthCheck(image)).exitCode()).as("the health check").isZero();
				assertRefusesWhoAsksTooOften(port, sks);

				assertThat(gateway.stop()).isEqualTo(143);
				assertThat(gateway.log())
					.containsSubsequence("Graceful shutdown complete", "READY -> DRAINING", "DRAINING -> STOPPED")
					.doesNotContain("Read-only file system")
					.doesNotContain("cannot be executed");
			}
		}
	}

	private static List<String> options(Path configuration, int management) {
		List<String> options = new ArrayList<>(containers.confined());
		options.addAll(List.of("--volume", configuration + ":/etc/hkp-gateway:ro", "--env",
				"MANAGEMENT_SERVER_PORT=" + management));
		if (memoryCanBeLimited()) {
			options.addAll(List.of("--memory", "768m"));
		}
		return options;
	}

	/** Not in each container that tests may run in. */
	private static boolean memoryCanBeLimited() {
		return Files.isWritable(Path.of("/sys/fs/cgroup/memory"))
				|| Files.isWritable(Path.of("/sys/fs/cgroup/cgroup.subtree_control"));
	}

	/** As the kernel sees it. */
	private static void assertIsConfined(Container gateway) throws IOException {
		assertThat(Files.readString(Path.of("/proc/" + gateway.pid() + "/status"))).contains("Uid:\t65532\t65532")
			.contains("Gid:\t65532\t65532")
			.contains("CapEff:\t0000000000000000")
			.contains("NoNewPrivs:\t1");
		assertThat(gateway.exec(List.of("sh", "-c", "id -u; echo x >/opt/hkp-gateway/x")))
			.satisfies((result) -> assertThat(result.exitCode()).isNotZero())
			.satisfies((result) -> assertThat(result.text()).isEqualTo("65532\n"))
			.satisfies((result) -> assertThat(result.errors()).contains("Read-only file system"));
	}

	private static String maps(long pid) throws IOException {
		return Files.readString(Path.of("/proc/" + pid + "/maps"), StandardCharsets.ISO_8859_1);
	}

	private static double largestHeap(int management) throws IOException {
		String answer = RawClient
			.exchange(management,
					"GET /actuator/metrics/jvm.memory.max?tag=area:heap HTTP/1.0\r\nHost: localhost\r\n\r\n")
			.body();
		return new JsonMapper().readTree(answer).path("measurements").path(0).path("value").asDouble();
	}

	private static void sendAndReceive(int port) {
		URI keyserver = URI.create("http://127.0.0.1:" + port);
		try (GpgHome alice = GpgHome.create(); GpgHome bob = GpgHome.create()) {
			String fingerprint = alice.generate("Alice Lab <alice@lab.example>");
			alice.runWithKeyserver(keyserver, "--send-keys", fingerprint).orFail();
			bob.runWithKeyserver(keyserver, "--recv-keys", fingerprint).orFail();
			assertThat(bob.exportKey(fingerprint)).isEqualTo(alice.exportKey(fingerprint));
		}
	}

	private static void assertRefusesWhoAsksTooOften(int port, SksServer sks) {
		Path curl = Requirements.program("curl");
		String statuses = Command
			.run(HERE, Duration.ofMinutes(2), new byte[0], List.of(curl.toString(), "-s", "-o", "/dev/null", "-w",
					"%{http_code} ", "http://127.0.0.1:" + port + "/pks/lookup?op=stats&n=[1-60]"))
			.orFail()
			.text();
		assertThat(statuses).startsWith("200 ").endsWith("429 ").matches("(200 )+(429 )+");
		assertThat(sks.logLines()).noneMatch((line) -> line.contains("n=60"));
	}

	@Test
	void itHasAUserOfItsOwn() {
		List<String> shell = List.of("--network", "none", "--entrypoint", "sh");
		assertThat(containers.runToEnd(image, shell, "-c", "id -u; id -g").orFail().text()).isEqualTo("65532\n65532\n");
	}

	@Test
	void itsCommandsRunAlsoWhereTheArchiveDoesNotFit() {
		assertThat(containers.runToEnd(image, containers.confined(), "plugins", "check", PLUGINS).orFail().text())
			.contains("antiabuse");
		List<String> other = new ArrayList<>(containers.confined());
		other.addAll(List.of("--env", "JDK_JAVA_OPTIONS=-XX:-UseCompressedOops -XX:ObjectAlignmentInBytes=16"));
		assertThat(containers.runToEnd(image, other, "plugins", "check", PLUGINS).orFail().text())
			.contains("antiabuse");
	}

}
