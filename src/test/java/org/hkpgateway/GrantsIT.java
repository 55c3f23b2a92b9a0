package org.hkpgateway;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

import org.hkpgateway.grpc.FakePluginProgram;
import org.hkpgateway.testsupport.GatewayProcess;
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
 * What real plugins see and do with and without each grant, whether they are called once
 * for each request or speak the stream. Each request asks one plugin, the one named by
 * the first part of its path, for what the second part names.
 */
@Timeout(400)
class GrantsIT {

	private static final List<String> ALL = List.of("http.request", "http.request.body", "http.request.modify",
			"http.request.rewrite", "http.respond", "http.credentials", "http.response");

	/** What needs which grant, and what its refusal says. */
	private static final List<Want> WANTS = List.of(
			new Want("marks", "fixed", "http.request.modify", "changed request headers"),
			new Want("wants-exact", "fixed", "http.request.rewrite", "rewrote the request"),
			new Want("shouts", "fixed", "http.request.rewrite", "replaced the body"),
			new Want("shouts", "blind", "http.request.body", "replaced the body"),
			new Want("sets-authorization", "blind", "http.credentials", "changed the request header Authorization"),
			new Want("adds-cookie", "blind", "http.credentials", "changed the response header Set-Cookie"),
			new Want("marks", "mute", "http.respond", "changed response headers"),
			new Want("denies", "mute", "http.respond", "answered the request"));

	private static final String ANSWER = "HTTP/1.0 200 OK\r\nContent-Length: 10\r\nSet-Cookie: keyserver=1\r\n"
			+ "X-Plain: 1\r\n\r\nkeyserver!";

	@TempDir
	private Path plugins;

	private final List<String> settings = new ArrayList<>();

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void whatIsNotGrantedIsNeitherShownNorDone(boolean stream) throws Exception {
		install("all", stream, without());
		for (String policy : List.of("closed", "open")) {
			install(policy + "-fixed", stream, without("http.request.modify", "http.request.rewrite"));
			install(policy + "-blind", stream, without("http.request.body", "http.credentials"));
			install(policy + "-mute", stream, without("http.respond"));
		}
		install("shadow", stream, List.of("http.request"), "mode=shadow");
		install("unseen", stream, List.of("http.respond"));
		try (RawUpstream upstream = RawUpstream.answering(ANSWER); GatewayProcess gateway = start(upstream)) {
			gateway.pluginPid("shadow");
			for (String plugin : List.of("all", "closed-fixed", "open-mute", "shadow")) {
				assertThat(gateway.actuator("plugins/" + plugin).path("features").toString().contains("stream"))
					.isEqualTo(stream);
			}
			withholdsFromWhoIsNotGranted(gateway);
			assertThat(upstream.waiting()).isZero();
			for (Want want : WANTS) {
				refusesClosed(gateway, want);
				assertThat(upstream.waiting()).as(want.toString()).isZero();
				refusesOpen(gateway, want, upstream);
			}
			doesWhatIsGranted(gateway, upstream);
			showsAShadowNoMore(gateway, upstream);
			// Not even asked: it would have answered.
			assertUntouched(ask(gateway, "unseen", "denies"), upstream, "unseen", "denies");
		}
	}

	private static void withholdsFromWhoIsNotGranted(GatewayProcess gateway) throws IOException {
		assertThat(ask(gateway, "all", "tells-view").body()).as(gateway::log)
			.contains("authorization", "cookie", "x-plain")
			.endsWith(" BODY_COMPLETE body");
		assertThat(explain(gateway, "all", "tells-view").path("result").path("body").asString(""))
			.contains("authorization", "cookie")
			.endsWith(" BODY_COMPLETE body");
		for (String policy : List.of("closed-", "open-")) {
			assertThat(ask(gateway, policy + "blind", "tells-view").body()).contains("x-plain")
				.doesNotContain("authorization", "cookie")
				.endsWith(" BODY_WITHHELD ");
			assertThat(explain(gateway, policy + "blind", "tells-view").path("result").path("body").asString(""))
				.contains("x-plain")
				.doesNotContain("authorization", "cookie")
				.endsWith(" BODY_WITHHELD ");
		}
	}

