package org.hkpgateway;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import org.hkpgateway.grpc.FakePluginProgram;
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
 * Traces of the real jar with real plugin processes, as a collector gets them.
 */
@Timeout(300)
class TraceIT {

	private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

	private static final String CLIENTS_TRACE = "0af7651916cd43dd8448eb211c80319c";

	private static final String GET = "GET /pks/lookup?op=get&search=alice@lab.example HTTP/1.1\r\nHost: k\r\n"
			+ "Connection: close\r\ntraceparent: 00-" + CLIENTS_TRACE + "-b7ad6b7169203331-%s\r\n"
			+ "tracestate: vendor=1\r\n\r\n";

	@TempDir
	private Path plugins;

	@Test
	void aRequestHasASpanForEachPluginAndTheKeyserver() throws Exception {
		String reviews = "capabilities = [\"http.request\", \"http.respond\", \"http.response\"]";
		FakePluginProgram.installTelling(this.plugins, "asked", false, reviews);
		FakePluginProgram.installTelling(this.plugins, "streamed", true);
		FakePluginProgram.installTelling(this.plugins, "shadow", false);
		FakePluginProgram.installAs(this.plugins, "denies", "DENIES");
		FakePluginProgram.installAs(this.plugins, "fails", "FAILS_UNKNOWN");
		try (TraceCollector collector = new TraceCollector();
				RawUpstream upstream = RawUpstream.answering(OK);
				GatewayProcess gateway = start(upstream, List.of("asked", "streamed", "shadow", "denies", "fails"),
						"hkp.plugins.settings.asked.grants=http.request,http.respond,http.response",
						"hkp.plugins.settings.shadow.mode=shadow", "hkp.plugins.settings.denies.match.paths=/deny",
						"hkp.plugins.settings.fails.match.paths=/fail", "hkp.client-address.log=truncated",
						"management.opentelemetry.tracing.export.otlp.endpoint=" + collector.endpoint(),
						"management.tracing.sampling.probability=1",
						"management.opentelemetry.tracing.export.schedule-delay=100ms")) {
			RawClient.Answer answer = RawClient.exchange(gateway.port(), GET.formatted("01"));
			assertThat(answer.status()).as(gateway::log).isEqualTo(200);
			gateway.await("six spans", () -> collector.spans().size() >= 6);
			Seen server = collector.only((span) -> span.kind().equals("SERVER"));
			assertThat(server.name()).isEqualTo("hkp LOOKUP_GET");
			assertThat(server.parent()).isEmpty();
			assertThat(server.trace()).as("of a client that is no trusted proxy").isNotEqualTo(CLIENTS_TRACE);
			assertThat(server.attributes()).containsEntry("http.request.method", "GET")
				.containsEntry("url.path", "/pks/lookup")
				.containsEntry("url.scheme", "http")
				.containsEntry("network.protocol.version", "1.1")
				.containsEntry("http.response.status_code", "200")
				.containsEntry("client.address", "127.0.0.0/24")
				.containsEntry("hkp.operation", "LOOKUP_GET")
				.containsEntry("hkp.decision", "forward")
				.containsEntry("hkp.ending", "whole");
			assertThat(server.attributes().get("hkp.plugins")).contains("asked:continue", "streamed:continue",
					"asked:reviewed");
			Seen asked = collector.only((span) -> isPlugin(span, "asked", "request"));
			Seen streamed = collector.only((span) -> isPlugin(span, "streamed", "request"));
			Seen shadow = collector.only((span) -> isPlugin(span, "shadow", "request"));
			Seen reviewed = collector.only((span) -> isPlugin(span, "asked", "response"));
			Seen keyserver = collector.only((span) -> span.attributes().containsKey("server.port"));
			assertThat(List.of(asked, streamed, shadow, reviewed, keyserver)).allSatisfy((span) -> {
				assertThat(span.trace()).isEqualTo(server.trace());
				assertThat(span.parent()).isEqualTo(server.id());
				assertThat(span.kind()).isEqualTo("CLIENT");
				assertThat(span.failed()).isFalse();
			});
			assertThat(asked.attributes()).containsEntry("hkp.plugin.outcome", "continue")
				.doesNotContainKey("hkp.plugin.shadow");
			assertThat(shadow.attributes()).containsEntry("hkp.plugin.shadow", "true");
			assertThat(reviewed.attributes()).containsEntry("hkp.plugin.outcome", "reviewed");
			assertThat(keyserver.name()).isEqualTo("GET");
			assertThat(keyserver.attributes()).containsEntry("server.port", Integer.toString(upstream.uri().getPort()))
				.containsEntry("http.response.status_code", "200");

			// What each was told, and by whom else.
			assertThat(answer.header("x-trace-asked")).isEqualTo("trace:" + asked.traceparent());
			assertThat(answer.header("x-trace-streamed")).isEqualTo("trace:" + streamed.traceparent());
			assertThat(answer.header("x-response-trace")).isEqualTo("trace:" + reviewed.traceparent());
			assertThat(answer.header("x-trace-shadow")).isNull();
			assertThat(traceFields(upstream)).containsExactly("traceparent: " + keyserver.traceparent());

			RawClient.exchange(gateway.port(), "GET /deny HTTP/1.0\r\n\r\n");
			RawClient.exchange(gateway.port(), "GET /fail HTTP/1.0\r\n\r\n");
			RawClient.exchange(gateway.port(), "GET /pks/lookup?op=%00 HTTP/1.0\r\n\r\n");
			// In which part of the path somebody is looked for only canonical ones tell.
			for (String path : List.of("/pks/v2//certs/by-identity/alice@lab.example",
					"/pks/v2/certs/%62y-identity/alice@lab.example", "/pks/v2/./certs/by-identity/alice@lab.example",
					"/pks/x/../v2/certs/by-identity/alice@lab.example")) {
				assertThat(RawClient.exchange(gateway.port(), "GET " + path + " HTTP/1.0\r\n\r\n").status()).as(path)
					.isEqualTo(400);
			}
			gateway.actuator("health");
			gateway.await("eight requests", () -> servers(collector).size() == 8);
			gateway.await("their plugins",
					() -> collector.spans().stream().anyMatch((span) -> isPlugin(span, "fails", "request")));
			assertThat(collector.only((span) -> isPlugin(span, "denies", "request")).attributes())
				.containsEntry("hkp.plugin.outcome", "respond");
			Seen fails = collector.only((span) -> isPlugin(span, "fails", "request"));
			assertThat(fails.failed()).isTrue();
			assertThat(fails.attributes()).containsEntry("hkp.plugin.outcome", "failed-closed")
				.containsEntry("error.type", "protocol-error");
			assertThat(servers(collector)).anySatisfy((span) -> {
				assertThat(span.id()).isEqualTo(fails.parent());
				assertThat(span.failed()).isTrue();
				assertThat(span.attributes()).containsEntry("hkp.plugin", "fails")
					.containsEntry("http.response.status_code", "500");
			})
				.filteredOn((span) -> "refuse".equals(span.attributes().get("hkp.decision")))
				.hasSize(5)
				.allSatisfy((span) -> assertThat(span.attributes()).containsEntry("http.response.status_code", "400")
					.doesNotContainKey("url.path"));
			assertThat(collector.spans()).filteredOn((span) -> span.attributes().containsKey("server.port")).hasSize(1);
			assertThat(collector.everything()).doesNotContain("alice").doesNotContain("actuator");
		}
	}

