package org.hkpgateway;

import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.hkpgateway.grpc.FakePluginProgram;
import org.hkpgateway.testsupport.ForeignPlugins;
import org.hkpgateway.testsupport.ForeignPlugins.Language;
import org.hkpgateway.testsupport.GatewayProcess;
import org.hkpgateway.testsupport.RawClient;
import org.hkpgateway.testsupport.RawUpstream;
import org.hkpgateway.testsupport.TraceCollector;
import org.hkpgateway.testsupport.TraceCollector.Seen;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Plugins of the three SDKs have keys, and are asked for them by a real gateway: for a
 * plugin without an SDK, and for one of the Java SDK within a trace.
 */
@Timeout(300)
class SdkKeysIT {

	private static final String FPR = "0123456789ABCDEF0123456789ABCDEF01234567";

	private static final String FACTS = FPR + " " + FPR.substring(24) + " ";

	private static final String CAPABILITIES = "capabilities = [\"http.request\", \"http.respond\", \"storage.query\", \"storage.provide\", \"state\"]";

	@TempDir
	private Path plugins;

	@Test
	void whatHasKeysIsAskedAndContinuesTheTrace() throws Exception {
		List<String> settings = new ArrayList<>();
		FakePluginProgram.installSpeaking(this.plugins, "asker", "ASKS_STORAGE", false, CAPABILITIES);
		ForeignPlugins.install(this.plugins, Language.SDK_JAVA, "traced", CAPABILITIES);
		for (String asker : List.of("asker", "traced")) {
			settings.addAll(settings(asker, 9, "http.request,http.respond,storage.query"));
		}
		List<Language> languages = List.of(Language.SDK_JAVA, Language.SDK_GO, Language.SDK_PYTHON);
		for (Language language : languages) {
			ForeignPlugins.install(this.plugins, language, language.label(), CAPABILITIES);
			settings.addAll(settings(language.label(), languages.indexOf(language), "storage.provide,state"));
		}
		try (TraceCollector collector = new TraceCollector();
				RawUpstream keyserver = RawUpstream
					.answering("HTTP/1.0 200 OK\r\n\r\npub:" + FPR + ":1:1:1::\nuid:of the keyserver:::\n");
				GatewayProcess gateway = gateway(keyserver, collector, settings)) {
			for (Language language : languages) {
				String name = language.label().substring("sdk-".length()) + " ";
				assertThat(ask(gateway, "SEARCH", "alice", "")).contains(FACTS + "[" + name + "SEARCH alice]")
					.endsWith("\ntotal 1\n");
				assertThat(ask(gateway, "LOOKUP", FPR, "")).contains("[" + name + "LOOKUP 0x" + FPR + "]");
				assertThat(ask(gateway, "FETCH", "alice", "")).contains("[" + name + "FETCH alice]", " 980102\n");
				assertThat(ask(gateway, "SEARCH", "many", "")).endsWith("\ntotal 2500\n").hasLineCount(101);
				assertThat(ask(gateway, "SEARCH", "many", "&stream")).endsWith("\nend\n").hasLineCount(2501);
				for (String query : List.of("declined", "fails")) {
					assertThat(ask(gateway, "SEARCH", query, "")).as(query).contains("[of the keyserver]");
				}
				assertThat(provided(gateway, language, "declined")).isEqualTo(1);
				assertThat(provided(gateway, language, "failed")).isEqualTo(1);

				String term = "traced by " + language.label();
				assertThat(get(gateway, "/traced?search=" + encoded(term))).isEqualTo(name + "SEARCH " + term + "\n");
				gateway.await("the request's id in both logs", () -> isLoggedAlike(gateway.log(), term));
				int calls = languages.indexOf(language) + 1;
				gateway.await("the span of the plugin that asked", () -> calls(collector).size() == calls);
				Seen call = calls(collector).get(calls - 1);
				String trace = call.trace();
				gateway.await("the spans of what both asked of the gateway", () -> below(collector, call).size() == 1
						&& below(collector, below(collector, call).get(0)).size() == 1);
				assertHost(below(collector, call).get(0), "RequestStorage", "traced");
				assertHost(below(collector, below(collector, call).get(0)).get(0), "IncrementState", language.label());
				gateway.await("trace " + trace + " in what " + language.label() + " logs",
						() -> gateway.log()
							.lines()
							.anyMatch((line) -> line.contains("asked for " + term) && line.contains(trace)));

				assertThat(gateway.change("plugins/" + language.label(), "{\"action\":\"disable\"}").status())
					.isEqualTo(200);
			}
			assertThat(ask(gateway, "SEARCH", "bob", "")).contains("[of the keyserver]");
			assertThat(get(gateway, "/traced?search=carol")).isEqualTo("of the keyserver\n");
			gateway.await("the plugin's span", () -> calls(collector).size() == languages.size() + 1);
			Seen call = calls(collector).get(languages.size());
			gateway.await("the span of the query, and that of the keyserver", () -> below(collector, call).size() == 1
					&& below(collector, below(collector, call).get(0)).size() == 1);
			Seen asked = below(collector, call).get(0);
			assertHost(asked, "RequestStorage", "traced");
			Seen answered = below(collector, asked).get(0);
			assertThat(answered.name()).isEqualTo("GET");
			assertThat(answered.kind()).isEqualTo("CLIENT");
			assertThat(answered.failed()).isFalse();
			assertThat(answered.attributes()).containsEntry("server.port", Integer.toString(keyserver.uri().getPort()))
				.containsEntry("http.response.status_code", "200");
			assertThat(collector.spans()).as("of a plugin that says nothing of a trace")
				.filteredOn((span) -> span.name().startsWith("host "))
				.hasSize(2 * languages.size() + 1)
				.noneMatch((span) -> "asker".equals(span.attributes().get("hkp.plugin")));
			assertThat(collector.everything()).doesNotContain("carol");
		}
	}