	private static void refusesClosed(GatewayProcess gateway, Want want) throws IOException {
		String plugin = "closed-" + want.plugin();
		RawClient.Answer answer = ask(gateway, plugin, want.behaviour());
		assertThat(answer.status()).as(() -> want + gateway.log()).isEqualTo(500);
		assertThat(answer.body()).isEqualTo("The request could not be processed.\n");
		assertThat(answer.header("x-answer-mark")).isNull();
		assertThat(answer.header("set-cookie")).isNull();
		assertThat(line(gateway, plugin, want)).contains(plugin + ":failed-closed(")
			.contains("protocol-error: plugin " + plugin + ": " + want.refusal());

		JsonNode explained = explain(gateway, plugin, want.behaviour());
		assertThat(explained.path("result").path("status").asInt()).as(explained.toString()).isEqualTo(500);
		assertThat(plugin(explained, plugin).path("outcome").asString("")).isEqualTo("failed-closed");
		assertThat(plugin(explained, plugin).path("why").asString("")).contains(want.refusal());
	}

	private static void refusesOpen(GatewayProcess gateway, Want want, RawUpstream upstream) throws Exception {
		String plugin = "open-" + want.plugin();
		assertUntouched(ask(gateway, plugin, want.behaviour()), upstream, plugin, want.behaviour());
		assertThat(line(gateway, plugin, want)).contains("decision=forward")
			.contains(plugin + ":failed-open(")
			.contains("annotations=\"" + plugin + ".failed=protocol-error\"")
			.doesNotContain("changes=");

		JsonNode explained = explain(gateway, plugin, want.behaviour());
		assertThat(explained.path("result").path("kind").asString("")).as(explained.toString()).isEqualTo("forward");
		assertThat(plugin(explained, plugin).path("outcome").asString("")).isEqualTo("failed-open");
		assertThat(plugin(explained, plugin).path("why").asString("")).contains(want.refusal());
		assertThat(explained.path("upstream").path("target").asString("")).isEqualTo(target(plugin, want.behaviour()));
		assertThat(explained.path("upstream").path("bodyReplaced").asBoolean()).isFalse();
		assertThat(explained.path("upstream").path("headers").toString()).doesNotContain("X-Mark", "text/loud");
		assertThat(explained.path("changes").isEmpty()).isTrue();
		assertThat(upstream.waiting()).isZero();
	}

	private static void doesWhatIsGranted(GatewayProcess gateway, RawUpstream upstream) throws Exception {
		RawClient.Answer marked = ask(gateway, "all", "marks");
		assertThat(marked.status()).as(gateway::log).isEqualTo(200);
		assertThat(marked.header("x-answer-mark")).isEqualTo("1");
		assertThat(upstream.take().headers()).contains("X-Mark: all");

		assertThat(ask(gateway, "all", "wants-exact").status()).as(gateway::log).isEqualTo(200);
		assertThat(upstream.take().requestLine()).startsWith("POST /all/wants-exact?a=b&exact=on ");

		assertThat(ask(gateway, "all", "shouts").status()).as(gateway::log).isEqualTo(200);
		RawUpstream.Received shouted = upstream.take();
		assertThat(new String(shouted.body(), StandardCharsets.UTF_8)).isEqualTo("BODY!");
		assertThat(shouted.headers()).contains("Content-Type: text/loud");

		assertThat(ask(gateway, "all", "sets-authorization").status()).as(gateway::log).isEqualTo(200);
		assertThat(upstream.take().headers()).contains("Authorization: Basic of-the-plugin")
			.doesNotContain("Authorization: Basic of-the-client");

		RawClient.Answer cookies = ask(gateway, "all", "adds-cookie");
		assertThat(cookies.headers()).as(gateway::log).contains("Set-Cookie: keyserver=1", "Set-Cookie: early=1");
		upstream.take();

		assertThat(ask(gateway, "all", "denies").status()).as(gateway::log).isEqualTo(403);
		assertThat(upstream.waiting()).isZero();
	}

