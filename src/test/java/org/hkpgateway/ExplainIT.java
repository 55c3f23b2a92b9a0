package org.hkpgateway;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;

import org.hkpgateway.grpc.FakePluginProgram;
import org.hkpgateway.testsupport.GatewayProcess;
import org.hkpgateway.testsupport.GatewayProcess.Changed;
import org.hkpgateway.testsupport.RawClient;
import org.hkpgateway.testsupport.RawUpstream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * {@code POST /actuator/explain} of a gateway with real plugins.
 */
@Timeout(300)
class ExplainIT {

	@TempDir
	private Path plugins;

	private final List<String> settings = new ArrayList<>();

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void explainsAndChangesNothing(boolean stream) throws Exception {
		install("a-counts", "COUNTS", stream);
		install("b-marks", "MARKS", stream);
		install("c-exact", "WANTS_EXACT", stream, "/pks/lookup");
		install("d-shouts", "SHOUTS", stream, "/shouts");
		install("e-denies", "DENIES", stream, "/denies", "speculative = true");
		install("f-fails", "FAILS_UNKNOWN", stream, "/fails", "speculative = true");
		install("g-delays", "DELAYS_A_MINUTE", stream, "/delays");
		install("h-shadow", "DENIES", stream, "/shouts");
		FakePluginProgram.installAs(this.plugins, "i-old", "DENIES", "NO_DRY_RUN");
		FakePluginProgram.installReviewing(this.plugins, "j-reviews", "TELLS");
		install("k-host", "SETS_HOST", stream, "/host");
		FakePluginProgram.installReviewing(this.plugins, "l-blind", "TELLS");
		try (RawUpstream upstream = RawUpstream.answering("HTTP/1.0 200 OK\r\nContent-Length: 10\r\n\r\nkeyserver!");
				GatewayProcess gateway = start(upstream, "hkp.plugins.settings.h-shadow.mode=shadow",
						"hkp.plugins.settings.f-fails.fail=open", "hkp.plugins.settings.i-old.match.paths=/old",
						"hkp.plugins.settings.j-reviews.grants=http.request,http.respond,http.response",
						"hkp.plugins.settings.l-blind.grants=http.response",
						"hkp.plugins.settings.l-blind.mode=shadow")) {
			assertThat(gateway.actuator("plugins/a-counts").path("features").toString().contains("stream"))
				.isEqualTo(stream);

			JsonNode lookup = explain(gateway, """
					{"target": "/pks/lookup?op=get&search=0x0123456789abcdef", "headers": {"Host": "keys", "X-A": "1"},
					 "client": "203.0.113.7"}""");
			assertThat(lookup.path("understood").path("operation").asString("")).as(lookup.toString()).isEqualTo("get");
			assertThat(lookup.path("understood").path("keyId").asString("")).isEqualTo("0123456789ABCDEF");
			assertThat(plugin(lookup, "a-counts").path("why").asString("")).isEqualTo("real requests: 0");
			assertThat(plugin(lookup, "a-counts").path("annotations").toString()).isEqualTo("{\"real\":\"0\"}");
			assertThat(plugin(lookup, "b-marks").path("outcome").asString("")).isEqualTo("continue");
			assertThat(plugin(lookup, "b-marks").path("changes").toString())
				.isEqualTo("[\"request header: set X-Mark: b-marks\",\"response header: add X-Answer-Mark: 1\"]");
			assertThat(plugin(lookup, "c-exact").path("changes").toString()).contains("&exact=on");
			assertThat(plugin(lookup, "d-shouts").path("outcome").asString("")).isEqualTo("skipped");
			assertThat(plugin(lookup, "d-shouts").path("why").asString("")).isEqualTo("does not match: paths");
			assertThat(plugin(lookup, "d-shouts").path("called").asBoolean()).isFalse();
			assertThat(lookup.path("changes").toString()).contains("c-exact:target");
			JsonNode head = lookup.path("upstream");
			assertThat(head.path("target").asString(""))
				.isEqualTo("/pks/lookup?op=get&search=0x0123456789abcdef&exact=on");
			assertThat(head.path("role").asString("")).isEqualTo("any");
			assertThat(head.path("headers").toString()).contains("\"X-Mark: b-marks\"", "\"X-A: 1\"",
					"\"X-Real-IP: 203.0.113.7\"");
			assertThat(lookup.path("result").path("kind").asString("")).isEqualTo("forward");
			assertThat(lookup.path("result").path("reviewers").toString()).isEqualTo("[\"j-reviews\"]");

			assertThat(plugin(lookup, "l-blind").path("outcome").asString("")).isEqualTo("no-part");
			assertThat(plugin(lookup, "l-blind").path("why").asString("")).endsWith("it is in shadow mode");

			JsonNode shouts = explain(gateway,
					"{\"method\": \"POST\", \"target\": \"/shouts\", \"headers\": [\"Host: keys\"], \"body\": \"body\"}");
			assertThat(shouts.path("upstream").path("bodyLength").asLong()).as(shouts.toString()).isEqualTo(5);
			assertThat(shouts.path("upstream").path("bodyReplaced").asBoolean()).isTrue();
			assertThat(shouts.path("upstream").path("role").asString("")).isEqualTo("primary");
			assertThat(shouts.path("upstream").path("headers").toString()).contains("text/loud", "ontent-length: 5\"");
			assertThat(plugin(shouts, "h-shadow").path("outcome").asString("")).isEqualTo("shadow");
			assertThat(plugin(shouts, "h-shadow").path("status").asInt()).isEqualTo(403);

			JsonNode denies = explain(gateway, get("/denies"));
			assertThat(denies.path("result").path("kind").asString("")).isEqualTo("answer");
			assertThat(denies.path("result").path("status").asInt()).isEqualTo(403);
			assertThat(denies.path("result").path("body").asString("")).isEqualTo("no");
			assertThat(denies.has("upstream")).isFalse();
			assertThat(plugin(denies, "j-reviews").path("outcome").asString("")).isEqualTo("not-reached");
			assertThat(denies.path("result").path("headers").toString().toLowerCase(Locale.ROOT))
				.contains("access-control-allow-origin: *");

			JsonNode old = explain(gateway, get("/old"));
			assertThat(plugin(old, "i-old").path("outcome").asString("")).isEqualTo("not-called");
			assertThat(plugin(old, "i-old").path("why").asString("")).isEqualTo("does not declare dry_run");
			assertThat(old.path("result").path("kind").asString("")).isEqualTo("forward");
			assertThat(old.path("notes").toString()).contains("Not called", "i-old");
			JsonNode forced = explain(gateway,
					"{\"target\": \"/old\", \"headers\": {\"Host\": \"keys\"}, \"force\": true}");
			assertThat(plugin(forced, "i-old").path("forced").asBoolean()).isTrue();
			assertThat(forced.path("result").path("status").asInt()).isEqualTo(403);
			assertThat(plugin(forced, "a-counts").path("why").asString("")).isEqualTo("real requests: 0");

			JsonNode host = explain(gateway, get("/host"));
			assertThat(plugin(host, "k-host").path("outcome").asString("")).isEqualTo("failed-closed");
			assertThat(plugin(host, "k-host").path("why").asString("")).contains("refused decision: ");
			assertThat(host.path("result").path("status").asInt()).isEqualTo(500);

			JsonNode delays = explain(gateway, get("/delays"));
			assertThat(delays.path("delay").path("plugin").asString("")).isEqualTo("g-delays");
			assertThat(delays.path("delay").path("wantedMillis").asLong()).isEqualTo(60_000);

			// More than opens a circuit breaker.
			for (int i = 0; i < 30; i++) {
				JsonNode fails = explain(gateway, get("/fails"));
				assertThat(plugin(fails, "f-fails").path("outcome").asString("")).isEqualTo("failed-open");
				assertThat(plugin(fails, "f-fails").path("why").asString("")).contains(": plugin f-fails: ");
			}
			JsonNode guards = gateway.actuator("plugins/f-fails");
			assertThat(guards.path("breaker").path("state").asString("")).isEqualTo("CLOSED");
			assertThat(guards.path("breaker").path("bufferedCalls").asInt(-1)).isZero();
			assertThat(gateway.actuator("metrics").toString()).doesNotContain("hkp.plugin.calls\"");
			assertThat(gateway.accessLog()).isEmpty();
			assertThat(upstream.waiting()).isZero();

			assertThat(RawClient.exchange(gateway.port(), "GET /real HTTP/1.0\r\nHost: keys\r\n\r\n").status())
				.isEqualTo(200);
			upstream.take();
			assertThat(plugin(explain(gateway, get("/real")), "a-counts").path("why").asString(""))
				.isEqualTo("real requests: 1");
			assertThat(upstream.waiting()).isZero();

			for (int i = 0; i < 25; i++) {
				assertThat(RawClient.exchange(gateway.port(), "GET /fails HTTP/1.0\r\nHost: keys\r\n\r\n").status())
					.isEqualTo(200);
			}
			JsonNode open = explain(gateway, get("/fails"));
			assertThat(open.path("notes").toString()).containsPattern("circuit breaker of f-fails is (half )?open.*"
					+ "the request would go on without it \\(fail: open\\)");
		}
	}

