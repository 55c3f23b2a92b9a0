package org.hkpgateway;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;

import org.hkpgateway.grpc.FakePluginProgram;
import org.hkpgateway.testsupport.GatewayProcess;
import org.hkpgateway.testsupport.RawClient;
import org.hkpgateway.testsupport.RawClient.Answer;
import org.hkpgateway.testsupport.TestCertificates;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.security.crypto.bcrypt.BCryptPasswordEncoder;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Who may do what on the management port of a gateway that runs, and what is written of
 * it. A port that is bound to every address is one beyond loopback, also for who comes
 * from this machine.
 */
@Timeout(180)
class ManagementSecurityIT {

	private static final String TOKEN = "a-token-that-nobody-guesses-0123456789";

	private static final String PASSWORD = "correct horse";

	private static final String RESTART = "{\"action\":\"restart\"}";

	@TempDir
	private Path temp;

	@Test
	void beyondLoopbackEverythingButHealthNeedsACredential() throws Exception {
		FakePluginProgram.installAs(this.temp, "a", "CONTINUES", "HEALTHY");
		String hash = new BCryptPasswordEncoder(4).encode(PASSWORD);
		try (GatewayProcess gateway = GatewayProcess.start("hkp.plugins.directories=" + this.temp,
				"hkp.plugins.settings.a.required=true", "management.server.address=0.0.0.0",
				"hkp.management.token=" + TOKEN, "hkp.management.user=op", "hkp.management.password={bcrypt}" + hash,
				"hkp.management.allowed-hosts=gateway.example")) {
			int port = gateway.managementPort();
			gateway.await("the plugin", () -> isReady(port));
			// Of what is refused within ten seconds only the first is written.
			assertThat(get(port, "/actuator/plugins", "X: y").status()).isEqualTo(401);
			healthIsEverybodys(port);
			readsNeedACredential(port);
			theEmptyPageIsEverybodys(port);
			hostsAreChecked(port);
			otherSitesChangeNothing(port);
			changesAreMadeAndWritten(gateway);
			wrongPasswordsAreFew(port);
			assertThat(gateway.runtime().resolve("management-token")).doesNotExist();
			assertThat(gateway.log()).contains("Management is open beyond loopback without TLS")
				.containsPattern(" hkp.audit .* outcome=refused status=401 ")
				.doesNotContain(TOKEN, PASSWORD, hash, basic("op", PASSWORD));
		}
	}

	private static boolean isReady(int port) {
		try {
			return get(port, "/actuator/health/plugins/a", bearer(TOKEN)).bytes().contains("\"state\":\"READY\"");
		}
		catch (Exception ex) {
			throw new IllegalStateException(ex);
		}
	}

	private static void healthIsEverybodys(int port) throws Exception {
		for (String path : List.of("/actuator/health", "/actuator/health/readiness", "/actuator/health/liveness")) {
			Answer answer = get(port, path, "Host: 192.0.2.7:11381");
			assertThat(answer.status()).as(path).isEqualTo(200);
			assertThat(answer.bytes()).contains("\"status\":\"UP\"").doesNotContain("READY", "components");
		}
		assertThat(get(port, "/actuator/health", bearer("wrong")).status()).isEqualTo(200);
		assertThat(get(port, "/actuator/health", bearer("wrong")).bytes()).doesNotContain("components");
		assertThat(get(port, "/actuator/health", bearer(TOKEN)).bytes()).contains("components", "READY");
		assertThat(get(port, "/actuator/health", basic("op", PASSWORD)).bytes()).contains("components", "READY");
	}

	private static void readsNeedACredential(int port) throws Exception {
		for (String path : List.of("/actuator", "/actuator/plugins", "/actuator/plugins/a", "/actuator/metrics",
				"/actuator/info", "/actuator/console/stream", "/nothing", "/actuator/health/../plugins")) {
			for (String fields : List.of("X-Forwarded-For: 127.0.0.1\r\nForwarded: for=127.0.0.1", bearer("wrong"),
					bearer(""), basic("op", "wrong"), "Authorization: Basic ????")) {
				assertThat(get(port, path, fields).status()).as(path + " " + fields)
					.isEqualTo(path.contains("..") ? 400 : 401);
			}
		}
		Answer refused = get(port, "/actuator/plugins", "X: y");
		assertThat(refused.bytes()).contains("Bearer realm=\"hkp-gateway\"", "Basic realm=\"hkp-gateway\"");
		assertThat(get(port, "/actuator/plugins", "Sec-Fetch-Mode: cors").bytes()).contains("Bearer realm=")
			.doesNotContain("Basic realm=");
		assertThat(get(port, "/actuator/plugins", bearer(TOKEN)).bytes()).contains("\"name\":\"a\"");
		assertThat(get(port, "/actuator/plugins", basic("op", PASSWORD)).bytes()).contains("\"name\":\"a\"");
		assertThat(get(port, "/actuator/plugins", basic("other", PASSWORD)).status()).isEqualTo(401);
	}

