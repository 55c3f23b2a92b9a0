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
import org.junit.jupiter.api.AfterEach;
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

	private final TestCertificates authority = new TestCertificates();

	@TempDir
	private Path directory;

	private @Nullable RawUpstream upstream;

	private @Nullable GatewayProcess gateway;

	private @Nullable Process haproxy;

	@BeforeEach
	void write() throws IOException {
		this.upstream = RawUpstream.answering(OK);
		this.authority.server("keys").writeTo(this.directory);
		Files.writeString(this.directory.resolve("ca.pem"), this.authority.authority());
	}

	@AfterEach
	void close() throws Exception {
		if (this.haproxy != null) {
			this.haproxy.destroyForcibly().waitFor(10, TimeUnit.SECONDS);
		}
		if (this.gateway != null) {
			this.gateway.close();
		}
		this.upstream.close();
	}

	@Test
	void behindTheHeaderComesWhateverCouldComeWithoutIt() throws Exception {
		start();
		String clear = "http://localhost:" + this.gateway.port() + "/pks/lookup?op=stats";
		String tls = "https://localhost:" + this.gateway.port() + "/pks/lookup?op=stats";
		for (String[] arguments : new String[][] { { "--http1.0", clear }, { "--http1.1", clear },
				{ "--http2-prior-knowledge", clear }, { "--http1.1", tls }, { "--http2", tls } }) {
			assertThat(curl(arguments)).isEqualTo("200");
			assertThat(this.upstream.take().headers()).contains("X-Forwarded-Proto: " + arguments[1].split(":")[0],
					"X-Real-IP: 127.0.0.1");
		}
		try (RawClient client = new RawClient(this.gateway.port())) {
			for (char next : (HEADER + REQUEST).toCharArray()) {
				client.send(String.valueOf(next));
			}
			assertThat(client.readToEnd().status()).isEqualTo(200);
		}
		assertThat(this.upstream.take().headers()).contains("X-Real-IP: 192.0.2.7");
	}

	@Test
	void streamsOfHttp2BelongToTheClientOfTheHeader() throws Exception {
		start();
		Socket socket = new Socket("127.0.0.1", this.gateway.port());
		socket.getOutputStream().write(HEADER.getBytes(StandardCharsets.US_ASCII));
		try (RawHttp2 client = new RawHttp2(socket)) {
			client.request(1, true, "GET", "/one").request(3, true, "GET", "/two").answers(1, 3);
		}
		assertThat(this.upstream.take().headers()).contains("X-Real-IP: 192.0.2.7");
		assertThat(this.upstream.take().headers()).contains("X-Real-IP: 192.0.2.7");
	}

	private String curl(String... arguments) {
		List<String> command = new ArrayList<>(
				List.of(Requirements.program("curl").toString(), "-sS", "-o", "/dev/null", "--max-time", "30",
						"--haproxy-protocol", "-4", "--cacert", "ca.pem", "-w", "%{http_code}"));
		command.addAll(List.of(arguments));
		return Command.run(this.directory, Duration.ofSeconds(40), new byte[0], command).orFail().text();
	}

	@ParameterizedTest
	@CsvSource({ "send-proxy", "send-proxy-v2", "send-proxy-v2-ssl" })
	void haproxyIsUnderstood(String option) throws Exception {
		Path program = Requirements.program("haproxy");
		start();
		int port = FreePorts.next();
		Path configuration = Files.writeString(this.directory.resolve("haproxy.cfg"), """
				defaults
				  mode tcp
				  timeout connect 10s
				  timeout client 30s
				  timeout server 30s
				listen keys
				  bind 127.0.0.1:%d
				  source 127.0.0.1
				  server gateway 127.0.0.1:%d %s check
				""".formatted(port, this.gateway.port(), option));
		this.haproxy = new ProcessBuilder(program.toString(), "-db", "-f", configuration.toString())
			.redirectErrorStream(true)
			.redirectOutput(this.directory.resolve("haproxy.log").toFile())
			.start();
		this.gateway.await("haproxy", () -> answers(port));
		assertThat(this.upstream.take().headers()).contains("X-Real-IP: 127.0.0.1", "X-Forwarded-For: 127.0.0.1");
		// Its health check closes in the middle of nothing, which is no fault.
		assertThat(this.gateway.log()).doesNotContain("refused (proxy-header-malformed)");
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
		start();
		try (RawClient silent = new RawClient(this.gateway.port());
				RawClient slow = new RawClient(this.gateway.port())) {
			slow.send("PROXY TCP4 192");
			assertThat(RawClient.exchange(this.gateway.port(), HEADER + REQUEST).status()).isEqualTo(200);
			assertThat(slow.readToEnd().bytes()).isEmpty();
			assertThat(silent.readToEnd().bytes()).isEmpty();
		}
		this.gateway.await("both are counted", () -> refusedConnections() == 2);
	}

	private double refusedConnections() {
		return this.gateway.actuator("metrics/hkp.edge.connections.refused")
			.path("measurements")
			.path(0)
			.path("value")
			.asDouble(0);
	}

	private void start() {
		String bundle = "spring.ssl.bundle.pem.keys.keystore.";
		this.gateway = GatewayProcess.start(bundle + "certificate=" + this.directory.resolve("server.pem"),
				bundle + "private-key=" + this.directory.resolve("server.key"), "hkp.tls.bundle=keys",
				"hkp.upstream.urls=" + this.upstream.uri(), "hkp.client-address.trusted-proxies=127.0.0.1",
				"hkp.client-address.proxy-protocol=required");
	}

}