	private static List<Seen> below(TraceCollector collector, Seen parent) {
		return collector.spans()
			.stream()
			.filter((span) -> span.trace().equals(parent.trace()) && span.parent().equals(parent.id()))
			.toList();
	}

	private static void assertHost(Seen span, String method, String plugin) {
		assertThat(span.name()).isEqualTo("host " + method);
		assertThat(span.kind()).isEqualTo("SERVER");
		assertThat(span.failed()).isFalse();
		assertThat(span.attributes()).containsEntry("hkp.plugin", plugin)
			.containsEntry("rpc.method", method)
			.containsEntry("hkp.host.outcome", "OK");
	}

	/**
	 * Whether the plugin that asks says the id of the access log, though it is asked on a
	 * stream.
	 */
	private static boolean isLoggedAlike(String log, String term) {
		Matcher asks = Pattern.compile("asks for " + term + ".*request_id=[^ a-f0-9]?([a-f0-9.]+)").matcher(log);
		return asks.find() && log.lines()
			.anyMatch((line) -> line.contains("/traced?") && line.contains("request=" + asks.group(1) + " "));
	}

	/** Of the plugin that asks within a trace, in order. */
	private static List<Seen> calls(TraceCollector collector) {
		return collector.spans().stream().filter((span) -> span.name().equals("plugin traced")).toList();
	}

	private static List<String> settings(String plugin, int order, String grants) {
		String prefix = "hkp.plugins.settings." + plugin;
		return List.of(prefix + ".required=true", prefix + ".timeout=20s", prefix + ".order=" + order,
				prefix + ".match.paths=/" + plugin, prefix + ".grants=" + grants);
	}

	private GatewayProcess gateway(RawUpstream keyserver, TraceCollector collector, List<String> settings) {
		List<String> properties = new ArrayList<>(settings);
		properties.addAll(List.of("hkp.plugins.directories=" + this.plugins, "hkp.upstream.urls=" + keyserver.uri(),
				"hkp.plugins.chain-budget=30s", "hkp.storage.timeout=10s",
				"management.opentelemetry.tracing.export.otlp.endpoint=" + collector.endpoint(),
				"management.tracing.sampling.probability=1",
				"management.opentelemetry.tracing.export.schedule-delay=100ms"));
		return GatewayProcess.start(properties.toArray(String[]::new));
	}

	private static String ask(GatewayProcess gateway, String type, String query, String more) throws IOException {
		return get(gateway, "/asker?type=" + type + "&query=" + encoded(query) + more);
	}

	private static String encoded(String query) {
		return URLEncoder.encode(query, StandardCharsets.UTF_8);
	}

	private static String get(GatewayProcess gateway, String target) throws IOException {
		return RawClient.exchange(gateway.port(), "GET " + target + " HTTP/1.0\r\nHost: k\r\n\r\n").body();
	}

	private static int provided(GatewayProcess gateway, Language language, String outcome) {
		return gateway
			.actuator("metrics/hkp.plugin.storage.queries?tag=plugin:" + language.label() + "&tag=outcome:" + outcome)
			.path("measurements")
			.path(0)
			.path("value")
			.asInt(0);
	}

}
