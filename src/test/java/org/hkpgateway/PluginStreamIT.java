package org.hkpgateway;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import org.hkpgateway.grpc.FakePluginProgram;
import org.hkpgateway.testsupport.GatewayProcess;
import org.hkpgateway.testsupport.RawClient;
import org.hkpgateway.testsupport.RawUpstream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What clients get when a plugin process speaks the stream well, badly or not at all.
 */
@Timeout(120)
class PluginStreamIT {

	@TempDir
	private Path plugins;

	private RawUpstream upstream;

	@BeforeEach
	void startUpstream() throws IOException {
		this.upstream = RawUpstream.answering("HTTP/1.0 200 OK\r\nContent-Length: 10\r\n\r\nkeyserver!");
	}

	@AfterEach
	void stopUpstream() throws IOException {
		this.upstream.close();
	}

	@ParameterizedTest
	@ValueSource(strings = { "BEHAVES", "UNKNOWN_IDS", "ANSWERS_TWICE", "UNIMPLEMENTED" })
	void everyRequestIsServed(String manners) throws Exception {
		try (GatewayProcess gateway = start(manners)) {
			for (int i = 0; i < 20; i++) {
				assertThat(status(gateway)).as(gateway.log()).isEqualTo(200);
			}
			assertThat(gateway.log()).doesNotContain("Stream to plugin continues broke");
			int warnings = manners.equals("UNIMPLEMENTED") ? 1 : 0;
			assertThat(gateway.log().lines().filter((line) -> line.contains("declares the feature 'stream', but")))
				.hasSize(warnings);
			boolean talkative = manners.equals("UNKNOWN_IDS") || manners.equals("ANSWERS_TWICE");
			assertThat(ignoredAnswers(gateway)).matches((count) -> talkative ? count >= 19 : count == 0);
		}
	}

	@ParameterizedTest
	@CsvSource({ "closed,500", "open,200" })
	void withoutAnAnswerTheFailPolicyApplies(String policy, int status) throws Exception {
		try (GatewayProcess gateway = start("NEVER_ANSWERS", "fail=" + policy)) {
			assertThat(status(gateway)).as(gateway.log()).isEqualTo(status);
			gateway.await("the failure in the access log",
					() -> gateway.accessLog().stream().anyMatch((line) -> line.contains("continues:failed-" + policy)));
		}
	}

	@Test
	void aRequestWithoutAnAnswerDoesNotHoldUpLaterOnes() throws Exception {
		try (GatewayProcess gateway = start("FIRST_NOT_ANSWERED")) {
			assertThat(status(gateway)).as(gateway.log()).isEqualTo(500);
			for (int i = 0; i < 5; i++) {
				assertThat(status(gateway)).as(gateway.log()).isEqualTo(200);
			}
			assertThat(gateway.log()).doesNotContain("Stream to plugin continues broke");
		}
	}

	@Test
	void aBrokenStreamFailsWhatIsInFlightAndIsOpenedAgain() throws Exception {
		try (GatewayProcess gateway = start("BREAKS_AT_SECOND")) {
			long pid = gateway.pluginPid("continues");
			assertThat(status(gateway)).as(gateway.log()).isEqualTo(200);
			assertThat(status(gateway)).as(gateway.log()).isEqualTo(500);
			assertThat(status(gateway)).as(gateway.log()).isEqualTo(200);
			// The next stream answers one request, too, and breaks at the second.
			gateway.await("a second break", Duration.ofSeconds(20), () -> status(gateway) == 500);
			assertThat(status(gateway)).as(gateway.log()).isEqualTo(200);
			assertThat(gateway.log().lines().filter((line) -> line.contains("Stream to plugin continues broke")))
				.hasSize(2);
			assertThat(gateway.pluginPid("continues")).isEqualTo(pid);
		}
	}

	/** Now and then a request is sent in the moment of the break, and fails. */
	@Test
	void aStreamThatBreaksWithNothingInFlightCountsForTheBreaker() throws Exception {
		try (GatewayProcess gateway = start("ANSWERS_AND_BREAKS", "fail=open")) {
			gateway.await("more failures than requests that failed", Duration.ofSeconds(60), () -> {
				for (int i = 0; i < 20; i++) {
					assertThat(status(gateway)).as(gateway.log()).isEqualTo(200);
				}
				var breaker = gateway.actuator("plugins/continues").path("breaker");
				double failures = breaker.path("failureRate").asDouble() / 100 * breaker.path("bufferedCalls").asInt();
				long failed = gateway.accessLog()
					.stream()
					.filter((line) -> line.contains("continues:failed-open"))
					.count();
				return Math.round(failures) > failed;
			});
			assertThat(gateway.log()).contains("Stream to plugin continues broke with 0 requests in flight");
		}
	}

	@Test
	void aProcessThatEndsInTheMiddleIsReplacedAndItsStreamToo() throws Exception {
		try (GatewayProcess gateway = start("HALTS_AT_SECOND")) {
			long pid = gateway.pluginPid("continues");
			assertThat(status(gateway)).as(gateway.log()).isEqualTo(200);
			assertThat(status(gateway)).as(gateway.log()).isEqualTo(500);
			gateway.await("another process", () -> {
				var plugin = gateway.actuator("plugins/continues");
				return plugin.path("state").asString("").equals("READY") && plugin.path("pid").asLong() != pid;
			});
			assertThat(status(gateway)).as(gateway.log()).isEqualTo(200);
		}
	}

	@Test
	void anOpenStreamDoesNotDelayTheStop() throws Exception {
		try (GatewayProcess gateway = start("BEHAVES")) {
			ProcessHandle plugin = ProcessHandle.of(gateway.pluginPid("continues")).orElseThrow();
			assertThat(status(gateway)).as(gateway.log()).isEqualTo(200);
			assertThat(gateway.stop()).isEqualTo(143);
			assertThat(plugin.onExit().get(10, TimeUnit.SECONDS).isAlive()).isFalse();
			assertThat(gateway.log()).doesNotContain("Stream to plugin continues broke");
		}
	}

	private GatewayProcess start(String manners, String... more) throws IOException {
		String settings = "hkp.plugins.settings." + FakePluginProgram.installStreaming(this.plugins, manners);
		List<String> properties = new ArrayList<>(List.of("hkp.plugins.directories=" + this.plugins,
				"hkp.upstream.urls=" + this.upstream.uri(), settings + ".required=true",
				settings + ".timeout=" + timeout(manners), "hkp.plugins.chain-budget=20s"));
		Stream.of(more).map((property) -> settings + '.' + property).forEach(properties::add);
		return GatewayProcess.start(properties.toArray(String[]::new));
	}

	/** Short where it is waited for in vain; else longer than a busy machine needs. */
	private static String timeout(String manners) {
		return switch (manners) {
			case "NEVER_ANSWERS" -> "700ms";
			case "FIRST_NOT_ANSWERED" -> "3s";
			default -> "15s";
		};
	}

	private static double ignoredAnswers(GatewayProcess gateway) {
		String selector = "?tag=plugin:continues&tag=incident:answer-ignored";
		return gateway.actuator("metrics").path("names").toString().contains("hkp.plugin.stream.incidents")
				? gateway.actuator("metrics/hkp.plugin.stream.incidents" + selector)
					.path("measurements")
					.path(0)
					.path("value")
					.asDouble()
				: 0;
	}

	private static int status(GatewayProcess gateway) {
		try {
			return RawClient.exchange(gateway.port(), "GET /pks/stats HTTP/1.0\r\n\r\n").status();
		}
		catch (IOException ex) {
			throw new AssertionError(ex);
		}
	}

}