	@Test
	void refusalsAndMistakesAreExplainedAndTheTokenIsNeeded() throws Exception {
		install("a-counts", "COUNTS", false);
		try (RawUpstream upstream = RawUpstream.answering("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n");
				GatewayProcess gateway = start(upstream, "hkp.edge.max-body=4KB")) {
			JsonNode refused = explain(gateway, get("/pks//lookup?op=get&search=x"));
			assertThat(refused.path("result").path("kind").asString("")).as(refused.toString()).isEqualTo("refused");
			assertThat(refused.path("result").path("status").asInt()).isEqualTo(400);
			assertThat(RawClient
				.exchange(gateway.port(), "GET /pks//lookup?op=get&search=x HTTP/1.1\r\nHost: keys\r\n\r\n")
				.body()).as("as for real").isEqualTo(refused.path("result").path("body").asString(""));
			assertThat(refused.path("plugins").isEmpty()).isTrue();

			JsonNode tooLarge = explain(gateway,
					"{\"method\":\"POST\",\"target\":\"/pks/add\",\"headers\":{\"Host\":\"k\"}," + "\"body\":\""
							+ "x".repeat(5000) + "\"}");
			assertThat(tooLarge.path("result").path("status").asInt()).isEqualTo(413);

			Changed mistake = gateway.change("explain", "{\"traget\":\"/\"}");
			assertThat(mistake.status()).isEqualTo(400);
			assertThat(mistake.body().path("message").asString("")).contains("got also: traget");
			Changed huge = gateway.change("explain", "{\"target\":\"/" + "x".repeat(300_000) + "\"}");
			assertThat(huge.status()).isEqualTo(413);
			assertThat(huge.body().path("message").asString("")).contains("expected: at most ");

			for (String token : new String[] { null, "", "wrong" }) {
				assertThat(gateway.change("explain", get("/"), token).status()).isEqualTo(401);
			}
			// The public port knows nothing of it.
			RawClient.exchange(gateway.port(), "POST /actuator/explain HTTP/1.0\r\nHost: keys\r\n"
					+ "Content-Length: 14\r\n\r\n{\"target\":\"/\"}");
			assertThat(upstream.take().requestLine()).startsWith("POST /actuator/explain ");
			assertThat(upstream.waiting()).isZero();
		}
	}

