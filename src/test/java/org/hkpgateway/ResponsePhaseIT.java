package org.hkpgateway;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.hkpgateway.grpc.FakePluginProgram;
import org.hkpgateway.testsupport.ForeignPlugins;
import org.hkpgateway.testsupport.GatewayProcess;
import org.hkpgateway.testsupport.GpgHome;
import org.hkpgateway.testsupport.RawClient;
import org.hkpgateway.testsupport.RawUpstream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Plugin processes that are shown the keyserver's answers.
 */
@Timeout(600)
class ResponsePhaseIT {

	private static final String GRANTS = ".grants=http.request,http.respond,http.response";

	private static final String GET = "GET /pks/stats HTTP/1.0\r\n\r\n";

	@TempDir
	private Path plugins;

	@Test
	void headersAreAddedToTheKeyThatGpgFetchesTheLastPluginFirst() throws Exception {
		FakePluginProgram.installReviewing(this.plugins, "first", "TELLS");
		FakePluginProgram.installReviewing(this.plugins, "second", "TELLS");
		FakePluginProgram.installReviewing(this.plugins, "ungranted", "TELLS");
		try (GpgHome alice = GpgHome.create();
				GpgHome bob = GpgHome.create();
				GatewayProcess gateway = GatewayProcess.start("hkp.plugins.directories=" + this.plugins,
						"hkp.plugins.chain-budget=20s", "hkp.plugins.response-budget=20s", required("first"),
						required("second"), required("ungranted"), granted("first"), granted("second"),
						"hkp.plugins.settings.first.order=1", "hkp.plugins.settings.second.order=2",
						"hkp.plugins.settings.first.timeout=10s", "hkp.plugins.settings.second.timeout=10s",
						"hkp.plugins.settings.ungranted.timeout=10s")) {
			String fingerprint = alice.generate("Alice Lab <alice@lab.example>");
			alice.runWithKeyserver(gateway.uri(), "--send-keys", fingerprint).orFail();
			bob.runWithKeyserver(gateway.uri(), "--recv-keys", fingerprint).orFail();
			assertThat(bob.exportKey(fingerprint)).isEqualTo(alice.exportKey(fingerprint));

			String target = "/pks/lookup?op=get&options=mr&search=0x" + fingerprint;
			RawClient.Answer answer = RawClient.exchange(gateway.port(), "GET " + target + " HTTP/1.0\r\n\r\n");
			assertThat(answer.body()).contains("BEGIN PGP PUBLIC KEY BLOCK");
			assertThat(answer.headers()).filteredOn((line) -> line.startsWith("X-Reviewed: "))
				.containsExactly("X-Reviewed: second 200 GET " + target, "X-Reviewed: first 200 GET " + target);
			assertThat(gateway.accessLog()).anySatisfy((line) -> assertThat(line).contains("operation=LOOKUP_GET")
				.containsPattern("second:reviewed\\([\\d.]+ms\\),first:reviewed\\([\\d.]+ms\\)"));
			assertThat(gateway.actuator("plugins/second").path("responsePhase").path("breaker").path("state"))
				.hasToString("\"CLOSED\"");
			assertThat(gateway.actuator("plugins/ungranted").path("responsePhase").isNull()).isTrue();
			assertThat(metric(gateway, "hkp.plugin.calls", "plugin:first", "phase:response", "outcome:reviewed"))
				.isGreaterThanOrEqualTo(3);
		}
	}

	@Test
	void aPluginInAnotherLanguageIsShownTheAnswer() throws Exception {
		ForeignPlugins.install(this.plugins, ForeignPlugins.Language.PYTHON, "python",
				"capabilities = [\"http.request\", \"http.respond\", \"http.response\"]");
		try (GatewayProcess gateway = GatewayProcess.start("hkp.plugins.directories=" + this.plugins,
				"hkp.plugins.chain-budget=20s", "hkp.plugins.response-budget=20s", required("python"),
				granted("python"), "hkp.plugins.settings.python.timeout=10s")) {
			RawClient.Answer answer = RawClient.exchange(gateway.port(), GET);
			assertThat(answer.status()).as(gateway::log).isEqualTo(200);
			assertThat(answer.header("x-seen-by-python")).isEqualTo("200");
		}
	}

