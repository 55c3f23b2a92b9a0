package org.hkpgateway;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

import org.hkpgateway.testsupport.Command;
import org.hkpgateway.testsupport.GatewayProcess;
import org.hkpgateway.testsupport.GpgHome;
import org.hkpgateway.testsupport.RawClient;
import org.hkpgateway.testsupport.Requirements;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * {@code hkp.edge.allowed-hosts} and {@code hkp.edge.hsts}, as clients see them.
 */
@Timeout(120)
class ServedHostsIT {

	private static final String FINGERPRINT = "0123456789ABCDEF0123456789ABCDEF01234567";

	private static final String MISSING = "/pks/lookup?op=get&options=mr&search=0x" + FINGERPRINT;

	private static final String HSTS = "strict-transport-security: max-age=31536000; includeSubDomains";

	private static GatewayProcess gateway;

	@TempDir
	private Path temp;

	@BeforeAll
	static void start() {
		gateway = GatewayProcess.start("hkp.edge.allowed-hosts=keys.example,*.keys.example",
				"hkp.edge.hsts=365d include-subdomains", "hkp.client-address.trusted-proxies=127.0.0.1");
	}

	@AfterAll
	static void stop() {
		gateway.close();
	}

	@Test
	void anotherHostIsMisdirectedAndTheConnectionGoesOn() throws Exception {
		try (RawClient client = new RawClient(gateway.port())) {
			RawClient.Answer refused = client.send("GET " + MISSING + " HTTP/1.1\r\nHost: evil.example\r\n\r\n").read();
			assertThat(refused.bytes()).startsWith("HTTP/1.1 421 ");
			assertThat(refused.header("content-type")).startsWith("text/plain");
			assertThat(refused.header("access-control-allow-origin")).isEqualTo("*");
			assertThat(refused.header("connection")).isNull();
			assertThat(refused.body()).isEqualTo("This server does not serve the host that was asked for.\n");
			assertThat(
					client.send("GET " + MISSING + " HTTP/1.1\r\nHost: a.keys.example:11371\r\n\r\n").read().status())
				.isEqualTo(404);
		}
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|',
			value = { "GET /pks/lookup?op=stats HTTP/1.0\\r\\n\\r\\n | 421", "GET / HTTP/1.0\\r\\n\\r\\n | 421",
					"OPTIONS /pks/add HTTP/1.1\\r\\nHost: other\\r\\n\\r\\n | 421",
					"GET /pks/health HTTP/1.0\\r\\n\\r\\n | 200",
					"GET /pks/health HTTP/1.1\\r\\nHost: 10.0.0.1\\r\\n\\r\\n | 200",
					"GET /pks/health?x HTTP/1.1\\r\\nHost: 10.0.0.1\\r\\n\\r\\n | 200",
					"GET /pks/hashquery HTTP/1.0\\r\\n\\r\\n | 421",
					"POST /pks/add HTTP/1.1\\r\\nHost: other\\r\\nContent-Length: 3\\r\\n\\r\\na=b | 421",
					"GET /pks/lookup?op=stats HTTP/1.1\\r\\nHost: KEYS.EXAMPLE.\\r\\n\\r\\n | 200" })
	void onlyHashqueryAndHealthDoWithoutTheName(String request, int status) throws Exception {
		try (RawClient client = new RawClient(gateway.port())) {
			assertThat(client.send(request.replace("\\r\\n", "\r\n")).read().status()).isEqualTo(status);
		}
	}

	@Test
	void aPeerKeyserversHashqueryPasses() throws Exception {
		String body = "\0\0\0\1\0\0\0\20\u00e0\u00ff0123456789abcd";
		assertThat(RawClient
			.exchange(gateway.port(),
					"POST /pks/hashquery HTTP/1.0\r\ncontent-length: " + body.length() + "\r\n\r\n" + body)
			.status()).as("the embedded keyserver's answer").isEqualTo(501);
	}

	/** With one request each time: gpg asks a host no more that it has marked dead. */
	@Test
	void gpgTakesItForNoData() {
		try (GpgHome home = GpgHome.create()) {
			for (int i = 0; i < 2; i++) {
				long before = lines("status=421");
				Command.Result refused = home.runWithKeyserver(gateway.uri(), "--recv-keys", FINGERPRINT);
				assertThat(refused.exitCode()).isNotZero();
				assertThat(refused.errors()).contains("No data");
				gateway.await("the line of gpg's request", () -> lines("status=421") > before);
				assertThat(lines("status=421")).isEqualTo(before + 1);
			}
		}
	}

	@Test
	void sqReportsAnErrorAndAsksOnce() {
		Path sq = Requirements.program("sq");
		long before = lines("status=421");
		Command.Result refused = Command.run(this.temp, Duration.ofSeconds(60), new byte[0],
				List.of(sq.toString(), "keyserver", "--policy", "insecure", "--server",
						"hkp://127.0.0.1:" + gateway.port(), "get", FINGERPRINT));
		assertThat(refused.exitCode()).isNotZero();
		assertThat(refused.errors()).contains("Error communicating with server");
		gateway.await("the line of sq's request", () -> lines("status=421") > before);
		assertThat(lines("status=421")).isEqualTo(before + 1);
	}

	@ParameterizedTest
	@CsvSource({ "keys.example,/pks/lookup?op=stats,200", "keys.example,/pks/none,404", "evil.example,/pks/stats,421" })
	void onlyClientsOfTlsAreToldToStayThere(String host, String target, int status) throws Exception {
		String head = "GET " + target + " HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n";
		RawClient.Answer tls = RawClient.exchange(gateway.port(), head + "X-Forwarded-Proto: https\r\n\r\n");
		assertThat(tls.status()).isEqualTo(status);
		assertThat(tls.headers()).contains(HSTS);
		for (String clear : List.of("", "X-Forwarded-Proto: http\r\n", "Forwarded: proto=http\r\n",
				"X-Forwarded-For: 192.0.2.1\r\nForwarded: proto=https\r\n")) {
			assertThat(RawClient.exchange(gateway.port(), head + clear + "\r\n").header("strict-transport-security"))
				.as(clear)
				.isNull();
		}
	}

	private static long lines(String text) {
		return gateway.accessLog().stream().filter((line) -> line.contains(text)).count();
	}

}
