package org.hkpgateway;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

import org.hkpgateway.grpc.FakePluginProgram;
import org.hkpgateway.testsupport.GatewayProcess;
import org.hkpgateway.testsupport.RawClient;
import org.hkpgateway.testsupport.RawHttp2;
import org.hkpgateway.testsupport.RawUpstream;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Real plugins that are shown some requests only.
 */
@Timeout(180)
class MatchRulesIT {

	@TempDir
	private Path temp;

	private Path plugins;

	private RawUpstream upstream;

	@BeforeEach
	void setUp() throws IOException {
		this.plugins = Files.createDirectory(this.temp.resolve("plugins"));
		this.upstream = RawUpstream.answering("HTTP/1.0 200 OK\r\nContent-Length: 10\r\n\r\nkeyserver!");
	}

	@AfterEach
	void tearDown() throws IOException {
		this.upstream.close();
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void eachPluginSeesWhatItsRulesSayAndNothingElse(boolean stream) throws Exception {
		for (String name : List.of("searches", "uploads", "local")) {
			FakePluginProgram.installSpeaking(this.plugins, name, "DENIES", stream);
		}
		FakePluginProgram.installSpeaking(this.plugins, "crashes", "HALTS", stream);
		try (GatewayProcess gateway = start("hkp.client-address.trusted-proxies=127.0.0.1",
				"hkp.plugins.settings.searches.match.operations=index,vindex",
				"hkp.plugins.settings.uploads.match.methods=POST", "hkp.plugins.settings.uploads.match.paths=/pks/add",
				"hkp.plugins.settings.uploads.match.clients=192.0.2.0/24,2001:db8::/32",
				"hkp.plugins.settings.local.match.clients=127.0.0.0/8",
				"hkp.plugins.settings.local.match.operations=not-hkp",
				"hkp.plugins.settings.crashes.match.paths=/pks/v2/**")) {
			assertThat(gateway.actuator("plugins/searches").path("features").toString().contains("stream"))
				.isEqualTo(stream);
			assertThatRulesHold(gateway, MatchRulesIT::status, "HTTP/1.0");
			assertThatRulesHold(gateway, MatchRulesIT::statusOverHttp2, "HTTP/2.0");

			long pid = gateway.pluginPid("crashes");
			assertThat(statusOverHttp2(gateway, "GET", "/pks/v2/certs/by-keyid/8559FE01CBF164CB", null)).isEqualTo(500);
			gateway.otherPluginPid("crashes", pid);
		}
	}

	private void assertThatRulesHold(GatewayProcess gateway, Client client, String protocol) throws Exception {
		assertThat(client.status(gateway, "GET", "/pks/lookup?op=index&search=alice", null)).isEqualTo(403);
		assertThat(client.status(gateway, "HEAD", "/pks/lookup?op=index&search=alice", null)).isEqualTo(403);
		assertThat(client.status(gateway, "GET", "/pks/lookup?op=vindex&search=alice", null)).isEqualTo(403);
		assertThat(client.status(gateway, "POST", "/pks/add", "192.0.2.7")).isEqualTo(403);
		assertThat(client.status(gateway, "POST", "/pks/add", "::ffff:192.0.2.7")).isEqualTo(403);
		assertThat(client.status(gateway, "POST", "/pks/add", "2001:db8::7")).isEqualTo(403);
		assertThat(client.status(gateway, "GET", "/index.html", null)).isEqualTo(403);
		assertThat(this.upstream.waiting()).isZero();

		assertThat(client.status(gateway, "GET", "/pks/lookup?op=get&search=alice", null)).isEqualTo(200);
		assertThat(client.status(gateway, "GET", "/pks/lookup?op=stats", null)).isEqualTo(200);
		assertThat(client.status(gateway, "POST", "/pks/add", "198.51.100.7")).isEqualTo(200);
		assertThat(client.status(gateway, "POST", "/pks/add", "2001:db9::7")).isEqualTo(200);
		assertThat(client.status(gateway, "POST", "/pks/replace", "192.0.2.7")).isEqualTo(200);
		assertThat(client.status(gateway, "GET", "/index.html", "192.0.2.7")).isEqualTo(200);
		assertThat(this.upstream.waiting()).isEqualTo(6);
		for (int i = 0; i < 6; i++) {
			this.upstream.take();
		}

		awaitLine(gateway, " protocol=" + protocol + " ",
				"operation=LOOKUP_VINDEX plugins=crashes:skipped," + "local:skipped,uploads:skipped,searches:respond(");
		awaitLine(gateway, " protocol=" + protocol + " ", "operation=LOOKUP_GET plugins=crashes:skipped,"
				+ "local:skipped,searches:skipped,uploads:skipped decision=forward");
		awaitLine(gateway, " client=192.0.2.7 protocol=" + protocol + " ", "operation=ADD plugins=");
	}

	@Test
	void theListOfPluginsShowsTheirRules() throws Exception {
		install("a", "CONTINUES");
		install("b", "CONTINUES");
		try (GatewayProcess gateway = start("hkp.plugins.settings.a.match.methods=POST",
				"hkp.plugins.settings.a.match.operations=v2-add,add", "hkp.plugins.settings.a.match.paths=/pks/**",
				"hkp.plugins.settings.a.match.clients=10.1.2.3/8,::1")) {
			assertThat(gateway.actuator("plugins/a").path("match").toString())
				.isEqualTo("{\"methods\":[\"POST\"],\"operations\":[\"add\",\"v2-add\"],\"paths\":[\"/pks/**\"],"
						+ "\"clients\":[\"10.0.0.0/8\",\"::1/128\"]}");
			assertThat(gateway.actuator("plugins/b").path("match").toString())
				.isEqualTo("{\"methods\":[],\"operations\":[],\"paths\":[],\"clients\":[]}");
		}
	}

	/** The plugin could take 4 MB: if it wanted this body, the answer would be 413. */
	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void noBodyIsHeldForAPluginThatDoesNotSeeTheRequest(boolean stream) throws Exception {
		FakePluginProgram.installSpeaking(this.plugins, "tells_body", "TELLS_BODY", stream,
				"capabilities = [\"http.request\", \"http.respond\", \"http.request.body\"]");
		String settings = "hkp.plugins.settings.tells_body.";
		try (GatewayProcess gateway = start(settings + "grants=http.request,http.respond,http.request.body",
				settings + "body=full", settings + "match.operations=add", "hkp.edge.max-body=8MB")) {
			byte[] body = new byte[5 * 1024 * 1024];
			assertThat(upload(gateway, "/pks/add", body).status()).as(gateway::log).isEqualTo(413);
			assertThat(this.upstream.waiting()).isZero();
			assertThat(upload(gateway, "/pks/replace", body).status()).as(gateway::log).isEqualTo(200);
			assertThat(this.upstream.take().body()).hasSize(body.length);
			assertThat(upload(gateway, "/pks/add", new byte[100]).body()).startsWith("BODY_COMPLETE 100 100 ");
		}
	}

	@Test
	void aRescanPutsOtherRulesInForce() throws Exception {
		install("a", "DENIES");
		Path configuration = Files.createDirectory(this.temp.resolve("config")).resolve("application.yml");
		try (GatewayProcess gateway = start(
				"spring.config.additional-location=file:" + configuration.getParent() + "/")) {
			long before = gateway.pluginPid("a");
			assertThat(status(gateway, "GET", "/pks/stats", null)).isEqualTo(403);

			Files.writeString(configuration, "hkp.plugins.settings.a.match.operations: [add, idnex]\n");
			GatewayProcess.Changed faulty = rescan(gateway);
			assertThat(faulty.status()).isEqualTo(400);
			assertThat(String.valueOf(faulty.body()))
				.contains("hkp.plugins.settings.a.match.operations: expected: " + "one of other, get, ")
				.contains(", got: idnex");
			assertThat(status(gateway, "GET", "/pks/stats", null)).isEqualTo(403);

			Files.writeString(configuration, "hkp.plugins.settings.a.match: {operations: [add], clients: [127.0.0.1]}");
			JsonNode report = rescan(gateway).body();
			assertThat(report.path("changed").toString())
				.isEqualTo("{\"a\":[\"match everything -> operations add and clients 127.0.0.1/32\"]}");
			assertThat(report.path("results").path("a").path("outcome").asString("")).isEqualTo("DONE");
			assertThat(gateway.pluginPid("a")).isNotEqualTo(before);
			assertThat(status(gateway, "GET", "/pks/stats", null)).isEqualTo(200);
			assertThat(status(gateway, "POST", "/pks/add", null)).isEqualTo(403);

			Files.writeString(configuration, "hkp.plugins.settings.a.match: {clients: [127.0.0.1], operations: [add]}");
			assertThat(rescan(gateway).body().path("unchanged").toString()).isEqualTo("[\"a\"]");
		}
	}

	private static void awaitLine(GatewayProcess gateway, String... words) {
		gateway.await("the access log with " + List.of(words),
				() -> gateway.accessLog()
					.stream()
					.anyMatch((line) -> List.of(words).stream().allMatch(line::contains)));
	}

	private static GatewayProcess.Changed rescan(GatewayProcess gateway) {
		return gateway.change("plugins", "{\"action\":\"rescan\"}");
	}

	private static int status(GatewayProcess gateway, String method, String target, String forwardedFor)
			throws IOException {
		String headers = (forwardedFor != null) ? "X-Forwarded-For: " + forwardedFor + "\r\n" : "";
		String length = method.equals("POST") ? "Content-Length: 0\r\n" : "";
		return RawClient.exchange(gateway.port(), method + " " + target + " HTTP/1.0\r\n" + headers + length + "\r\n")
			.status();
	}

	private static int statusOverHttp2(GatewayProcess gateway, String method, String target, String forwardedFor)
			throws IOException {
		String[] headers = (forwardedFor != null) ? new String[] { "x-forwarded-for", forwardedFor } : new String[0];
		try (RawHttp2 client = RawHttp2.connect(gateway.port())) {
			return client.request(1, true, method, target, headers).answer(1).status();
		}
	}

	private static RawClient.Answer upload(GatewayProcess gateway, String target, byte[] body) throws IOException {
		try (RawClient client = new RawClient(gateway.port())) {
			client.send("POST " + target + " HTTP/1.0\r\nContent-Length: " + body.length + "\r\n\r\n").send(body);
			return client.readToEnd();
		}
	}

	private void install(String name, String behaviour) throws IOException {
		FakePluginProgram.installAs(this.plugins, name, behaviour);
	}

	private GatewayProcess start(String... properties) throws IOException {
		List<String> all = new ArrayList<>(List.of("hkp.plugins.directories=" + this.plugins,
				"hkp.upstream.urls=" + this.upstream.uri(), "hkp.plugins.chain-budget=20s"));
		try (var names = Files.list(this.plugins)) {
			names.map((path) -> "hkp.plugins.settings." + path.getFileName())
				.forEach((settings) -> all.addAll(List.of(settings + ".required=true", settings + ".timeout=15s")));
		}
		all.addAll(Arrays.asList(properties));
		return GatewayProcess.start(all.toArray(String[]::new));
	}

	/** Sends a request and tells the status that came back. */
	@FunctionalInterface
	private interface Client {

		int status(GatewayProcess gateway, String method, String target, String forwardedFor) throws IOException;

	}

}