	@Test
	void aPluginThatHangsHoldsAnswersUpForTheBudgetUntilItsBreakerOpens() throws Exception {
		FakePluginProgram.installReviewing(this.plugins, "hangs", "NEVER_ANSWERS");
		try (RawUpstream upstream = keyserver();
				GatewayProcess gateway = start(upstream, "hangs", "hkp.plugins.response-budget=250ms")) {
			assertAnswered(RawClient.exchange(gateway.port(), GET));
			String line = onlyAccessLogLine(gateway);
			assertThat(line).contains("decision=forward status=200").contains("note=\"timeout: plugin hangs: ");
			assertThat(reviewMillis(line)).isBetween(240.0, 9000.0);
			assertThat(failures(gateway, "hangs", "timeout")).isEqualTo(1);
			assertThat(gauge(gateway, "hangs", "request", "CLOSED")).isEqualTo(1);
			assertThat(gauge(gateway, "hangs", "response", "CLOSED")).isEqualTo(1);
			List<RawClient> clients = new ArrayList<>();
			for (int i = 0; i < 19; i++) {
				clients.add(new RawClient(gateway.port()).send(GET));
			}
			for (RawClient client : clients) {
				assertAnswered(client.readToEnd());
				client.close();
			}
			gateway.await("an open breaker", () -> gauge(gateway, "hangs", "response", "OPEN") == 1);
			assertThat(gauge(gateway, "hangs", "response", "CLOSED")).isZero();
			JsonNode plugin = gateway.actuator("plugins/hangs");
			assertThat(plugin.path("responsePhase").path("breaker").path("state").asString("")).isEqualTo("OPEN");
			assertThat(plugin.path("breaker").path("state").asString("")).isEqualTo("CLOSED");
			assertThat(plugin.path("state").asString("")).isEqualTo("READY");
			assertAnswered(RawClient.exchange(gateway.port(), GET));
			assertThat(failures(gateway, "hangs", "breaker-open")).isPositive();
			assertThat(gateway.accessLog()).anyMatch((one) -> one.contains("note=\"breaker-open: plugin hangs: "));
			assertThat(gateway.log().lines().filter((one) -> one.contains("Circuit breaker of plugin hangs")))
				.singleElement()
				.asString()
				.contains("response phase: CLOSED -> OPEN; answers pass without it until it recovers");
			assertThat(metric(gateway, "hkp.plugin.breaker.changes", "plugin:hangs", "phase:response", "to:OPEN"))
				.isEqualTo(1);
		}
	}

	@Test
	void aPluginThatDiesDuringThePhaseLosesNoAnswerAndIsStartedAgain() throws Exception {
		FakePluginProgram.installReviewing(this.plugins, "dies", "HALTS");
		try (RawUpstream upstream = keyserver();
				GatewayProcess gateway = start(upstream, "dies", "hkp.plugins.response-budget=20s")) {
			long before = gateway.pluginPid("dies");
			assertAnswered(RawClient.exchange(gateway.port(), GET));
			assertThat(onlyAccessLogLine(gateway)).contains("dies:review-failed(")
				.contains("note=\"unavailable: plugin dies: ");
			assertThat(upstream.waiting()).isEqualTo(1);
			gateway.otherPluginPid("dies", before);
		}
	}

	@Test
	void whatIsNotAllowedOrNotUnderstoodChangesNothingAtAll() throws Exception {
		String[][] faults = { { "unimplemented", "because the plugin declares the feature 'response'" },
				{ "fails_unknown", "got: UNKNOWN" }, { "crlf_in_header", "invalid answer: value of header X-A" },
				{ "sets_content_length", "changed the response header Content-Length, which no plugin may write" },
				{ "too_many_changes", "header changes: expected: at most 64, got: 65" } };
		List<String> properties = new ArrayList<>(
				List.of("hkp.plugins.chain-budget=20s", "hkp.plugins.response-budget=20s"));
		for (String[] fault : faults) {
			FakePluginProgram.installReviewing(this.plugins, fault[0].replace('_', '-'),
					fault[0].toUpperCase(java.util.Locale.ROOT));
			String name = fault[0].replace('_', '-');
			properties.addAll(List.of(required(name), granted(name), "hkp.plugins.settings." + name + ".timeout=10s",
					"hkp.plugins.settings." + name + ".match.paths=/" + name));
		}
		try (RawUpstream upstream = keyserver()) {
			properties.add("hkp.plugins.directories=" + this.plugins);
			properties.add("hkp.upstream.urls=" + upstream.uri());
			try (GatewayProcess gateway = GatewayProcess.start(properties.toArray(String[]::new))) {
				for (String[] fault : faults) {
					String name = fault[0].replace('_', '-');
					RawClient.Answer answer = RawClient.exchange(gateway.port(), "GET /" + name + " HTTP/1.0\r\n\r\n");
					assertAnswered(answer);
					assertThat(answer.header("x-good")).isNull();
					gateway.await("the line about " + name,
							() -> gateway.accessLog()
								.stream()
								.anyMatch((line) -> line.contains(name + ":review-failed(")
										&& line.contains("note=\"protocol-error: ") && line.contains(fault[1])));
					assertThat(failures(gateway, name, "protocol-error")).isEqualTo(1);
				}
			}
		}
	}

