package org.hkpgateway;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;

import org.awaitility.Awaitility;
import org.hkpgateway.testsupport.Containers;
import org.hkpgateway.testsupport.ImagePod;
import org.hkpgateway.testsupport.RenderedChart;
import org.hkpgateway.testsupport.TestCertificates;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What the Helm chart renders, run in the image.
 */
@Timeout(value = 25, unit = TimeUnit.MINUTES)
class HelmChartImageIT {

	private static final String TOKEN = "for-tests-only-0123456789abcdef0123456789";

	private static final String PASSWORD = "a password: with \"quotes\"";

	/** With the keyserver in the gateway, because it has no network but its own. */
	private static final String SMALL = """
			replicaCount: 1
			upstream: {embedded: true}
			shutdown: {preStop: 0s, drain: 5s}
			memory: {heapMiB: 128, directMiB: 128}
			""";

	private static final String VALUES = SMALL + """
			management: {token: %s}
			config:
			  hkp:
			    plugins:
			      chain-budget: 20s
			      settings:
			        antiabuse: {required: true, timeout: 15s, config: {user_agents: ["rendered*"]}}
			""".formatted(TOKEN);

	@Test
	void whatIsRenderedRunsInTheImage() throws Exception {
		Containers containers = Containers.orSkip();
		RenderedChart chart = RenderedChart.of(VALUES);
		try (ImagePod pod = new ImagePod(containers, chart)) {
			pod.container().awaitLog("Started HkpGatewayApplication");
			assertThat(pod.container().log()).contains("JDK_JAVA_OPTIONS: -Xmx128m");
			assertThat(Files.readString(Path.of("/proc/" + pod.container().pid() + "/status")))
				.contains("Uid:\t65532\t65532", "Gid:\t65532\t65532", "Groups:\t65532", "CapEff:\t0000000000000000");
			for (String probe : List.of("startupProbe", "livenessProbe", "readinessProbe")) {
				Awaitility.await(probe).atMost(Duration.ofMinutes(1)).until(() -> pod.probe(probe) == 200);
			}
			assertThat(pod.status("management", "/actuator/plugins")).as("without the token").isEqualTo(401);
			assertThat(pod.status("management", "/actuator/plugins", "Authorization: Bearer " + TOKEN)).isEqualTo(200);

			assertThat(pod.status("hkp", "/pks/lookup?op=stats")).isEqualTo(200);
			assertThat(pod.status("hkp", "/pks/lookup?op=stats", "User-Agent: rendered/1.0")).as("by the plugin")
				.isEqualTo(403);

			int grace = chart.pod().path("terminationGracePeriodSeconds").asInt();
			assertThat(pod.container().stop(Duration.ofSeconds(grace))).isEqualTo(143);
			assertThat(pod.container().log()).containsSubsequence("READY -> DRAINING", "DRAINING -> STOPPED")
				.doesNotContain("Read-only file system");
		}
	}

	@Test
	void secretsArriveInTheImage() throws Exception {
		Containers containers = Containers.orSkip();
		TestCertificates certificates = new TestCertificates();
		TestCertificates.Server server = certificates.server("public");
		RenderedChart chart = RenderedChart.of(SMALL + """
				config: {hkp: {plugins: {settings: {antiabuse: {enabled: false, required: false}}}}}
				management: {token: %s, user: operator, password: '%s'}
				tls:
				  enabled: true
				  certificate: |
				%s
				  key: |
				%s
				""".formatted(TOKEN, PASSWORD, server.certificates().indent(4), server.key().indent(4)));
		try (ImagePod pod = new ImagePod(containers, chart)) {
			pod.container().awaitLog("Started HkpGatewayApplication");
			Awaitility.await("readiness").atMost(Duration.ofMinutes(1)).until(() -> pod.probe("readinessProbe") == 200);
			assertThat(pod.statusWithTls(certificates.authority(), "hkp", "/pks/lookup?op=stats")).isEqualTo(200);
			assertThat(pod.statusWithTls(new TestCertificates().authority(), "hkp", "/pks/lookup?op=stats"))
				.as("another authority")
				.isZero();
			assertThat(pod.status("hkp", "/pks/lookup?op=stats")).as("clear text beside it").isEqualTo(200);

			assertThat(pod.status("management", "/actuator/plugins", basic(PASSWORD))).isEqualTo(200);
			assertThat(pod.status("management", "/actuator/plugins", basic("another password"))).isEqualTo(401);
			assertThat(pod.status("management", "/actuator/plugins")).isEqualTo(401);
			assertThat(pod.status("management", "/actuator/prometheus", "Authorization: Bearer " + TOKEN))
				.isEqualTo(200);
			assertThat(pod.container().log()).doesNotContain(PASSWORD, TOKEN);
		}
	}

	private static String basic(String password) {
		byte[] credential = ("operator:" + password).getBytes(StandardCharsets.UTF_8);
		return "Authorization: Basic " + Base64.getEncoder().encodeToString(credential);
	}

}