	@Test
	void theTraceOfATrustedProxyIsContinued() throws Exception {
		FakePluginProgram.installTelling(this.plugins, "asked", false);
		try (TraceCollector collector = new TraceCollector();
				RawUpstream upstream = RawUpstream.answering(OK);
				GatewayProcess gateway = start(upstream, List.of("asked"),
						"hkp.client-address.trusted-proxies=127.0.0.1",
						"management.opentelemetry.tracing.export.otlp.endpoint=" + collector.endpoint(),
						"management.tracing.sampling.probability=0",
						"management.opentelemetry.tracing.export.schedule-delay=100ms")) {
			// Its word about sampling counts more than the probability.
			RawClient.Answer unsampled = RawClient.exchange(gateway.port(), GET.formatted("00"));
			assertThat(unsampled.header("x-trace-asked")).matches("trace:00-" + CLIENTS_TRACE + "-[0-9a-f]{16}-0[02]");
			assertThat(traceFields(upstream)).hasSize(2)
				.anyMatch((line) -> line.matches("traceparent: 00-" + CLIENTS_TRACE + "-[0-9a-f]{16}-0[02]"))
				.contains("tracestate: vendor=1");
			RawClient.Answer ownTrace = RawClient.exchange(gateway.port(),
					"GET / HTTP/1.0\r\ntraceparent: 00-x\r\n\r\n");
			assertThat(ownTrace.header("x-trace-asked"))
				.matches("trace:00-(?!" + CLIENTS_TRACE + ")[0-9a-f]{32}-.*-0[02]");
			assertThat(traceFields(upstream)).hasSize(1);
			RawClient.exchange(gateway.port(), GET.formatted("01"));
			gateway.await("three spans", () -> collector.spans().size() >= 3);
			assertThat(collector.spans()).hasSize(3).allMatch((span) -> span.trace().equals(CLIENTS_TRACE));
			assertThat(servers(collector)).singleElement()
				.satisfies((span) -> assertThat(span.parent()).isEqualTo("b7ad6b7169203331"));
			assertThat(traceFields(upstream)).contains("tracestate: vendor=1");
		}
	}