	@Test
	void clientsThatLeaveDuringThePhaseLeaveNothingBehind() throws Exception {
		FakePluginProgram.installReviewing(this.plugins, "hangs", "NEVER_ANSWERS");
		try (RawUpstream upstream = new RawUpstream((socket, request) -> {
			socket.getOutputStream()
				.write(("HTTP/1.1 200 OK\r\nContent-Length: 20000\r\nConnection: close\r\n\r\n" + "x".repeat(20_000))
					.getBytes(java.nio.charset.StandardCharsets.ISO_8859_1));
			socket.close();
		});
				GatewayProcess gateway = start(upstream, "hangs", "hkp.plugins.response-budget=100s",
						"hkp.plugins.settings.hangs.timeout=100s", "hkp.plugins.settings.hangs.match.paths=/held")) {
			List<RawClient> clients = new ArrayList<>();
			for (int i = 0; i < 50; i++) {
				clients.add(new RawClient(gateway.port()).send("GET /held HTTP/1.1\r\nHost: k\r\n\r\n"));
			}
			gateway.await("calls in flight", () -> metric(gateway, "hkp.plugin.calls.active", "phase:response") == 50);
			for (RawClient client : clients) {
				client.reset();
			}
			gateway.await("no calls in flight",
					() -> metric(gateway, "hkp.plugin.calls.active", "phase:response") == 0);
			for (int i = 0; i < 5; i++) {
				gateway.jcmd("GC.run");
				for (int j = 0; j < 20; j++) {
					assertThat(RawClient.exchange(gateway.port(), GET).body()).hasSize(20_000);
				}
			}
			assertThat(gateway.log()).doesNotContain("LEAK:");
			assertThat(gateway.actuator("plugins/hangs")
				.path("responsePhase")
				.path("breaker")
				.path("bufferedCalls")
				.asInt(-1)).as("who leaves says nothing about the plugin").isZero();
		}
	}

	private GatewayProcess start(RawUpstream upstream, String plugin, String... properties) {
		List<String> all = new ArrayList<>(List.of("hkp.plugins.directories=" + this.plugins,
				"hkp.upstream.urls=" + upstream.uri(), "hkp.plugins.chain-budget=20s", required(plugin),
				granted(plugin), "hkp.plugins.settings." + plugin + ".timeout=10s"));
		all.addAll(List.of(properties));
		return GatewayProcess.start(all.toArray(String[]::new));
	}

	private static RawUpstream keyserver() throws IOException {
		return RawUpstream.answering("HTTP/1.0 200 OK\r\nContent-Length: 10\r\n\r\nkeyserver!");
	}

	private static void assertAnswered(RawClient.Answer answer) {
		assertThat(answer.status()).isEqualTo(200);
		assertThat(answer.body()).isEqualTo("keyserver!");
	}

	private static String required(String plugin) {
		return "hkp.plugins.settings." + plugin + ".required=true";
	}

	private static String granted(String plugin) {
		return "hkp.plugins.settings." + plugin + GRANTS;
	}

	private static String onlyAccessLogLine(GatewayProcess gateway) {
		gateway.await("a line of the access log", () -> !gateway.accessLog().isEmpty());
		assertThat(gateway.accessLog()).hasSize(1);
		return gateway.accessLog().get(0);
	}

	private static double reviewMillis(String line) {
		Matcher matcher = Pattern.compile(":review-failed\\(([\\d.]+)ms\\)").matcher(line);
		assertThat(matcher.find()).as(line).isTrue();
		return Double.parseDouble(matcher.group(1));
	}

	private static double failures(GatewayProcess gateway, String plugin, String kind) {
		return metric(gateway, "hkp.plugin.failures", "plugin:" + plugin, "phase:response", "kind:" + kind);
	}

	private static double gauge(GatewayProcess gateway, String plugin, String phase, String state) {
		return metric(gateway, "hkp.plugin.breaker.state", "plugin:" + plugin, "phase:" + phase, "state:" + state);
	}

	/** The first measurement; -1 if there is none. */
	private static double metric(GatewayProcess gateway, String name, String... tags) {
		JsonNode shown = gateway.actuator("metrics/" + name + "?tag=" + String.join("&tag=", tags));
		return (shown != null) ? shown.path("measurements").path(0).path("value").asDouble(-1) : -1;
	}

}
