package org.hkpgateway;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

import org.hkpgateway.grpc.FakePluginProgram;
import org.hkpgateway.testsupport.GatewayProcess;
import org.hkpgateway.testsupport.RawClient;
import org.hkpgateway.testsupport.RawUpstream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What clients get when a plugin process speaks the stream well, badly or not at all. One
 * gateway has a plugin for each test, which is shown the paths below its own name.
 */
@Timeout(120)
class PluginStreamIT {

	@TempDir
	private static Path plugins;

	private static RawUpstream upstream;

	private static GatewayProcess gateway;

	@BeforeAll
	static void startGateway() throws IOException {
		upstream = keyserver();
		List<String> settings = new ArrayList<>();
		for (String manners : List.of("BEHAVES", "UNKNOWN_IDS", "ANSWERS_TWICE", "UNIMPLEMENTED", "BREAKS_AT_SECOND",
				"HALTS_AT_SECOND")) {
			// Longer than a busy machine needs.
			settings.addAll(install(plugins, manners, name(manners), "timeout=15s"));
		}
		settings.addAll(install(plugins, "ANSWERS_AND_BREAKS", name("ANSWERS_AND_BREAKS"), "timeout=15s", "fail=open"));
		settings.addAll(install(plugins, "FIRST_NOT_ANSWERED", "first-not-answered", "timeout=3s"));
		for (String policy : List.of("closed", "open")) {
			settings.addAll(install(plugins, "NEVER_ANSWERS", "silent-" + policy, "timeout=700ms", "fail=" + policy));
		}
		gateway = start(plugins, settings);
	}

	@AfterAll
	static void stopGateway() throws IOException {
		try (RawUpstream first = upstream; GatewayProcess second = gateway) {
			// Closed even if the start has failed.
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "BEHAVES", "UNKNOWN_IDS", "ANSWERS_TWICE", "UNIMPLEMENTED" })
	void everyRequestIsServed(String manners) throws Exception {
		String plugin = name(manners);
		for (int i = 0; i < 20; i++) {
			assertThat(status(plugin)).as(gateway::log).isEqualTo(200);
		}
		assertThat(breaks(plugin)).isZero();
		int warnings = manners.equals("UNIMPLEMENTED") ? 1 : 0;
		assertThat(gateway.log()
			.lines()
			.filter((line) -> line.contains("declares the feature 'stream', but"))
			.filter((line) -> line.contains(plugin))).hasSize(warnings);
		if (manners.equals("UNKNOWN_IDS") || manners.equals("ANSWERS_TWICE")) {
			gateway.await("the count of answers that are ignored", () -> ignoredAnswers(plugin) >= 19);
		}
		else {
			assertThat(ignoredAnswers(plugin)).isZero();
		}
	}

	@ParameterizedTest
	@CsvSource({ "closed,500", "open,200" })
	void withoutAnAnswerTheFailPolicyApplies(String policy, int status) throws Exception {
		String plugin = "silent-" + policy;
		assertThat(status(plugin)).as(gateway::log).isEqualTo(status);
		gateway.await("the failure in the access log",
				() -> gateway.accessLog().stream().anyMatch((line) -> line.contains(plugin + ":failed-" + policy)));
	}

	@Test
	void aRequestWithoutAnAnswerDoesNotHoldUpLaterOnes() throws Exception {
		String plugin = "first-not-answered";
		assertThat(status(plugin)).as(gateway::log).isEqualTo(500);
		for (int i = 0; i < 5; i++) {
			assertThat(status(plugin)).as(gateway::log).isEqualTo(200);
		}
		assertThat(breaks(plugin)).isZero();
	}

	@Test
	void aBrokenStreamFailsWhatIsInFlightAndIsOpenedAgain() throws Exception {
		String plugin = name("BREAKS_AT_SECOND");
		long pid = gateway.pluginPid(plugin);
		assertThat(status(plugin)).as(gateway::log).isEqualTo(200);
		assertThat(status(plugin)).as(gateway::log).isEqualTo(500);
		assertThat(status(plugin)).as(gateway::log).isEqualTo(200);
		// The next stream answers one request, too, and breaks at the second.
		gateway.await("a second break", Duration.ofSeconds(20), () -> status(plugin) == 500);
		assertThat(status(plugin)).as(gateway::log).isEqualTo(200);
		assertThat(breaks(plugin)).isEqualTo(2);
		assertThat(gateway.pluginPid(plugin)).isEqualTo(pid);
	}