	private static void showsAShadowNoMore(GatewayProcess gateway, RawUpstream upstream) throws Exception {
		assertUntouched(ask(gateway, "shadow", "tells-view"), upstream, "shadow", "tells-view");
		gateway.await("what the shadow saw", () -> seenByShadow(gateway).size() == 1);
		assertThat(seenByShadow(gateway)).singleElement()
			.asString()
			.contains("x-plain")
			.doesNotContain("authorization", "cookie")
			.endsWith(" BODY_WITHHELD");
		gateway.await("the comparison", () -> gateway.log()
			.contains("Shadow plugin shadow: failed: protocol-error: plugin shadow: refused decision: it answered "
					+ "the request without the grant http.respond"));
		for (Want want : WANTS) {
			assertUntouched(ask(gateway, "shadow", want.behaviour()), upstream, "shadow", want.behaviour());
			JsonNode explained = explain(gateway, "shadow", want.behaviour());
			assertThat(explained.path("result").path("kind").asString("")).isEqualTo("forward");
			assertThat(plugin(explained, "shadow").path("outcome").asString("")).isEqualTo("shadow");
			assertThat(plugin(explained, "shadow").path("why").asString("")).contains("refused decision: it ",
					" without the grant http.");
		}
		gateway.await("a failed comparison each",
				() -> gateway.actuator("metrics/hkp.plugin.shadow?tag=plugin:shadow&tag=agreement:failed")
					.path("measurements")
					.path(0)
					.path("value")
					.asInt() == 1 + WANTS.size());
		assertThat(upstream.waiting()).isZero();
	}

	private static List<String> seenByShadow(GatewayProcess gateway) {
		return gateway.log()
			.lines()
			.filter((line) -> line.contains("plugin.shadow") && line.contains("sees ["))
			.map(String::strip)
			.toList();
	}

	@Test
	void cookiesOfTheAnswerAreForThoseWithTheGrant() throws Exception {
		reviewing("reads", "TELLS_NAMES", "http.request,http.response");
		reviewing("writes", "SETS_COOKIE", "http.request,http.response");
		reviewing("both", "SETS_COOKIE", "http.request,http.response,http.credentials");
		try (RawUpstream upstream = RawUpstream.answering(ANSWER); GatewayProcess gateway = start(upstream)) {
			RawClient.Answer read = ask(gateway, "reads", "x");
			assertThat(read.header("x-seen")).as(gateway::log).contains("X-Plain").doesNotContainIgnoringCase("cookie");
			assertThat(cookies(read)).containsExactly("Set-Cookie: keyserver=1");

			RawClient.Answer refused = ask(gateway, "writes", "x");
			assertThat(refused.status()).isEqualTo(200);
			assertThat(refused.body()).isEqualTo("keyserver!");
			assertThat(refused.header("x-seen")).isNull();
			assertThat(cookies(refused)).containsExactly("Set-Cookie: keyserver=1");
			gateway.await("the refusal", () -> gateway.accessLog()
				.stream()
				.anyMatch((line) -> line.contains("writes:review-failed(")
						&& line.contains("note=\"protocol-error: plugin writes: refused decision: it changed the "
								+ "response header Set-Cookie without the grant http.credentials")));

			RawClient.Answer both = ask(gateway, "both", "x");
			assertThat(both.header("x-seen")).contains("X-Plain").containsIgnoringCase("set-cookie");
			assertThat(cookies(both)).containsExactly("Set-Cookie: keyserver=1", "Set-Cookie: late=1");
		}
	}

	private static List<String> cookies(RawClient.Answer answer) {
		return answer.headers().stream().filter((line) -> line.startsWith("Set-Cookie: ")).toList();
	}

	/** The keyserver got what the client sent, and the client what the keyserver sent. */
	private static void assertUntouched(RawClient.Answer answer, RawUpstream upstream, String plugin, String behaviour)
			throws Exception {
		assertThat(answer.status()).as(plugin + " " + behaviour).isEqualTo(200);
		assertThat(answer.body()).isEqualTo("keyserver!");
		assertThat(answer.header("x-answer-mark")).isNull();
		assertThat(cookies(answer)).containsExactly("Set-Cookie: keyserver=1");
		RawUpstream.Received received = upstream.take();
		assertThat(received.requestLine()).startsWith("POST " + target(plugin, behaviour) + " ");
		assertThat(new String(received.body(), StandardCharsets.UTF_8)).isEqualTo("body");
		assertThat(received.headers())
			.contains("Authorization: Basic of-the-client", "Cookie: session=1", "Content-Type: text/quiet")
			.noneMatch((line) -> line.startsWith("X-Mark"));
	}