	/** A browser has no token to show before it has the page that asks for it. */
	private static void theEmptyPageIsEverybodys(int port) throws Exception {
		Answer page = get(port, "/actuator/console", "X: y");
		assertThat(page.status()).isEqualTo(200);
		assertThat(page.bytes()).contains("console/main.js");
		assertThat(get(port, "/actuator/console/main.js", "X: y").status()).isEqualTo(200);
		assertThat(post(port, "/actuator/console/token", "X: y", "").status()).isEqualTo(401);
		assertThat(post(port, "/actuator/console/token", bearer(TOKEN), "").status()).isEqualTo(204);
	}

	private static void hostsAreChecked(int port) throws Exception {
		for (String host : List.of("gateway.example", "GATEWAY.example.:11381", "localhost:1", "127.0.0.1",
				"[::1]:11381", "192.0.2.1:11381")) {
			assertThat(get(port, "/actuator/plugins", "Host: " + host + "\r\n" + bearer(TOKEN)).status()).as(host)
				.isEqualTo(200);
		}
		for (String host : List.of("evil.example", "127.0.0.1.evil.example", "localhost.evil.example:11381",
				"sub.gateway.example")) {
			Answer answer = get(port, "/actuator/health", "Host: " + host + "\r\n" + bearer(TOKEN));
			assertThat(answer.status()).as(host).isEqualTo(421);
			assertThat(answer.bytes()).contains("hkp.management.allowed-hosts");
		}
	}

	private static void otherSitesChangeNothing(int port) throws Exception {
		String own = "Host: localhost:11381\r\n" + basic("op", PASSWORD) + "\r\n";
		for (String origin : List.of("Origin: http://evil.example", "Origin: null", "Origin: http://localhost:1",
				"Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: same-site",
				"Sec-Fetch-Site: cross-site\r\nOrigin: http://localhost:11381")) {
			assertThat(post(port, "/actuator/plugins/a", own + origin, RESTART).status()).as(origin).isEqualTo(403);
			assertThat(post(port, "/actuator/explain", own + origin, "{}").status()).as(origin).isEqualTo(403);
		}
		for (String origin : List.of("Origin: http://localhost:11381", "Sec-Fetch-Site: same-origin", "X: y")) {
			assertThat(post(port, "/actuator/plugins/none", own + origin, RESTART).status()).as(origin).isEqualTo(404);
		}
	}

	private static void changesAreMadeAndWritten(GatewayProcess gateway) throws Exception {
		int port = gateway.managementPort();
		assertThat(post(port, "/actuator/plugins/a", "X: y", RESTART).status()).isEqualTo(401);
		assertThat(post(port, "/actuator/explain", "X: y", "{}").status()).isEqualTo(401);
		assertThat(post(port, "/actuator/plugins/a", basic("op", PASSWORD), RESTART).status()).isEqualTo(200);
		assertThat(post(port, "/actuator/plugins", bearer(TOKEN), "{\"action\":\"rescan\",\"dryRun\":true}").status())
			.isEqualTo(200);
		assertThat(
				send(port, "DELETE", "/actuator/plugins/a/state?key=ban%20%22x", bearer(TOKEN) + "\r\n", "").status())
			.isEqualTo(200);
		assertThat(post(port, "/actuator/explain", bearer(TOKEN), "nonsense").status()).isEqualTo(400);
		gateway.awaitLog(
				"who=op peer=127.0.0.1 action=restart plugin=a outcome=done status=200 method=POST path=/actuator/plugins/a",
				"who=token peer=127.0.0.1 action=\"rescan (dry run)\" outcome=done status=200 method=POST",
				"who=token peer=127.0.0.1 action=delete-state plugin=a key=\"ban \\\"x\" outcome=\"deleted 0\" status=200 "
						+ "method=DELETE path=/actuator/plugins/a/state",
				"who=token peer=127.0.0.1 action=explain outcome=refused status=400 ",
				"who=op peer=127.0.0.1 action=restart plugin=none outcome=refused status=404 ");
	}

