package org.hkpgateway;

import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import javax.net.ssl.SSLSocket;

import org.hkpgateway.grpc.FakePluginProgram;
import org.hkpgateway.testsupport.Command;
import org.hkpgateway.testsupport.GatewayProcess;
import org.hkpgateway.testsupport.GpgHome;
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

import static org.assertj.core.api.Assertions.assertThat;

/**
 * TLS and clear text on one port of the real gateway, with real clients.
 */
@Timeout(180)
class TlsIT {

	private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

	/** Half of its answer comes. */
	private static final String CUT_SHORT = "/cut-short";

	private static final String HALF = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf";

	private static final TestCertificates authority = new TestCertificates();

	/** Of what the tests share. */
	@TempDir
	private static Path shared;

	/** With the embedded keyserver. */
	private static GatewayProcess embedded;

	private static RawUpstream upstream;

	/** With the upstream. */
	private static GatewayProcess forwarding;

	@TempDir
	private Path directory;

	/** Of a test. */
	private @Nullable GatewayProcess own;

	/** The one that the test asks. */
	private GatewayProcess gateway;

	@BeforeAll
	static void startGateways() throws IOException {
		write(shared);
		upstream = new RawUpstream((socket, request) -> {
			String answer = request.requestLine().contains(CUT_SHORT) ? HALF : OK;
			socket.getOutputStream().write(answer.getBytes(StandardCharsets.US_ASCII));
			socket.close();
		});
		embedded = start(shared, "hkp.edge.max-body=1MB");
		forwarding = start(Map.of("KEYS_SERVICE_HOST", "192.0.2.1", "KEYS_SERVICE_PORT", "80"), shared,
				"hkp.upstream.urls=" + upstream.uri());
	}

	@AfterAll
	static void stopGateways() throws IOException {
		try (RawUpstream first = upstream; GatewayProcess second = embedded; GatewayProcess third = forwarding) {
			// Closed even if a start has failed.
		}
	}

	@BeforeEach
	void setUp() throws Exception {
		write(this.directory);
		this.gateway = embedded;
		while (upstream.waiting() > 0) {
			upstream.take();
		}
	}

	@AfterEach
	void close() {
		if (this.own != null) {
			this.own.close();
		}
	}

	private static void write(Path directory) throws IOException {
		authority.server("first").writeTo(directory);
		Files.writeString(directory.resolve("ca.pem"), authority.authority());
	}

	@Test
	void gpgSendsAndReceivesOverHkpAndHkpsOnOnePort() {
		URI hkps = URI.create("https://" + TestCertificates.HOST + ":" + this.gateway.port());
		try (GpgHome alice = GpgHome.create(); GpgHome bob = GpgHome.create()) {
			alice.trust(authority.authority(), TestCertificates.HOST);
			String fingerprint = alice.generate("Alice Lab <alice@lab.example>");
			alice.runWithKeyserver(hkps, "--send-keys", fingerprint).orFail();
			bob.runWithKeyserver(this.gateway.uri(), "--recv-keys", fingerprint).orFail();
			assertThat(bob.fingerprints()).containsExactly(fingerprint);
		}
		try (GpgHome stranger = GpgHome.create()) {
			stranger.trust(new TestCertificates().authority(), TestCertificates.HOST);
			assertThat(stranger.runWithKeyserver(hkps, "--recv-keys", "0123456789ABCDEF0123456789ABCDEF01234567")
				.exitCode()).isNotZero();
		}
	}

	/** In what looks like Kubernetes, where Spring Boot would believe curl. */
	@Test
	void curlSpeaksEveryVersionInClearAndInTlsAndCannotPretendTo() throws Exception {
		this.gateway = forwarding;
		String clear = "http://localhost:" + this.gateway.port() + "/pks/lookup?op=stats";
		String tls = "https://localhost:" + this.gateway.port() + "/pks/lookup?op=stats";
		assertThat(curl("--http1.0", clear)).isEqualTo("1.1 http 1.0");
		assertThat(curl("--http1.1", clear)).isEqualTo("1.1 http 1.1");
		assertThat(curl("--http2-prior-knowledge", clear)).isEqualTo("2 http 2");
		// The upgrade from HTTP/1.1 is declined, which leaves HTTP/1.1.
		assertThat(curl("--http2", clear)).isEqualTo("1.1 http 1.1");
		assertThat(curl("--http1.0", tls)).isEqualTo("1.1 https 1.0");
		assertThat(curl("--http1.1", tls)).isEqualTo("1.1 https 1.1");
		assertThat(curl("--http2", tls)).isEqualTo("2 https 2");
		assertThat(curl("--tlsv1.2", "--tls-max", "1.2", tls)).isEqualTo("2 https 2");
	}

