package org.hkpgateway;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.hkpgateway.grpc.FakePluginProgram;
import org.hkpgateway.testsupport.GatewayProcess;
import org.hkpgateway.testsupport.RawClient;
import org.hkpgateway.testsupport.RawUpstream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The access log of the real jar.
 */
@Timeout(180)
class AccessLogIT {

	private static final Pattern FIELD = Pattern.compile("(\\w+)=(\"(?:[^\"\\\\]|\\\\.)*\"|\\S+)");

	private static final String ANSWER = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nSet-Cookie: secret-cookie\r\n\r\nhello";

	private static final String UPLOAD = "POST /pks/add?x=%22y HTTP/1.1\r\nHost: keys\r\nConnection: close\r\n"
			+ "Authorization: Basic secret-password\r\nCookie: secret-session\r\nContent-Length: 19\r\n\r\n"
			+ "keytext=secret-body";

	@TempDir
	private Path plugins;

	@Test
	void aLineSaysWhoWhatHowLongAndHowMuch() throws Exception {
		FakePluginProgram.installAs(this.plugins, "lets", "CONTINUES");
		try (RawUpstream upstream = RawUpstream.answering(ANSWER);
				GatewayProcess gateway = GatewayProcess.start("hkp.plugins.directories=" + this.plugins,
						"hkp.plugins.settings.lets.required=true", "hkp.plugins.settings.lets.timeout=10s",
						"hkp.plugins.chain-budget=20s", "hkp.upstream.urls=" + upstream.uri())) {
			assertThat(RawClient.exchange(gateway.port(), UPLOAD).status()).as(gateway::log).isEqualTo(200);
			Map<String, String> line = line(gateway, "/pks/add");
			assertThat(line.keySet()).containsExactly("request", "client", "protocol", "tls", "method", "target",
					"operation", "plugins", "decision", "status", "plugin", "annotations", "upstream", "in", "out",
					"ms", "plugins_ms", "upstream_first_ms", "upstream_ms");
			assertThat(line).containsEntry("client", "127.0.0.1")
				.containsEntry("protocol", "HTTP/1.1")
				.containsEntry("tls", "false")
				.containsEntry("method", "POST")
				.containsEntry("target", "\"/pks/add?x=%22y\"")
				.containsEntry("operation", "ADD")
				.containsEntry("decision", "forward")
				.containsEntry("status", "200")
				.containsEntry("plugin", "-")
				.containsEntry("upstream", "127.0.0.1:" + upstream.uri().getPort())
				.containsEntry("in", "19")
				.containsEntry("out", "5");
			assertThat(line.get("plugins")).matches("lets:continue\\(\\d+\\.\\dms\\)");
			double all = Double.parseDouble(line.get("ms"));
			double asked = Double.parseDouble(line.get("upstream_ms"));
			assertThat(Double.parseDouble(line.get("plugins_ms"))).isPositive().isLessThanOrEqualTo(all);
			assertThat(Double.parseDouble(line.get("upstream_first_ms"))).isPositive().isLessThanOrEqualTo(asked);
			assertThat(asked).isLessThanOrEqualTo(all);

			RawClient.exchange(gateway.port(), "GET /pks/lookup?op=%00 HTTP/1.0\r\n\r\n");
			assertThat(line(gateway, "op=%00")).containsEntry("decision", "refuse")
				.containsEntry("status", "400")
				.containsEntry("protocol", "HTTP/1.0")
				.containsEntry("upstream", "-")
				.containsEntry("upstream_ms", "-")
				.containsEntry("plugins_ms", "-")
				.containsKey("note");
			assertThat(gateway.log()).doesNotContain("secret-");
			assertThat(upstream.take().head()).contains("secret-password");
		}
	}

	@Test
	void inAStructuredLogFieldsAreMembers() throws Exception {
		try (RawUpstream upstream = RawUpstream.answering(ANSWER);
				GatewayProcess gateway = GatewayProcess.launch("logging.structured.format.console=ecs",
						"hkp.client-address.log=truncated", "hkp.upstream.urls=" + upstream.uri())) {
			gateway.await("the start", () -> gateway.log().contains("Started HkpGatewayApplication"));
			assertThat(RawClient.exchange(gateway.port(), UPLOAD).status()).isEqualTo(200);
			gateway.await("the record", () -> gateway.log().contains("/pks/add"));
			JsonMapper json = new JsonMapper();
			List<JsonNode> all = gateway.log().lines().map(json::readTree).toList();
			JsonNode record = all.get(all.size() - 1);
			assertThat(record.path("log").path("logger").asString()).isEqualTo("hkp.access");
			assertThat(record.path("message").asString()).isEqualTo("POST /pks/add?x=%22y 200");
			JsonNode hkp = record.path("hkp");
			assertThat(hkp.path("client").asString()).isEqualTo("127.0.0.0/24");
			assertThat(hkp.path("status").asInt()).isEqualTo(200);
			assertThat(hkp.path("in").isNumber()).isTrue();
			assertThat(hkp.path("ms").isNumber()).isTrue();
			assertThat(hkp.path("operation").asString()).isEqualTo("ADD");
			assertThat(hkp.has("plugin")).isFalse();
			assertThat(gateway.log()).doesNotContain("secret-");
		}
	}

