package org.hkpgateway;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import org.hkpgateway.grpc.FakePluginProgram;
import org.hkpgateway.testsupport.GatewayProcess;
import org.hkpgateway.testsupport.RawClient;
import org.hkpgateway.testsupport.Requirements;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Each isolation level through the whole gateway: a plugin over mutual TLS that decides
 * requests and calls its host, and what the operator is told of its level. What the
 * levels keep a plugin from is the matter of {@code IsolationIT}.
 */
@EnabledOnOs(value = OS.LINUX, disabledReason = "isolation is Linux's")
@Timeout(180)
class IsolatedPluginIT {

	/** Far from the users of real machines. */
	private static final int FIRST_UID = 54000;

	private static final int LAST_UID = 54003;

	@TempDir
	private static Path shared;

	/** Plugins of the gateway's own user. */
	private static GatewayProcess gateway;

	/** Plugins with users of their own; null unless the test runs as root. */
	private static GatewayProcess ownUsers;

	@BeforeAll
	static void startGateways() throws IOException {
		Requirements.program("setpriv");
		Requirements.program("prlimit");
		letOthersPass(shared);
		Path directory = directory("self");
		gateway = start(Map.of(), directory, List.of("none", "basic", "auto", "strict"),
				"hkp.plugins.directories=" + directory + "," + GatewayProcess.ANTIABUSE.toRealPath(),
				"hkp.plugins.settings.antiabuse.isolation=strict", "hkp.plugins.settings.antiabuse.timeout=20s");
		if (root()) {
			ownUsers = start(Map.of(), directory("users"), List.of("basic", "strict"),
					"hkp.plugins.uid-range=" + FIRST_UID + "-" + LAST_UID);
		}
	}

	@AfterAll
	static void stopGateways() throws InterruptedException {
		try (GatewayProcess first = gateway; GatewayProcess second = ownUsers) {
			for (GatewayProcess each : new GatewayProcess[] { first, second }) {
				if (each != null) {
					assertThat(each.stop()).isEqualTo(143);
				}
			}
		}
	}

	@ParameterizedTest
	@CsvSource({ "none,none,false", "basic,basic,false", "auto,basic,false", "strict,strict,true" })
	void decidesCallsItsHostAndShowsItsLevel(String plugin, String level, boolean boundary) throws Exception {
		if (level.equals("strict")) {
			requireNamespaces();
		}
		JsonNode isolation = decides(gateway, plugin);
		assertThat(isolation.path("level").asString("")).isEqualTo(level);
		assertThat(isolation.path("boundary").asBoolean()).isEqualTo(boundary);
		List<String> expected = new ArrayList<>(List.of("no_new_privs", "killed with the gateway"));
		if (!level.equals("none")) {
			expected.add("limits: 1024 open files, 4096 MiB of data, no core dumps");
		}
		if (boundary) {
			expected.addAll(
					List.of("no network", "own processes only", "read-only root", "private /tmp", "no capabilities"));
			assertThat(isolation.path("remark").asString("-")).isEmpty();
		}
		else {
			assertThat(isolation.path("remark").asString("")).startsWith("shares user ").endsWith(": no boundary");
		}
		assertThat(measures(isolation)).isEqualTo(expected);
	}

	@Test
	void theShippedPluginDecidesInStrict() throws Exception {
		requireNamespaces();
		gateway.pluginPid("antiabuse");
		assertThat(request(gateway).status()).isEqualTo(200);
		gateway.await("a line in the access log",
				() -> gateway.accessLog().stream().anyMatch((line) -> line.contains("antiabuse:continue")));
		assertThat(gateway.actuator("plugins/antiabuse").path("isolation").path("level").asString(""))
			.isEqualTo("strict");
	}

	@ParameterizedTest
	@CsvSource({ "basic", "strict" })
	void withAUserOfItsOwn(String level) throws Exception {
		Assumptions.assumeTrue(ownUsers != null, "expected: tests that run as root, got: another user");
		if (level.equals("strict")) {
			requireNamespaces();
		}
		JsonNode isolation = decides(ownUsers, level);
		assertThat(isolation.path("level").asString("")).isEqualTo(level);
		assertThat(isolation.path("boundary").asBoolean()).isTrue();
		int uid = (Integer) Files.getAttribute(Path.of("/proc/" + ownUsers.pluginPid(level)), "unix:uid");
		assertThat(uid).isBetween(FIRST_UID, LAST_UID);
		List<String> measures = measures(isolation);
		assertThat(measures).contains("no_new_privs", "killed with the gateway", "own user " + uid, "no capabilities")
			.doesNotHaveDuplicates();
		assertThat(measures.contains("no network")).isEqualTo(level.equals("strict"));
		assertThat(isolation.path("remark").asString("-").contains("can use the network"))
			.isEqualTo(level.equals("basic"));
	}