	/** An answer that comes before all is sent. */
	@Test
	void curlGetsTheAnswerToAnUploadThatIsTooLarge() throws Exception {
		Path upload = Files.write(this.directory.resolve("upload"), new byte[20_000_000]);
		for (String length : List.of("Content-Length: 20000000", "Content-Length:")) {
			Command.Result result = Command.run(this.directory, Duration.ofSeconds(40), Files.readAllBytes(upload),
					List.of(Requirements.program("curl").toString(), "-sS", "--http2", "--max-time", "30", "--cacert",
							"ca.pem", "-X", "POST", "-T", "-", "-H", length, "-w", "%{http_version} %{http_code}",
							"https://localhost:" + this.gateway.port() + "/pks/add"));
			assertThat(result.orFail().text()).isEqualTo("The request body is larger than 1048576 bytes.\n2 413");
		}
	}

	/** The version that curl saw, the scheme and the version that the keyserver saw. */
	private String curl(String... arguments) throws InterruptedException {
		List<String> command = new ArrayList<>(List.of(Requirements.program("curl").toString(), "-sS", "-o",
				"/dev/null", "--fail", "--max-time", "30", "--cacert", "ca.pem", "-w", "%{http_version}", "-H",
				"X-Forwarded-Proto: " + (List.of(arguments).toString().contains("https:") ? "http" : "https"), "-H",
				"X-Forwarded-Port: none", "-H", "X-Forwarded-Prefix: none"));
		command.addAll(List.of(arguments));
		String version = Command.run(this.directory, Duration.ofSeconds(40), new byte[0], command).orFail().text();
		List<String> headers = upstream.take().headers();
		return version + " " + value(headers, "X-Forwarded-Proto") + " "
				+ value(headers, "Via").replace(" hkp-gateway", "");
	}

	private static String value(List<String> headers, String name) {
		return headers.stream()
			.filter((line) -> line.startsWith(name + ": "))
			.map((line) -> line.substring(name.length() + 2))
			.findFirst()
			.orElse("-");
	}

	@Test
	void opensslAgreesOnTheProtocol() {
		assertThat(openssl("-alpn", "h2,http/1.1")).contains("ALPN protocol: h2");
		assertThat(openssl("-alpn", "http/1.1")).contains("ALPN protocol: http/1.1");
		assertThat(openssl("-alpn", "spdy/3")).contains("No ALPN negotiated");
		assertThat(openssl("-tls1_1", "-cipher", "ALL:@SECLEVEL=0")).contains("no peer certificate available");
	}

	private String openssl(String... arguments) {
		List<String> command = new ArrayList<>(List.of(Requirements.program("openssl").toString(), "s_client",
				"-connect", "localhost:" + this.gateway.port(), "-servername", "localhost", "-CAfile", "ca.pem"));
		command.addAll(List.of(arguments));
		return Command.run(this.directory, Duration.ofSeconds(30), new byte[0], command).text();
	}