	/** Now and then a request is sent in the moment of the break, and fails. */
	@Test
	void aStreamThatBreaksWithNothingInFlightCountsForTheBreaker() throws Exception {
		String plugin = name("ANSWERS_AND_BREAKS");
		gateway.await("more failures than requests that failed", Duration.ofSeconds(60), () -> {
			for (int i = 0; i < 20; i++) {
				assertThat(status(plugin)).as(gateway::log).isEqualTo(200);
			}
			var breaker = gateway.actuator("plugins/" + plugin).path("breaker");
			double failures = breaker.path("failureRate").asDouble() / 100 * breaker.path("bufferedCalls").asInt();
			long failed = gateway.accessLog().stream().filter((line) -> line.contains(plugin + ":failed-open")).count();
			return Math.round(failures) > failed;
		});
		assertThat(gateway.log()).contains("Stream to plugin " + plugin + " broke with 0 requests in flight");
	}

	@Test
	void aProcessThatEndsInTheMiddleIsReplacedAndItsStreamToo() throws Exception {
		String plugin = name("HALTS_AT_SECOND");
		long pid = gateway.pluginPid(plugin);
		assertThat(status(plugin)).as(gateway::log).isEqualTo(200);
		assertThat(status(plugin)).as(gateway::log).isEqualTo(500);
		gateway.otherPluginPid(plugin, pid);
		assertThat(status(plugin)).as(gateway::log).isEqualTo(200);
	}

	@Test
	void anOpenStreamDoesNotDelayTheStop(@TempDir Path own) throws Exception {
		List<String> settings = install(own, "BEHAVES", "continues", "timeout=15s");
		try (GatewayProcess stopped = start(own, settings)) {
			ProcessHandle plugin = ProcessHandle.of(stopped.pluginPid("continues")).orElseThrow();
			assertThat(status(stopped, "continues")).as(stopped::log).isEqualTo(200);
			assertThat(stopped.stop()).isEqualTo(143);
			assertThat(plugin.onExit().get(10, TimeUnit.SECONDS).isAlive()).isFalse();
			assertThat(stopped.log()).doesNotContain("Stream to plugin continues broke");
		}
	}

	private static String name(String manners) {
		return manners.toLowerCase(Locale.ROOT).replace('_', '-');
	}

	/** Makes a plugin that continues every request. Returns its settings. */
	private static List<String> install(Path directory, String manners, String name, String... own) throws IOException {
		FakePluginProgram.installAs(directory, name, "CONTINUES", "GOOD", manners);
		List<String> settings = new ArrayList<>(List.of("required=true", "match.paths=/" + name + "/**"));
		settings.addAll(List.of(own));
		settings.replaceAll((setting) -> "hkp.plugins.settings." + name + "." + setting);
		return settings;
	}

	private static GatewayProcess start(Path directory, List<String> settings) {
		List<String> properties = new ArrayList<>(List.of("hkp.plugins.directories=" + directory,
				"hkp.upstream.urls=" + upstream.uri(), "hkp.plugins.chain-budget=20s"));
		properties.addAll(settings);
		return GatewayProcess.start(properties.toArray(String[]::new));
	}

	private static RawUpstream keyserver() throws IOException {
		return RawUpstream.answering("HTTP/1.0 200 OK\r\nContent-Length: 10\r\n\r\nkeyserver!");
	}

	private static long breaks(String plugin) {
		return gateway.log().lines().filter((line) -> line.contains("Stream to plugin " + plugin + " broke")).count();
	}

	private static double ignoredAnswers(String plugin) {
		String selector = "?tag=plugin:" + plugin + "&tag=incident:answer-ignored";
		var shown = gateway.actuator("metrics/hkp.plugin.stream.incidents" + selector);
		return (shown != null) ? shown.path("measurements").path(0).path("value").asDouble() : 0;
	}

	private static int status(String plugin) {
		return status(gateway, plugin);
	}

	private static int status(GatewayProcess asked, String plugin) {
		try {
			return RawClient.exchange(asked.port(), "GET /" + plugin + "/x HTTP/1.0\r\n\r\n").status();
		}
		catch (IOException ex) {
			throw new AssertionError(ex);
		}
	}

}