	/** The plugin is told what to do with dry runs by its SDK. */
	@Test
	void antiabuseCountsNoExplanation() throws Exception {
		try (RawUpstream upstream = RawUpstream.answering("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n");
				GatewayProcess gateway = GatewayProcess.start("hkp.plugins.directories=" + GatewayProcess.ANTIABUSE,
						"hkp.upstream.urls=" + upstream.uri(), "hkp.plugins.settings.antiabuse.timeout=5s",
						"hkp.plugins.chain-budget=6s", "hkp.plugins.settings.antiabuse.config.threshold=3")) {
			gateway.pluginPid("antiabuse");
			for (int i = 0; i < 6; i++) {
				JsonNode explained = explain(gateway, get("/pks/lookup?op=stats"));
				assertThat(plugin(explained, "antiabuse").path("outcome").asString("")).as(explained.toString())
					.isEqualTo("continue");
			}
			for (int status : new int[] { 200, 200, 200, 429 }) {
				assertThat(RawClient.exchange(gateway.port(), "GET /pks/lookup?op=stats HTTP/1.0\r\nHost: keys\r\n\r\n")
					.status()).isEqualTo(status);
			}
			JsonNode blocked = explain(gateway, get("/pks/lookup?op=stats"));
			assertThat(blocked.path("result").path("status").asInt()).isEqualTo(429);
			assertThat(plugin(blocked, "antiabuse").path("why").asString("")).startsWith("more than 3");
		}
	}