	@Test
	void withoutAddressesNothingOnTheLineHasOne() throws Exception {
		try (RawUpstream upstream = RawUpstream.answering(ANSWER);
				GatewayProcess gateway = GatewayProcess.start("hkp.client-address.log=none",
						"hkp.client-address.trusted-proxies=127.0.0.1", "hkp.upstream.urls=" + upstream.uri())) {
			RawClient.exchange(gateway.port(),
					"GET /pks/lookup?op=index&search=203.0.113.77 HTTP/1.0\r\nX-Forwarded-For: 203.0.113.77\r\n\r\n");
			RawClient.exchange(gateway.port(), "POST /pks/add HTTP/1.0\r\nX-Forwarded-For: 203.0.113.77\r\n"
					+ "Content-Length: 5\r\nContent-Length: 6\r\n\r\n");
			gateway.await("both lines", () -> gateway.accessLog().size() == 2);
			assertThat(gateway.accessLog()).allMatch((line) -> line.contains(" client=- "));
			assertThat(gateway.log()).doesNotContain("203.0.113.77");
			assertThat(upstream.take().head()).contains("X-Real-IP: 203.0.113.77");
		}
	}

	/**
	 * As under a supervisor that hangs, or a terminal with the screen held. The pipe
	 * takes 64 KiB, the queue some thousand lines; then lines are dropped, and requests
	 * are not.
	 */
	@Test
	void aReaderThatStopsDoesNotStopTheGateway() throws Exception {
		try (GatewayProcess gateway = GatewayProcess.launchPiped();
				BufferedReader out = new BufferedReader(
						new InputStreamReader(gateway.process().getInputStream(), StandardCharsets.UTF_8))) {
			String line = out.readLine();
			while (!line.contains("Started HkpGatewayApplication")) {
				line = out.readLine();
			}
			String request = "GET /pks/lookup?op=index&search=" + "x".repeat(500) + " HTTP/1.1\r\nHost: k\r\n\r\n";
			int requests = 0;
			try (RawClient client = new RawClient(gateway.port())) {
				while (dropped(gateway) == 0) {
					for (int i = 0; i < 500; i++) {
						assertThat(client.send(request).read().status()).isEqualTo(404);
					}
					requests += 500;
					assertThat(requests).as("requests without a line dropped").isLessThan(50_000);
				}
				for (int i = 0; i < 100; i++) {
					assertThat(client.send(request).read().status()).isEqualTo(404);
				}
				assertThat(dropped(gateway)).isGreaterThanOrEqualTo(100);
				// A line for each request that was not dropped, and a word about the
				// rest.
				int lines = 0;
				String missing = "";
				long end = System.nanoTime() + Duration.ofSeconds(60).toNanos();
				while (missing.isEmpty()) {
					assertThat(System.nanoTime()).as("the word about missing lines, within 60 s").isLessThan(end);
					line = readOrAsk(out, client, request);
					lines += line.contains(" hkp.access ") ? 1 : 0;
					missing = line.contains("log lines are missing") ? line : "";
				}
				assertThat(lines).isGreaterThan(5000);
				assertThat(missing).contains("WARN")
					.containsPattern(" [1-9]\\d* log lines are missing before this one");
			}
		}
	}

	@Test
	void aGatewayWhoseLogNobodyReadsCanBeStopped() throws Exception {
		try (GatewayProcess gateway = GatewayProcess.launchPiped();
				BufferedReader out = new BufferedReader(
						new InputStreamReader(gateway.process().getInputStream(), StandardCharsets.UTF_8))) {
			String line = out.readLine();
			while (!line.contains("Started HkpGatewayApplication")) {
				line = out.readLine();
			}
			String request = "GET /pks/lookup?op=index&search=" + "x".repeat(4000) + " HTTP/1.1\r\nHost: k\r\n\r\n";
			try (RawClient client = new RawClient(gateway.port())) {
				for (int i = 0; i < 100; i++) {
					assertThat(client.send(request).read().status()).isEqualTo(404);
				}
			}
			gateway.process().destroy();
			assertThat(gateway.process().waitFor(60, TimeUnit.SECONDS)).as("stopped").isTrue();
		}
	}

	/**
	 * The word about missing lines comes with the next line after there is room again.
	 */
	private static String readOrAsk(BufferedReader out, RawClient client, String request) throws Exception {
		while (!out.ready()) {
			client.send(request).read();
		}
		return out.readLine();
	}

	private static double dropped(GatewayProcess gateway) {
		return gateway.actuator("metrics/hkp.log.dropped").path("measurements").path(0).path("value").asDouble();
	}

	private static Map<String, String> line(GatewayProcess gateway, String target) {
		gateway.await("the line of " + target,
				() -> gateway.accessLog().stream().anyMatch((line) -> line.contains(target)));
		String text = gateway.accessLog().stream().filter((line) -> line.contains(target)).findFirst().orElseThrow();
		Matcher matcher = FIELD.matcher(text.substring(text.indexOf("request=")));
		Map<String, String> fields = new LinkedHashMap<>();
		while (matcher.find()) {
			fields.put(matcher.group(1), matcher.group(2));
		}
		return fields;
	}

}