	private static String line(GatewayProcess gateway, String plugin, Want want) {
		List<String> found = new ArrayList<>();
		gateway.await("a line about " + plugin + " and " + want, () -> {
			gateway.accessLog()
				.stream()
				.filter((line) -> line.contains("target=\"" + target(plugin, want.behaviour()) + "\""))
				.forEach(found::add);
			return !found.isEmpty();
		});
		return found.get(found.size() - 1);
	}

	private static RawClient.Answer ask(GatewayProcess gateway, String plugin, String behaviour) throws IOException {
		return RawClient.exchange(gateway.port(), "POST " + target(plugin, behaviour)
				+ " HTTP/1.0\r\nAuthorization: Basic of-the-client\r\n"
				+ "Cookie: session=1\r\nX-Plain: 1\r\nContent-Type: text/quiet\r\nContent-Length: 4\r\n\r\nbody");
	}

	private static JsonNode explain(GatewayProcess gateway, String plugin, String behaviour) {
		GatewayProcess.Changed answer = gateway.change("explain", """
				{"method": "POST", "target": "%s", "headers": ["Host: keys", "Authorization: Basic of-the-client",
				 "Cookie: session=1", "X-Plain: 1", "Content-Type: text/quiet"], "body": "body"}"""
			.formatted(target(plugin, behaviour)));
		assertThat(answer.status()).as(String.valueOf(answer.body())).isEqualTo(200);
		return answer.body();
	}

	private static String target(String plugin, String behaviour) {
		return "/" + plugin + "/" + behaviour + "?a=b";
	}

	private static JsonNode plugin(JsonNode explanation, String name) {
		for (JsonNode plugin : explanation.path("plugins")) {
			if (plugin.path("name").asString("").equals(name)) {
				return plugin;
			}
		}
		throw new AssertionError("expected: a plugin " + name + ", got: " + explanation);
	}

	private static List<String> without(String... withheld) {
		List<String> grants = new ArrayList<>(ALL);
		grants.removeAll(Arrays.asList(withheld));
		return grants;
	}

	private void install(String name, boolean stream, List<String> grants, String... more) throws IOException {
		FakePluginProgram.installSpeaking(this.plugins, name, "AS_ASKED", stream, capabilities());
		List<String> own = new ArrayList<>(
				List.of("body=full", "fail=" + (name.startsWith("open-") ? "open" : "closed")));
		own.addAll(List.of(more));
		set(name, String.join(",", grants), own);
	}

	private void reviewing(String name, String manners, String grants) throws IOException {
		FakePluginProgram.installReviewingWith(this.plugins, name, manners, capabilities());
		set(name, grants, List.of());
	}

	/** Everybody asks for everything: what differs is what the operator grants. */
	private static String capabilities() {
		return "capabilities = [\"" + String.join("\", \"", ALL) + "\"]";
	}

	private void set(String name, String grants, List<String> more) {
		String prefix = "hkp.plugins.settings." + name + ".";
		this.settings.addAll(List.of(prefix + "grants=" + grants, prefix + "match.paths=/" + name + "/**",
				prefix + "timeout=10s", prefix + "required=true"));
		more.forEach((setting) -> this.settings.add(prefix + setting));
	}

	private GatewayProcess start(RawUpstream upstream) {
		this.settings.addAll(List.of("hkp.plugins.directories=" + this.plugins, "hkp.upstream.urls=" + upstream.uri(),
				"hkp.plugins.chain-budget=20s", "hkp.plugins.response-budget=20s"));
		return GatewayProcess.start(this.settings.toArray(String[]::new));
	}

	/**
	 * Something that needs a grant.
	 *
	 * @param behaviour what the plugin is asked for
	 * @param plugin the name, without its fail policy, of one that lacks the grant
	 * @param grant which
	 * @param deed how the refusal begins
	 */
	private record Want(String behaviour, String plugin, String grant, String deed) {

		String refusal() {
			return "refused decision: it " + this.deed + " without the grant " + this.grant;
		}

	}

}