	@Test
	void fewAreExplainedAtATime() throws Exception {
		install("a-silent", "NEVER_ANSWERS", false, "/silent");
		try (RawUpstream upstream = RawUpstream.answering("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n");
				GatewayProcess gateway = start(upstream)) {
			gateway.pluginPid("a-silent");
			AtomicBoolean refused = new AtomicBoolean();
			List<CompletableFuture<Changed>> slow = new ArrayList<>();
			for (int i = 0; i < 2; i++) {
				slow.add(CompletableFuture.supplyAsync(() -> {
					Changed last = gateway.change("explain", get("/silent"));
					while (!refused.get() || last.status() == 429) {
						last = gateway.change("explain", get("/silent"));
					}
					return last;
				}));
			}
			gateway.await("one too many", () -> {
				Changed third = gateway.change("explain", get("/other"));
				refused.set(third.status() == 429 && third.body()
					.path("message")
					.asString("")
					.startsWith("expected: at most 2 explanations at a time"));
				return refused.get();
			});
			for (CompletableFuture<Changed> each : slow) {
				JsonNode late = each.get(60, TimeUnit.SECONDS).body();
				assertThat(plugin(late, "a-silent").path("why").asString("")).startsWith("timeout: ");
				assertThat(late.path("result").path("status").asInt()).isEqualTo(500);
			}
			assertThat(explain(gateway, get("/other")).path("result").path("kind").asString("")).isEqualTo("forward");
			assertThat(gateway.actuator("plugins/a-silent").path("breaker").path("bufferedCalls").asInt(-1)).isZero();
		}
	}

	private static JsonNode explain(GatewayProcess gateway, String request) {
		Changed answer = gateway.change("explain", request);
		assertThat(answer.status()).as(String.valueOf(answer.body())).isEqualTo(200);
		return answer.body();
	}

	private static String get(String target) {
		return "{\"target\": \"" + target + "\", \"headers\": {\"Host\": \"keys\"}}";
	}

	private static JsonNode plugin(JsonNode explanation, String name) {
		for (JsonNode plugin : explanation.path("plugins")) {
			if (plugin.path("name").asString("").equals(name)) {
				return plugin;
			}
		}
		throw new AssertionError("expected: a plugin " + name + ", got: " + explanation);
	}

	private void install(String name, String behaviour, boolean stream, String... rules) throws Exception {
		List<String> manifest = new ArrayList<>(
				List.of("capabilities = [\"http.request\", \"http.request.body\", \"http.request.modify\", "
						+ "\"http.request.rewrite\", \"http.respond\"]", "body = \"full\""));
		for (String rule : rules) {
			if (!rule.startsWith("/")) {
				manifest.add(rule);
			}
		}
		FakePluginProgram.installSpeaking(this.plugins, name, behaviour, stream, manifest.toArray(String[]::new));
		if (rules.length > 0) {
			this.settings.add("hkp.plugins.settings." + name + ".match.paths=" + rules[0]);
		}
		this.settings.add("hkp.plugins.settings." + name + ".grants=http.request,http.request.body,"
				+ "http.request.modify,http.request.rewrite,http.respond");
	}

	private GatewayProcess start(RawUpstream upstream, String... properties) throws IOException {
		List<String> all = new ArrayList<>(this.settings);
		all.add("hkp.upstream.urls=" + upstream.uri());
		all.add("hkp.plugins.directories=" + this.plugins);
		all.add("hkp.plugins.chain-budget=20s");
		try (Stream<Path> directories = Files.list(this.plugins)) {
			directories.forEach((plugin) -> all.add("hkp.plugins.settings." + plugin.getFileName() + ".timeout=5s"));
		}
		all.addAll(List.of(properties));
		GatewayProcess gateway = GatewayProcess.start(all.toArray(String[]::new));
		for (JsonNode plugin : gateway.actuator("plugins").path("plugins")) {
			gateway.pluginPid(plugin.path("name").asString(""));
		}
		return gateway;
	}

}
