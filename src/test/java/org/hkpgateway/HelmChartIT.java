package org.hkpgateway;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import org.hkpgateway.testsupport.FreePorts;
import org.hkpgateway.testsupport.GatewayProcess;
import org.hkpgateway.testsupport.LocalPod;
import org.hkpgateway.testsupport.RawClient;
import org.hkpgateway.testsupport.RawKeyserver;
import org.hkpgateway.testsupport.RenderedChart;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What the Helm chart renders, run: a gateway with a plugin that was copied into its pod
 * and one in a container of its own.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class HelmChartIT {

	private static final String TOKEN = "for-tests-only-0123456789abcdef0123456789";

	private static final String VALUES = """
			replicaCount: 1
			upstream: {urls: ["%s"]}
			management: {token: %s}
			shutdown: {preStop: 30s, drain: 5s}
			memory: {heapMiB: 128, directMiB: 128}
			plugins:
			  onChange: rescan
			  copied: [{name: copied, image: any, path: /plugin}]
			  sidecars:
			    - name: beside
			      image: any
			      command: [/opt/hkp-gateway/plugins/antiabuse/hkp-plugin-antiabuse]
			config:
			  hkp:
			    plugins:
			      chain-budget: 20s
			      settings:
			        antiabuse: {enabled: false}
			        copied: {required: true, timeout: 15s, config: {user_agents: ["%s"]}}
			      remote:
			        beside: {required: true, timeout: 15s, config: {user_agents: ["beside*"]}}
			""";

	private final int port = FreePorts.next();

	private final int management = FreePorts.next();

	@Test
	void whatIsRenderedRuns() throws Exception {
		try (RawKeyserver keyserver = new RawKeyserver("keys")) {
			RenderedChart chart = RenderedChart.of(VALUES.formatted(keyserver.uri(), TOKEN, "copied*"));
			try (LocalPod pod = new LocalPod(chart)) {
				putPlugin(pod.at("/opt/hkp-gateway/plugins/antiabuse"), "antiabuse");
				putPlugin(pod.at("/plugin"), "copied");
				pod.runToEnd("copy-copied");
				Files.move(pod.at("/plugins/copied"), pod.at("/var/lib/hockeypuck/plugins/copied"));
				// It is mounted read-only, which a directory of this machine is not.
				Files.setPosixFilePermissions(pod.at("/var/lib/hockeypuck/plugins"),
						PosixFilePermissions.fromString("rwxr-xr-x"));
				Process sidecar = pod.start("plugin-beside");
				Process gateway = pod.startGateway("--server.port=" + this.port, "--server.address=127.0.0.1",
						"--management.server.port=" + this.management);
				assertThat(variables(gateway)).containsExactlyInAnyOrder("JDK_JAVA_OPTIONS", "HKP_MANAGEMENT_TOKEN",
						"JAVA_HOME", "PATH");

				JsonNode container = chart.container("gateway");
				assertThat(container.at("/startupProbe/httpGet/port").asString()).isEqualTo("management");
				pod.await("the startup probe", Duration.ofMinutes(2), () -> probe(container, "startup") == 200);
				assertThat(probe(container, "liveness")).isEqualTo(200);
				pod.await("readiness", Duration.ofMinutes(1), () -> probe(container, "readiness") == 200);
				assertThat(ask("/actuator/plugins", "")).as("without the token").isEqualTo(401);
				assertThat(ask("/actuator/plugins", "Authorization: Bearer " + TOKEN + "\r\n")).isEqualTo(200);

				assertThat(lookup("gpg")).isEqualTo(200);
				assertThat(lookup("copied/1.0")).isEqualTo(403);
				assertThat(lookup("beside/1.0")).isEqualTo(403);
				pod.await("its lines in the access log", Duration.ofSeconds(30),
						() -> contains(pod, "plugin=copied") && contains(pod, "plugin=beside"));

				pod.publish(RenderedChart.of(VALUES.formatted(keyserver.uri(), TOKEN, "changed*")));
				JsonNode report = rescan();
				assertThat(report.at("/results/copied/outcome").asString("")).as("%s", report).isEqualTo("DONE");
				assertThat(report.path("needRestart").size()).isZero();
				assertThat(lookup("changed/1.0")).isEqualTo(403);
				assertThat(lookup("copied/1.0")).isEqualTo(200);

				int grace = chart.pod().path("terminationGracePeriodSeconds").asInt();
				long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(grace);
				gateway.destroy();
				pod.await("readiness to go", Duration.ofSeconds(20), () -> probe(container, "readiness") == 503);
				assertThat(lookup("beside/1.0")).as("it serves on").isEqualTo(403);
				assertThat(probe(container, "liveness")).isEqualTo(200);
				assertThat(gateway.waitFor(end - System.nanoTime(), TimeUnit.NANOSECONDS))
					.as("it ends within %s s: %s", grace, pod.log("gateway"))
					.isTrue();
				assertThat(gateway.exitValue()).isEqualTo(143);
				assertThat(sidecar.isAlive()).as("%s", pod.log("plugin-beside")).isTrue();
				sidecar.destroy();
				assertThat(sidecar.waitFor(30, TimeUnit.SECONDS)).isTrue();
				assertThat(sidecar.exitValue()).isZero();
			}
		}
	}

	/** Names of the environment's variables. */
	private static List<String> variables(Process process) throws IOException {
		String environment = Files.readString(Path.of("/proc/" + process.pid() + "/environ"),
				StandardCharsets.ISO_8859_1);
		return Stream.of(environment.split("\0")).map((variable) -> variable.replaceAll("(?s)=.*", "")).toList();
	}

	/** The shipped plugin, as another name perhaps. */
	private static void putPlugin(Path directory, String name) throws IOException {
		Path from = GatewayProcess.ANTIABUSE;
		try (Stream<Path> files = Files.walk(from)) {
			for (Path file : files.toList()) {
				Path to = directory.resolve(from.relativize(file).toString());
				Files.createDirectories(to.getParent());
				if (Files.isRegularFile(file)) {
					Files.copy(file, to, java.nio.file.StandardCopyOption.COPY_ATTRIBUTES);
				}
			}
		}
		Path manifest = directory.resolve("plugin.toml");
		Files.writeString(manifest,
				Files.readString(manifest).replace("name = \"antiabuse\"", "name = \"" + name + "\""));
	}

	/** As the kubelet asks: by the pod's address. */
	private int probe(JsonNode container, String name) {
		String path = container.at("/" + name + "Probe/httpGet/path").asString();
		return ask(path, "");
	}

	private int ask(String path, String fields) {
		return status(this.management,
				"GET " + path + " HTTP/1.1\r\nHost: 10.1.2.3:11381\r\n" + fields + "Connection: close\r\n\r\n");
	}

	private int lookup(String userAgent) {
		return status(this.port,
				"GET /pks/lookup?op=get&search=0x0123456789abcdef HTTP/1.1\r\nHost: keys\r\nUser-Agent: " + userAgent
						+ "\r\nConnection: close\r\n\r\n");
	}

	private static int status(int port, String request) {
		try {
			return RawClient.exchange(port, request).status();
		}
		catch (java.net.ConnectException ex) {
			return 0;
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private JsonNode rescan() throws IOException {
		String body = "{\"action\":\"rescan\"}";
		String answer = RawClient.exchange(this.management,
				"POST /actuator/plugins HTTP/1.0\r\nHost: localhost\r\nAuthorization: Bearer " + TOKEN
						+ "\r\nContent-Type: application/json\r\nContent-Length: " + body.length() + "\r\n\r\n" + body)
			.body();
		return new JsonMapper().readTree(answer);
	}

	private static boolean contains(LocalPod pod, String text) {
		try {
			return pod.log("gateway").contains(text);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

}