	/** Not so many that the right one is kept out, once it was shown. */
	private static void wrongPasswordsAreFew(int port) throws Exception {
		Answer last = get(port, "/actuator/plugins", basic("op", "wrong"));
		for (int i = 0; i < 100 && last.status() == 401; i++) {
			last = get(port, "/actuator/plugins", basic("op", "wrong" + i));
		}
		assertThat(last.status()).isEqualTo(429);
		assertThat(last.header("retry-after")).isEqualTo("60");
		assertThat(get(port, "/actuator/plugins", basic("op", PASSWORD)).status()).isEqualTo(200);
		assertThat(get(port, "/actuator/plugins", bearer(TOKEN)).status()).isEqualTo(200);
		assertThat(get(port, "/actuator/health", basic("op", "wrong")).status()).isEqualTo(200);
	}

	@Test
	void withTlsAndATokenFromAFile() throws Exception {
		TestCertificates certificates = new TestCertificates();
		Path keys = Files.createDirectory(this.temp.resolve("keys"));
		certificates.server("localhost").writeTo(keys);
		Path secrets = Files.createDirectory(this.temp.resolve("secrets"));
		Files.writeString(secrets.resolve("hkp.management.token"), TOKEN + "\n");
		String bundle = "spring.ssl.bundle.pem.management.keystore.";
		try (GatewayProcess gateway = GatewayProcess.start("hkp.plugins.directories=" + keys,
				"spring.config.import=configtree:" + secrets + "/", "management.server.ssl.bundle=management",
				bundle + "certificate=file:" + keys.resolve("server.pem"),
				bundle + "private-key=file:" + keys.resolve("server.key"))) {
			HttpClient client = HttpClient.newBuilder().sslContext(certificates.client()).build();
			URI uri = URI.create("https://localhost:" + gateway.managementPort() + "/actuator/plugins");
			assertThat(client.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString()).body())
				.contains("\"plugins\":[]");
			// Everybody may read here, but not try credentials unseen.
			assertThat(client
				.send(HttpRequest.newBuilder(uri).header("Authorization", "Bearer wrong").build(),
						HttpResponse.BodyHandlers.discarding())
				.statusCode()).isEqualTo(200);
			gateway.awaitLog(
					"peer=127.0.0.1 outcome=\"credential refused\" status=200 method=GET " + "path=/actuator/plugins");
			for (boolean right : new boolean[] { false, true }) {
				HttpRequest rescan = HttpRequest.newBuilder(uri)
					.header("Content-Type", "application/json")
					.header("Authorization", "Bearer " + (right ? TOKEN : "wrong"))
					.POST(HttpRequest.BodyPublishers.ofString("{\"action\":\"rescan\"}"))
					.build();
				assertThat(client.send(rescan, HttpResponse.BodyHandlers.discarding()).statusCode())
					.isEqualTo(right ? 200 : 401);
			}
			assertThat(gateway.runtime().resolve("management-token")).doesNotExist();
			assertThat(get(gateway.managementPort(), "/actuator/health", "X: y").bytes()).doesNotContain(" 200 ");
		}
	}

	@Test
	void withoutACredentialThePortStaysOnLoopback() throws Exception {
		try (GatewayProcess gateway = GatewayProcess.launch("hkp.plugins.directories=" + this.temp,
				"management.server.address=0.0.0.0")) {
			assertThat(gateway.process().waitFor(120, TimeUnit.SECONDS)).isTrue();
			assertThat(gateway.process().exitValue()).isEqualTo(1);
			assertThat(gateway.log()).contains("management.server.address: expected: a loopback address",
					"hkp.management.token", "hkp.management.user", "hkp.management.password", "got: 0.0.0.0");
		}
	}

	private static String bearer(String token) {
		return "Authorization: Bearer " + token;
	}

	private static String basic(String user, String password) {
		return "Authorization: Basic "
				+ Base64.getEncoder().encodeToString((user + ":" + password).getBytes(StandardCharsets.UTF_8));
	}

	private static Answer get(int port, String path, String fields) throws Exception {
		return send(port, "GET", path, fields + "\r\n", "");
	}

	private static Answer post(int port, String path, String fields, String body) throws Exception {
		return send(port, "POST", path, fields + "\r\nContent-Type: application/json\r\n", body);
	}

	private static Answer send(int port, String method, String path, String fields, String body) throws Exception {
		String host = fields.contains("Host:") ? "" : "Host: 127.0.0.1:" + port + "\r\n";
		return RawClient.exchange(port, method + " " + path + " HTTP/1.1\r\nConnection: close\r\n" + host + fields
				+ "Content-Length: " + body.length() + "\r\n\r\n" + body);
	}

}
