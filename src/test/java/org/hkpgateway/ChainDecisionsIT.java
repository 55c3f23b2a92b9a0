package org.hkpgateway;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

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
 * What comes of decisions of real plugins: the same whether they are called once for each
 * request or speak the stream. Each plugin is shown the paths below its own.
 */
@Timeout(300)
class ChainDecisionsIT {

	@TempDir
	private Path plugins;

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void decisionsAreTheSameUnaryAndStreamed(boolean stream) throws Exception {
		install("a-marks", "MARKS", stream, "/marks");
		install("b-marks", "MARKS", stream, "/marks/twice");
		install("c-exact", "WANTS_EXACT", stream, "/pks/lookup");
		install("d-tells", "TELLS_REQUEST", stream, "/*/told");
		install("e-shouts", "SHOUTS", stream, "/shouts");
		install("f-bad", "REWRITES_BADLY", stream, "/bad");
		install("g-denies", "DENIES", stream, "/stage", "speculative = true");
		install("h-silent", "NEVER_ANSWERS", stream, "/stage", "speculative = true");
		install("i-default", "ALL_DEFAULT_MESSAGE", stream, "/default");
		install("j-open", "ALL_DEFAULT_MESSAGE", stream, "/open");
		install("k-denies", "DENIES", stream, "/shadow");
		install("l-silent", "NEVER_ANSWERS", stream, "/shadow");
		try (RawUpstream upstream = RawUpstream.answering("HTTP/1.0 200 OK\r\nContent-Length: 10\r\n\r\nkeyserver!");
				GatewayProcess gateway = start(upstream, "hkp.plugins.settings.h-silent.timeout=20s",
						"hkp.plugins.settings.j-open.fail=open", "hkp.plugins.settings.k-denies.mode=shadow",
						"hkp.plugins.settings.l-silent.mode=shadow", "hkp.plugins.settings.l-silent.timeout=20s")) {
			assertThat(gateway.actuator("plugins/a-marks").path("features").toString().contains("stream"))
				.isEqualTo(stream);

			RawClient.Answer marked = get(gateway, "/marks/twice");
			assertThat(marked.status()).as(gateway::log).isEqualTo(200);
			assertThat(marked.headers().stream().filter((line) -> line.equalsIgnoreCase("X-Answer-Mark: 1")))
				.hasSize(2);
			assertThat(upstream.take().headers()).contains("X-Mark: b-marks").doesNotContain("X-Mark: a-marks");
			awaitLine(gateway, "changes=a-marks:x-mark,a-marks:response/x-answer-mark,b-marks:x-mark>a-marks,"
					+ "b-marks:response/x-answer-mark");
			awaitLine(gateway, "annotations=\"a-marks.mark=1 b-marks.mark=1\"");

			assertThat(get(gateway, "/marks/told").body()).contains("target /marks/told\n")
				.contains("mark a-marks\nannotations {a-marks.mark=1}\n")
				.containsPattern("deadline (?:[1-9]|[1-9]\\d{1,3})\n");

			assertThat(get(gateway, "/pks/lookup?op=get&search=alice").status()).isEqualTo(200);
			assertThat(upstream.take().requestLine())
				.startsWith("GET /pks/lookup?op=get&search=alice&exact=on HTTP/1.");
			awaitLine(gateway, "changes=c-exact:target");

			assertThat(post(gateway, "/shouts", "body").status()).isEqualTo(200);
			RawUpstream.Received shouted = upstream.take();
			assertThat(new String(shouted.body(), StandardCharsets.UTF_8)).isEqualTo("BODY!");
			assertThat(shouted.headers()).contains("Content-Type: text/loud")
				.anyMatch("content-length: 5"::equalsIgnoreCase);
			awaitLine(gateway, "changes=e-shouts:body,e-shouts:content-type");

			assertThat(get(gateway, "/bad").status()).isEqualTo(500);
			awaitLine(gateway, "protocol-error: plugin f-bad: refused decision: target: expected: ");
			assertThat(get(gateway, "/default").status()).isEqualTo(500);
			assertThat(upstream.waiting()).isZero();
			assertThat(get(gateway, "/open").status()).isEqualTo(200);
			upstream.take();
			awaitLine(gateway, "annotations=\"j-open.failed=protocol-error\"");

			// Well before the timeout of the one that is cancelled, which is not blamed.
			assertThat(get(gateway, "/stage").status()).isEqualTo(403);
			awaitLine(gateway,
					"plugins=a-marks:skipped,b-marks:skipped,c-exact:skipped,d-tells:skipped,e-shouts:skipped,"
							+ "f-bad:skipped,i-default:skipped,j-open:skipped,k-denies:skipped,l-silent:skipped,g-denies:respond(");
			assertThat(gateway.actuator("plugins/h-silent").path("breaker").path("bufferedCalls").asInt(-1)).isZero();

			// One shadow would deny, the other one never answers: neither is noticed.
			assertThat(get(gateway, "/shadow").status()).isEqualTo(200);
			upstream.take();
			gateway.await("the comparison", () -> gateway.log()
				.contains("Shadow plugin k-denies: would-deny: it would have answered 403; it was " + "forwarded"));
			gateway.await("the metric",
					() -> gateway.actuator("metrics/hkp.plugin.shadow?tag=plugin:k-denies&tag=agreement:would-deny")
						.path("measurements")
						.toString()
						.contains("\"value\":1"));
			assertThat(gateway.actuator("plugins/k-denies").path("mode").asString("")).isEqualTo("shadow");
			assertThat(gateway.actuator("plugins/g-denies").path("speculative").asBoolean(false)).isTrue();
		}
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void requestsAreHeldAsLongAsPluginsAsk(boolean stream) throws Exception {
		install("a-delays", "DELAYS", stream, "/delays");
		install("b-denies", "DENIES_SLOWLY", stream, "/denies");
		install("c-holds", "DELAYS_A_MINUTE", stream, "/holds");
		try (RawUpstream upstream = RawUpstream.answering("HTTP/1.0 200 OK\r\nContent-Length: 10\r\n\r\nkeyserver!");
				// The delay is longer than the idle timeout, which is not about it.
				GatewayProcess gateway = start(upstream, "hkp.edge.idle-timeout=1s", "hkp.plugins.max-delay=20s",
						"hkp.plugins.max-delayed=1")) {
			long started = System.nanoTime();
			assertThat(get(gateway, "/delays").status()).as(gateway::log).isEqualTo(200);
			assertThat(System.nanoTime() - started).isGreaterThan(Duration.ofMillis(1500).toNanos());
			awaitLine(gateway, "delay=a-delays:1500ms");
			started = System.nanoTime();
			assertThat(post(gateway, "/denies", "body").status()).isEqualTo(429);
			assertThat(System.nanoTime() - started).isGreaterThan(Duration.ofMillis(1500).toNanos());
			awaitLine(gateway, "delay=b-denies:1500ms");

			upstream.take();
			try (RawClient held = new RawClient(gateway.port())) {
				held.send("GET /holds HTTP/1.1\r\nHost: keys\r\n\r\n");
				gateway.await("one that is held", () -> delayed(gateway) == 1);
				assertThat(get(gateway, "/denies").status()).isEqualTo(429);
				awaitLine(gateway, "delay=b-denies:refused");
				assertThat(gateway.log()).contains("Plugin c-holds asked for a delay of 60000 ms; longer ones than "
						+ "20000 ms, which is hkp.plugins.max-delay, are cut to it");
				held.reset();
			}
			gateway.await("none that is held", () -> delayed(gateway) == 0);
			awaitLine(gateway, "note=\"client went away\"");
			assertThat(upstream.waiting()).isZero();
		}
	}

	private static int delayed(GatewayProcess gateway) {
		return gateway.actuator("metrics/hkp.chain.delayed").path("measurements").path(0).path("value").asInt(-1);
	}

	private static void awaitLine(GatewayProcess gateway, String words) {
		gateway.await("the access log with " + words,
				() -> gateway.accessLog().stream().anyMatch((line) -> line.contains(words)));
	}

	private static RawClient.Answer get(GatewayProcess gateway, String target) throws IOException {
		return RawClient.exchange(gateway.port(), "GET " + target + " HTTP/1.0\r\n\r\n");
	}

	private static RawClient.Answer post(GatewayProcess gateway, String target, String body) throws IOException {
		return RawClient.exchange(gateway.port(),
				"POST " + target + " HTTP/1.0\r\nContent-Length: " + body.length() + "\r\n\r\n" + body);
	}

	private void install(String name, String behaviour, boolean stream, String path, String... manifest)
			throws IOException {
		List<String> lines = new ArrayList<>(List.of(manifest));
		lines.add("capabilities = [\"http.request\", \"http.respond\", \"http.request.body\", "
				+ "\"http.request.modify\", \"http.request.rewrite\"]");
		FakePluginProgram.installSpeaking(this.plugins, name, behaviour, stream, lines.toArray(String[]::new));
		Files.writeString(this.plugins.resolve(name).resolve("path"), path);
	}

	private GatewayProcess start(RawUpstream upstream, String... properties) throws IOException {
		List<String> all = new ArrayList<>(
				List.of("hkp.plugins.directories=" + this.plugins, "hkp.upstream.urls=" + upstream.uri(),
						"hkp.plugins.default-grants=http.request,http.respond,http.request.body,http.request.modify,"
								+ "http.request.rewrite",
						"hkp.plugins.chain-budget=25s"));
		try (var directories = Files.list(this.plugins)) {
			for (Path plugin : directories.toList()) {
				String settings = "hkp.plugins.settings." + plugin.getFileName();
				String path = Files.readString(plugin.resolve("path"));
				all.add(settings + ".match.paths=" + path + "," + path + "/**");
				all.add(settings + ".required=true");
				all.add(settings + ".timeout=5s");
				all.add(settings + ".body=full");
			}
		}
		all.addAll(List.of(properties));
		return GatewayProcess.start(all.toArray(String[]::new));
	}

}
