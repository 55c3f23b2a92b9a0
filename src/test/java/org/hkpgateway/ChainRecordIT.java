package org.hkpgateway;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.hkpgateway.grpc.FakePluginProgram;
import org.hkpgateway.testsupport.GatewayProcess;
import org.hkpgateway.testsupport.RawClient;
import org.hkpgateway.testsupport.RawUpstream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What is told of decisions of real plugins: to the client, to other plugins and in the
 * access log. Unary and on the stream.
 */
@Timeout(300)
class ChainRecordIT {

	@TempDir
	private Path plugins;

	private final List<String> properties = new ArrayList<>();

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void bothPhasesAreOnTheLine(boolean stream) throws Exception {
		install("a-marks", "MARKS", stream, "/marks");
		FakePluginProgram.installReviewing(this.plugins, "b-reviews", "MARKS");
		configure("b-reviews", "/marks/reviewed", "grants=http.request,http.respond,http.response");
		install("c-denies", "DENIES", stream, "/marks/denied");
		install("d-fails", "ALL_DEFAULT_MESSAGE", stream, "/marks/fails");
		FakePluginProgram.installReviewing(this.plugins, "e-answers", "TELLS");
		configure("e-answers", "/only", "grants=http.response");
		install("f-reasons", "DENIES_WITH_REASON", stream, "/reasons");
		try (RawUpstream upstream = RawUpstream.answering("HTTP/1.0 200 OK\r\nContent-Length: 10\r\n\r\nkeyserver!");
				GatewayProcess gateway = start(upstream, "hkp.client-address.log=truncated")) {
			assertThat(get(gateway, "/marks/reviewed").header("x-answer-mark")).as(gateway::log).isEqualTo("2");
			String line = line(gateway, "/marks/reviewed");
			assertThat(line).contains("a-marks:continue(")
				.containsPattern("b-reviews:continue\\([\\d.]+ms\\),b-reviews:reviewed\\([\\d.]+ms\\)")
				.contains("changes=a-marks:x-mark,a-marks:response/x-answer-mark,"
						+ "b-reviews:response/x-answer-mark>a-marks ")
				.containsPattern("annotations=\"a-marks.mark=1 b-reviews.client=127.0.0.0/24:\\d+ b-reviews.target=/");

			for (String denied : List.of("/marks/denied", "/marks/fails")) {
				RawClient.Answer answer = get(gateway, denied);
				assertThat(answer.status()).isEqualTo(denied.equals("/marks/denied") ? 403 : 500);
				assertThat(answer.header("x-answer-mark")).isEqualTo("1");
				assertThat(answer.header("access-control-allow-origin")).isEqualTo("*");
				assertThat(line(gateway, denied)).contains("decision=answer");
			}

			assertThat(get(gateway, "/reasons").bytes()).doesNotContain("too much");
			assertThat(line(gateway, "/reasons"))
				.containsPattern(" plugin=f-reasons reason=\"too much from 127\\.0\\.0\\.0/24:\\d+\" ");

			RawClient.Answer only = get(gateway, "/only");
			assertThat(only.headers()).filteredOn((header) -> header.startsWith("X-Reviewed: "))
				.singleElement()
				.asString()
				.isEqualToNormalizingWhitespace("X-Reviewed: e-answers 200");
			assertThat(line(gateway, "/only")).containsPattern(",e-answers:reviewed\\([\\d.]+ms\\) ")
				.doesNotContain("e-answers:continue")
				.contains(" plugins_ms=- ");
			assertThat(gateway.log()).doesNotContain("127.0.0.1:" + gateway.port() + " ");
		}
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void timesAreToldWithoutTheDelayAndOfThoseThatLeaveToo(boolean stream) throws Exception {
		install("a-marks", "MARKS", stream, "/marks");
		install("b-silent", "NEVER_ANSWERS", stream, "/marks/silent");
		install("c-holds", "DELAYS_A_MINUTE", stream, "/holds");
		install("d-delays", "DELAYS", stream, "/delays");
		install("e-takes", "TAKES_300_MS", stream, "/told/late");
		install("f-tells", "TELLS_REQUEST", stream, "/told");
		install("g-tells", "TELLS_REQUEST", stream, "/short", "timeout=2s");
		try (RawUpstream upstream = RawUpstream.answering("HTTP/1.0 200 OK\r\nContent-Length: 10\r\n\r\nkeyserver!");
				GatewayProcess gateway = start(upstream)) {
			assertThat(deadline(get(gateway, "/told/late"))).as("what is left of 10 s").isBetween(1L, 9700L);
			assertThat(line(gateway, "/told/late")).containsPattern("e-takes:continue\\([3-9]\\d\\d\\.\\dms\\)");
			assertThat(deadline(get(gateway, "/short"))).as("its own timeout").isBetween(1L, 2000L);

			assertThat(get(gateway, "/delays").status()).isEqualTo(200);
			String delayed = line(gateway, "/delays");
			assertThat(delayed).contains("delay=d-delays:1500ms");
			assertThat(number(delayed, "ms") - number(delayed, "plugins_ms")).isGreaterThanOrEqualTo(1500);

			try (RawClient client = new RawClient(gateway.port())) {
				client.send("GET /marks/silent HTTP/1.1\r\nHost: keys\r\n\r\n");
				gateway.await("a call in flight",
						() -> gateway.actuator("plugins/b-silent").path("callsInFlight").asInt() == 1);
				client.reset();
			}
			String silent = line(gateway, "/marks/silent");
			assertThat(silent).containsPattern("a-marks:continue\\([\\d.]+ms\\),b-silent:cancelled\\([\\d.]+ms\\) ")
				.contains("note=\"client went away\"")
				.contains("annotations=\"a-marks.mark=1\"")
				.contains("changes=a-marks:x-mark,a-marks:response/x-answer-mark ");
			assertThat(number(silent, "plugins_ms")).isPositive();

			try (RawClient client = new RawClient(gateway.port())) {
				client.send("GET /holds HTTP/1.1\r\nHost: keys\r\n\r\n");
				gateway.await("one that is held",
						() -> gateway.actuator("metrics/hkp.chain.delayed")
							.path("measurements")
							.path(0)
							.path("value")
							.asInt(-1) == 1);
				client.reset();
			}
			String held = line(gateway, "/holds");
			assertThat(held).containsPattern(",c-holds:continue\\([\\d.]+ms\\) ")
				.containsPattern(" delay=c-holds:\\d{1,5}ms ")
				.contains("note=\"client went away\"");
			assertThat(number(held, "plugins_ms")).isPositive();
			assertThat(upstream.waiting()).isEqualTo(1);
		}
	}

	private static long deadline(RawClient.Answer answer) {
		Matcher matcher = Pattern.compile("deadline (\\d+)\n").matcher(answer.body());
		assertThat(matcher.find()).as(answer.body()).isTrue();
		return Long.parseLong(matcher.group(1));
	}

	private static double number(String line, String field) {
		Matcher matcher = Pattern.compile(" " + field + "=([\\d.]+)").matcher(line);
		assertThat(matcher.find()).as(line).isTrue();
		return Double.parseDouble(matcher.group(1));
	}

	private static String line(GatewayProcess gateway, String target) {
		String field = "target=\"" + target + "\"";
		gateway.await("the line of " + target,
				() -> gateway.accessLog().stream().anyMatch((line) -> line.contains(field)));
		return gateway.accessLog().stream().filter((line) -> line.contains(field)).findFirst().orElseThrow();
	}

	private static RawClient.Answer get(GatewayProcess gateway, String target) throws IOException {
		return RawClient.exchange(gateway.port(), "GET " + target + " HTTP/1.0\r\n\r\n");
	}

	private void install(String name, String behaviour, boolean stream, String path, String... settings)
			throws IOException {
		FakePluginProgram.installSpeaking(this.plugins, name, behaviour, stream,
				"capabilities = [\"http.request\", \"http.respond\", \"http.request.modify\"]");
		configure(name, path, settings);
	}

	private void configure(String name, String path, String... settings) {
		String prefix = "hkp.plugins.settings." + name + ".";
		this.properties.addAll(List.of(prefix + "match.paths=" + path + "," + path + "/**", prefix + "required=true",
				prefix + "timeout=20s"));
		for (String setting : settings) {
			this.properties.add(prefix + setting);
		}
	}

	private GatewayProcess start(RawUpstream upstream, String... more) {
		this.properties.addAll(List.of("hkp.plugins.directories=" + this.plugins, "hkp.upstream.urls=" + upstream.uri(),
				"hkp.plugins.default-grants=http.request,http.respond,http.request.modify",
				"hkp.plugins.chain-budget=10s", "hkp.plugins.response-budget=10s", "hkp.plugins.max-delay=20s"));
		this.properties.addAll(List.of(more));
		return GatewayProcess.start(this.properties.toArray(String[]::new));
	}

}
