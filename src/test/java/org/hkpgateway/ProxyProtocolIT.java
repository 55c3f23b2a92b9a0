package org.hkpgateway;

import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

import org.hkpgateway.testsupport.Command;
import org.hkpgateway.testsupport.FreePorts;
import org.hkpgateway.testsupport.GatewayProcess;
import org.hkpgateway.testsupport.RawClient;
import org.hkpgateway.testsupport.RawHttp2;
import org.hkpgateway.testsupport.RawUpstream;
import org.hkpgateway.testsupport.Requirements;
import org.hkpgateway.testsupport.TestCertificates;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The PROXY protocol before TLS, HTTP/1 and HTTP/2 of the real gateway, with haproxy and
 * curl.
 */
@Timeout(180)
class ProxyProtocolIT {

	private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

	private static final String HEADER = "PROXY TCP4 192.0.2.7 198.51.100.1 4711 11371\r\n";

	private static final String REQUEST = "GET /pks/lookup?op=stats HTTP/1.0\r\nX-Forwarded-For: 203.0.113.99\r\n\r\n";

	@TempDir
	private static Path directory;

	private static RawUpstream upstream;

	private static GatewayProcess gateway;

	private @Nullable Process haproxy;

	@BeforeAll
	static void startGateway() throws IOException {
		TestCertificates authority = new TestCertificates();
		authority.server("keys").writeTo(directory);
		Files.writeString(directory.resolve("ca.pem"), authority.authority());
		upstream = RawUpstream.answering(OK);
		String bundle = "spring.ssl.bundle.pem.keys.keystore.";
		gateway = GatewayProcess.start(bundle + "certificate=" + directory.resolve("server.pem"),
				bundle + "private-key=" + directory.resolve("server.key"), "hkp.tls.bundle=keys",
				"hkp.upstream.urls=" + upstream.uri(), "hkp.client-address.trusted-proxies=127.0.0.1",
				"hkp.client-address.proxy-protocol=required");
	}

	@AfterAll
	static void stopGateway() throws IOException {
		try (RawUpstream first = upstream; GatewayProcess second = gateway) {
			// Closed even if the start has failed.
		}
	}

	@BeforeEach
	void forgetRequestsOfOthers() throws InterruptedException {
		while (upstream.waiting() > 0) {
			upstream.take();
		}
	}

	@AfterEach
	void endHaproxy() throws Exception {
		if (this.haproxy != null) {
			this.haproxy.destroyForcibly().waitFor(10, TimeUnit.SECONDS);
		}
	}

	@Test
	void behindTheHeaderComesWhateverCouldComeWithoutIt() throws Exception {
		String clear = "http://localhost:" + gateway.port() + "/pks/lookup?op=stats";
		String tls = "https://localhost:" + gateway.port() + "/pks/lookup?op=stats";
		for (String[] arguments : new String[][] { { "--http1.0", clear }, { "--http1.1", clear },
				{ "--http2-prior-knowledge", clear }, { "--http1.1", tls }, { "--http2", tls } }) {
			assertThat(curl(arguments)).isEqualTo("200");
			assertThat(upstream.take().headers()).contains("X-Forwarded-Proto: " + arguments[1].split(":")[0],
					"X-Real-IP: 127.0.0.1");
		}
		try (RawClient client = new RawClient(gateway.port())) {
			for (char next : (HEADER + REQUEST).toCharArray()) {
				client.send(String.valueOf(next));
			}
			assertThat(client.readToEnd().status()).isEqualTo(200);
		}
		assertThat(upstream.take().headers()).contains("X-Real-IP: 192.0.2.7");
	}

	@Test
	void streamsOfHttp2BelongToTheClientOfTheHeader() throws Exception {
		Socket socket = new Socket("127.0.0.1", gateway.port());
		socket.getOutputStream().write(HEADER.getBytes(StandardCharsets.US_ASCII));
		try (RawHttp2 client = new RawHttp2(socket)) {
			client.request(1, true, "GET", "/one").request(3, true, "GET", "/two").answers(1, 3);
		}
		assertThat(upstream.take().headers()).contains("X-Real-IP: 192.0.2.7");
		assertThat(upstream.take().headers()).contains("X-Real-IP: 192.0.2.7");
	}

	private static String curl(String... arguments) {
		List<String> command = new ArrayList<>(
				List.of(Requirements.program("curl").toString(), "-sS", "-o", "/dev/null", "--max-time", "30",
						"--haproxy-protocol", "-4", "--cacert", "ca.pem", "-w", "%{http_code}"));
		command.addAll(List.of(arguments));
		return Command.run(directory, Duration.ofSeconds(40), new byte[0], command).orFail().text();
	}

	@ParameterizedTest
	@CsvSource({ "send-proxy", "send-proxy-v2", "send-proxy-v2-ssl" })
	void haproxyIsUnderstood(String option) throws Exception {
		Path program = Requirements.program("haproxy");
		int port = FreePorts.next();
		Path configuration = Files.writeString(directory.resolve("haproxy.cfg"), """
				defaults
				  mode tcp
				  timeout connect 10s
				  timeout client 30s
				  timeout server 30s
				listen keys
				  bind 127.0.0.1:%d
				  source 127.0.0.1
				  server gateway 127.0.0.1:%d %s check
				""".formatted(port, gateway.port(), option));
		this.haproxy = new ProcessBuilder(program.toString(), "-db", "-f", configuration.toString())
			.redirectErrorStream(true)
			.redirectOutput(directory.resolve("haproxy.log").toFile())
			.start();
		gateway.await("haproxy", () -> answers(port));
		assertThat(upstream.take().headers()).contains("X-Real-IP: 127.0.0.1", "X-Forwarded-For: 127.0.0.1");
		// Its health check closes in the middle of nothing, which is no fault.
		assertThat(gateway.log()).doesNotContain("refused (proxy-header-malformed)");
	}

	private static boolean answers(int port) {
		try {
			return RawClient.exchange(port, "GET /pks/lookup?op=stats HTTP/1.0\r\n\r\n").status() == 200;
		}
		catch (IOException ex) {
			return false;
		}
	}

	@Test
	void aSlowHeaderIsNotWaitedFor() throws Exception {
		double before = refusedConnections();
		try (RawClient silent = new RawClient(gateway.port()); RawClient slow = new RawClient(gateway.port())) {
			slow.send("PROXY TCP4 192");
			assertThat(RawClient.exchange(gateway.port(), HEADER + REQUEST).status()).isEqualTo(200);
			assertThat(slow.readToEnd().bytes()).isEmpty();
			assertThat(silent.readToEnd().bytes()).isEmpty();
		}
		gateway.await("both are counted", () -> refusedConnections() >= before + 2);
	}

	private static double refusedConnections() {
		return gateway.actuator("metrics/hkp.edge.connections.refused")
			.path("measurements")
			.path(0)
			.path("value")
			.asDouble(0);
	}

}