	@Test
	void aNewCertificateNeedsNoRestartAndABrokenOneChangesNothing() throws Exception {
		startOwn();
		try (SSLSocket old = connect()) {
			assertThat(subject(old)).isEqualTo("CN=first");
			TestCertificates.Server second = authority.server("second");
			// A key that does not belong to the certificate.
			new TestCertificates.Server(second.certificates(), authority.server("other").key()).writeTo(this.directory);
			this.gateway.await("an error in the log",
					() -> this.gateway.log().contains("has changed and cannot be used"));
			assertThat(subject(connect())).isEqualTo("CN=first");
			second.writeTo(this.directory);
			this.gateway.await("the new certificate", () -> subject(connect()).equals("CN=second"));
			old.getOutputStream()
				.write("GET /pks/lookup?op=stats HTTP/1.0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
			assertThat(new String(old.getInputStream().readAllBytes(), StandardCharsets.US_ASCII))
				.startsWith("HTTP/1.1 200");
		}
		Files.writeString(this.directory.resolve("server.pem"), "nonsense");
		this.gateway.await("an error in the log",
				() -> this.gateway.log().lines().filter((line) -> line.contains(" ERROR ")).count() >= 2);
		assertThat(subject(connect())).isEqualTo("CN=second");
		assertThat(RawClient.exchange(this.gateway.port(), "GET /pks/lookup?op=stats HTTP/1.0\r\n\r\n").status())
			.isEqualTo(200);
	}

	@Test
	void aPluginHearsOfACertificateThatIsInUseAndOfNoOther() throws Exception {
		Path plugins = Files.createDirectory(this.directory.resolve("plugins"));
		FakePluginProgram.installHearing(plugins, "hearer", "BATCHES",
				"capabilities = [\"http.request\", \"http.respond\", \"events.subscribe\"]");
		String settings = "hkp.plugins.settings.hearer.";
		startOwn("hkp.plugins.directories=" + plugins, settings + "required=true", settings + "timeout=15s",
				settings + "match.paths=/hearer/**", settings + "grants=http.request,http.respond,events.subscribe",
				"hkp.plugins.chain-budget=15s");
		TestCertificates.Server second = authority.server("second");
		new TestCertificates.Server(second.certificates(), authority.server("other").key()).writeTo(this.directory);
		this.gateway.awaitLog("has changed and cannot be used");
		assertThat(heardOfConfiguration()).isEmpty();
		second.writeTo(this.directory);
		this.gateway.await("the event", () -> !heardOfConfiguration().isEmpty());
		assertThat(heardOfConfiguration()).containsOnly("batch gateway config.changed {\"tls_bundle\":\"keys\"}");
		// The watch may see one change twice.
		this.gateway.await("an event for each change",
				() -> heardOfConfiguration().size() == this.gateway.log()
					.lines()
					.filter((line) -> line.contains("SSL bundle keys has changed; new TLS connections use"))
					.count());
		assertThat(subject(connect())).isEqualTo("CN=second");
	}

	private List<String> heardOfConfiguration() {
		try {
			return RawClient.exchange(this.gateway.port(), "GET /hearer/tells-events HTTP/1.0\r\nHost: k\r\n\r\n")
				.body()
				.lines()
				.filter((line) -> line.contains(" config.changed "))
				.toList();
		}
		catch (IOException ex) {
			throw new java.io.UncheckedIOException(ex);
		}
	}

	@Test
	void aBundleThatCannotBeUsedStopsTheStart() throws Exception {
		assertStartFails("got: missing", "hkp.tls.bundle=missing");
		authority.server("other").writeTo(this.directory);
		Files.writeString(this.directory.resolve("server.pem"), authority.server("first").certificates());
		assertStartFails("its private key does not belong to its certificate", bundle(this.directory));
	}

	private static void assertStartFails(String message, String... properties) throws InterruptedException {
		try (GatewayProcess failing = GatewayProcess.launch(properties)) {
			assertThat(failing.process().waitFor(90, java.util.concurrent.TimeUnit.SECONDS)).isTrue();
			assertThat(failing.process().exitValue()).isNotZero();
			assertThat(failing.log()).contains("hkp.tls.bundle: expected: ", message);
		}
	}

	@Test
	void anAnswerWhileTheClientUploadsArrivesInTls() throws Exception {
		try (SSLSocket socket = connect()) {
			socket.getOutputStream()
				.write("POST /pks/add HTTP/1.1\r\nHost: keys\r\nContent-Length: 9000000\r\n\r\n"
					.getBytes(StandardCharsets.US_ASCII));
			socket.getOutputStream().write(new byte[300_000]);
			assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII))
				.startsWith("HTTP/1.1 413")
				.endsWith("1048576 bytes.\n");
		}
	}

	@Test
	void anAnswerCutShortDoesNotLookWholeInTls() throws Exception {
		this.gateway = forwarding;
		try (SSLSocket socket = connect()) {
			socket.getOutputStream()
				.write(("GET " + CUT_SHORT + " HTTP/1.0\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
			org.assertj.core.api.Assertions.assertThatIOException()
				.isThrownBy(() -> socket.getInputStream().readAllBytes());
		}
	}

	@Test
	void http2InTlsIsAsInTheClear() throws Exception {
		try (SSLSocket socket = socket()) {
			var parameters = socket.getSSLParameters();
			parameters.setApplicationProtocols(new String[] { "h2" });
			socket.setSSLParameters(parameters);
			socket.startHandshake();
			assertThat(socket.getApplicationProtocol()).isEqualTo("h2");
			try (RawHttp2 client = new RawHttp2(socket)) {
				assertThat(client.request(1, true, "GET", "/pks//lookup").answer(1).status()).isEqualTo(400);
				assertThat(client.request(3, true, "GET", "/pks/lookup?op=stats").answer(3).status()).isEqualTo(200);
			}
		}
	}

	@Test
	void handshakesThatStallOrFailHurtNobody() throws Exception {
		startOwn();
		List<Socket> stalled = new ArrayList<>();
		try {
			for (int i = 0; i < 50; i++) {
				Socket socket = new Socket("127.0.0.1", this.gateway.port());
				stalled.add(socket);
				// A record that promises more than comes.
				socket.getOutputStream().write(new byte[] { 0x16, 3, 1, 2, 0, 1 });
			}
			for (int i = 0; i < 50; i++) {
				try (RawClient client = new RawClient(this.gateway.port())) {
					client.send("\u0016\u0003\u0001\u0000\u0005nonsense").readToEnd();
				}
			}
			assertThat(subject(connect())).isEqualTo("CN=first");
			assertThat(RawClient.exchange(this.gateway.port(), "GET /pks/lookup?op=stats HTTP/1.0\r\n\r\n").status())
				.isEqualTo(200);
			for (Socket socket : stalled) {
				socket.setSoTimeout(30_000);
				while (socket.getInputStream().read() >= 0) {
					// An alert, perhaps.
				}
			}
		}
		finally {
			for (Socket socket : stalled) {
				socket.close();
			}
		}
		this.gateway.await("all are counted", () -> refused("tls-handshake") >= 100);
		assertThat(this.gateway.log().lines().filter((line) -> line.contains("refused (tls-handshake)")))
			.hasSizeLessThanOrEqualTo(10);
		assertThat(this.gateway.log().lines().filter((line) -> line.contains(" ERROR "))).isEmpty();
	}

	private double refused(String reason) {
		return this.gateway.actuator("metrics/hkp.edge.connections.refused?tag=reason:" + reason)
			.path("measurements")
			.path(0)
			.path("value")
			.asDouble(0);
	}

	/** A gateway that no other test asks. */
	private void startOwn(String... more) {
		this.own = start(this.directory, more);
		this.gateway = this.own;
	}

	private static GatewayProcess start(Path directory, String... more) {
		return start(Map.of(), directory, more);
	}

	private static GatewayProcess start(Map<String, String> environment, Path directory, String... more) {
		List<String> properties = new ArrayList<>(List.of(bundle(directory)));
		properties.addAll(List.of(more));
		return GatewayProcess.start(environment, properties.toArray(String[]::new));
	}

	private static String[] bundle(Path directory) {
		String bundle = "spring.ssl.bundle.pem.keys.";
		return new String[] { bundle + "keystore.certificate=" + directory.resolve("server.pem"),
				bundle + "keystore.private-key=" + directory.resolve("server.key"), bundle + "reload-on-update=true",
				"spring.ssl.bundle.watch.file.quiet-period=200ms", "hkp.tls.bundle=keys" };
	}

	private SSLSocket connect() {
		try {
			SSLSocket socket = socket();
			socket.startHandshake();
			return socket;
		}
		catch (IOException ex) {
			throw new java.io.UncheckedIOException(ex);
		}
	}

	private SSLSocket socket() throws IOException {
		SSLSocket socket = (SSLSocket) authority.client()
			.getSocketFactory()
			.createSocket("localhost", this.gateway.port());
		socket.setSoTimeout(20_000);
		return socket;
	}

	private static String subject(SSLSocket socket) {
		try {
			return ((X509Certificate) socket.getSession().getPeerCertificates()[0]).getSubjectX500Principal().getName();
		}
		catch (IOException ex) {
			throw new java.io.UncheckedIOException(ex);
		}
	}

}