	@Test
	void whatAPluginKeepsForARequestIsInItsTrace() throws Exception {
		try (TraceCollector collector = new TraceCollector();
				RawUpstream upstream = RawUpstream.answering(OK);
				GatewayProcess gateway = GatewayProcess.start("hkp.plugins.directories=" + GatewayProcess.ANTIABUSE,
						"hkp.upstream.urls=" + upstream.uri(), "hkp.plugins.settings.antiabuse.required=true",
						"hkp.plugins.settings.antiabuse.timeout=15s", "hkp.plugins.chain-budget=20s",
						"hkp.plugins.settings.antiabuse.grants=http.request,http.respond,state",
						"management.opentelemetry.tracing.export.otlp.endpoint=" + collector.endpoint(),
						"management.tracing.sampling.probability=1",
						"management.opentelemetry.tracing.export.schedule-delay=100ms")) {
			assertThat(RawClient.exchange(gateway.port(), GET.formatted("01")).status()).isEqualTo(200);
			gateway.await("the spans of request, plugin, keyserver and state",
					() -> collector.spans().stream().anyMatch((span) -> span.name().startsWith("host "))
							&& servers(collector).stream().anyMatch((span) -> span.name().startsWith("hkp ")));
			Seen plugin = collector.only((span) -> isPlugin(span, "antiabuse", "request"));
			assertThat(collector.spans()).filteredOn((span) -> span.name().startsWith("host "))
				.isNotEmpty()
				.allSatisfy((span) -> {
					assertThat(span.trace()).isEqualTo(plugin.trace());
					assertThat(span.parent()).isEqualTo(plugin.id());
					assertThat(span.kind()).isEqualTo("SERVER");
					assertThat(span.failed()).isFalse();
					assertThat(span.attributes()).containsEntry("hkp.plugin", "antiabuse")
						.containsEntry("rpc.system", "grpc")
						.containsEntry("rpc.method", span.name().substring("host ".length()))
						.containsEntry("hkp.host.outcome", "OK");
				});
			assertThat(collector.everything()).doesNotContain("127.0.0.1:").doesNotContain("alice");
		}
	}

	@Test
	void withoutACollectorNothingIsTraced() throws Exception {
		FakePluginProgram.installTelling(this.plugins, "asked", false);
		try (RawUpstream upstream = RawUpstream.answering(OK);
				GatewayProcess gateway = start(upstream, List.of("asked"))) {
			RawClient.Answer answer = RawClient.exchange(gateway.port(), GET.formatted("01"));
			// The client's own fields are fields like any other then.
			assertThat(answer.header("x-trace-asked")).isEqualTo("trace: and the client's");
			assertThat(traceFields(upstream))
				.containsExactly("traceparent: 00-" + CLIENTS_TRACE + "-b7ad6b7169203331-01", "tracestate: vendor=1");
			assertThat(gateway.jcmd("Thread.print")).contains("reactor-http").doesNotContain("BatchSpanProcessor");
		}
	}

	private static boolean isPlugin(Seen span, String plugin, String phase) {
		return span.name().equals("plugin " + plugin) && phase.equals(span.attributes().get("hkp.plugin.phase"));
	}

	private static List<Seen> servers(TraceCollector collector) {
		return collector.spans().stream().filter((span) -> span.kind().equals("SERVER")).toList();
	}

	private static List<String> traceFields(RawUpstream upstream) throws InterruptedException {
		return upstream.take().headers().stream().filter((line) -> line.startsWith("trace")).toList();
	}

	private GatewayProcess start(RawUpstream upstream, List<String> required, String... properties) {
		List<String> all = new ArrayList<>(
				List.of("hkp.plugins.directories=" + this.plugins, "hkp.upstream.urls=" + upstream.uri(),
						"hkp.plugins.chain-budget=20s", "hkp.plugins.response-budget=20s"));
		for (String plugin : required) {
			all.add("hkp.plugins.settings." + plugin + ".required=true");
			all.add("hkp.plugins.settings." + plugin + ".timeout=10s");
		}
		all.addAll(List.of(properties));
		return GatewayProcess.start(all.toArray(String[]::new));
	}

}