	@Test
	void aLevelThatCannotBeHadIsAFailedPluginAndAutoGoesOn() throws Exception {
		Path bin = Files.createDirectory(shared.resolve("bin"));
		for (String program : List.of("setpriv", "prlimit")) {
			Files.createSymbolicLink(bin.resolve(program), Requirements.program(program));
		}
		try (GatewayProcess without = start(Map.of("PATH", bin.toString()), directory("without"),
				List.of("auto", "strict"), "hkp.plugins.settings.strict.required=true",
				"hkp.plugins.settings.strict.fail=closed")) {
			JsonNode strict = without.actuator("plugins/strict");
			assertThat(strict.path("state").asString("")).isEqualTo("FAILED");
			assertThat(strict.path("isolation").isNull()).isTrue();
			assertThat(strict.path("reason").asString("")).contains(
					"isolation strict cannot be had: expected: setpriv, prlimit and a bwrap that works, got: no program "
							+ "bwrap on PATH " + bin,
					"install util-linux and bubblewrap and allow user namespaces, or set "
							+ "hkp.plugins.settings.strict.isolation to another level");
			assertThat(without.log()).contains("isolation strict cannot be had");
			without.pluginPid("auto");
			assertThat(without.actuator("plugins/auto").path("isolation").path("level").asString(""))
				.isEqualTo("basic");
			assertThat(without.actuator("health/readiness").path("status").asString("")).isEqualTo("OUT_OF_SERVICE");
			assertThat(request(without).status()).as("its fail policy").isEqualTo(500);
			assertThat(without.stop()).isEqualTo(143);
		}
	}

	/** It is READY, decides a request and is answered by its host. */
	private static JsonNode decides(GatewayProcess gateway, String plugin) throws IOException {
		gateway.pluginPid(plugin);
		JsonNode shown = gateway.actuator("plugins/" + plugin);
		assertThat(shown.path("transport").asString("")).isEqualTo("mtls");
		RawClient.Answer answer = request(gateway);
		assertThat(answer.status()).isEqualTo(200);
		assertThat(answer.header("x-host-of-" + plugin)).as(gateway::log)
			.matches("wrong token: UNAUTHENTICATED, own token: \\d+\\.\\d+.*");
		return shown.path("isolation");
	}

	private static RawClient.Answer request(GatewayProcess gateway) throws IOException {
		return RawClient.exchange(gateway.port(), "GET /pks/stats HTTP/1.0\r\n\r\n");
	}

	private static List<String> measures(JsonNode isolation) {
		List<String> measures = new ArrayList<>();
		isolation.path("measures").forEach((measure) -> measures.add(measure.asString("")));
		return measures;
	}

	/** A gateway with one plugin for each level, of that name. */
	private static GatewayProcess start(Map<String, String> environment, Path directory, List<String> levels,
			String... more) throws IOException {
		Map<String, String> properties = new LinkedHashMap<>();
		properties.put("hkp.plugins.directories", directory.toString());
		properties.put("hkp.plugins.chain-budget", "20s");
		for (String level : levels) {
			FakePluginProgram.installSelfContained(directory, level, "ADDS_HOST_ANSWER");
			String settings = "hkp.plugins.settings." + level;
			properties.put(settings + ".isolation", level);
			properties.put(settings + ".timeout", "20s");
			properties.put(settings + ".fail", "open");
		}
		for (String each : more) {
			properties.put(each.split("=")[0], each.split("=")[1]);
		}
		return GatewayProcess.start(environment,
				properties.entrySet()
					.stream()
					.map((each) -> each.getKey() + "=" + each.getValue())
					.toArray(String[]::new));
	}

	private static Path directory(String name) throws IOException {
		Path directory = Files.createDirectory(shared.resolve(name));
		letOthersPass(directory);
		return directory;
	}

	private static void letOthersPass(Path directory) throws IOException {
		Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
	}

	private static void requireNamespaces() {
		Requirements.working("bwrap", "--ro-bind", "/", "/", "--unshare-all", "true");
	}

	private static boolean root() throws IOException {
		return Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0);
	}

}
