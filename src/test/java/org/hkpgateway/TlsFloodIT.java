package org.hkpgateway;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;

import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;

import org.hkpgateway.testsupport.Command;
import org.hkpgateway.testsupport.GatewayProcess;
import org.hkpgateway.testsupport.GpgHome;
import org.hkpgateway.testsupport.Requirements;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * TLS handshakes as an attack. The key is one whose signatures take long.
 */
@Timeout(180)
class TlsFloodIT {

	private static final int AT_A_TIME = 210;

	private static final int OF_AN_ADDRESS = 70;

	private final Path openssl = Requirements.program("openssl");

	private final Path curl = Requirements.program("curl");

	@TempDir
	private Path directory;

	private @Nullable GatewayProcess gateway;

	@BeforeEach
	void start() {
		run(new byte[0], this.openssl.toString(), "req", "-x509", "-newkey", "rsa:4096", "-nodes", "-keyout",
				"server.key", "-out", "server.pem", "-days", "2", "-subj", "/CN=localhost", "-addext",
				"subjectAltName=DNS:localhost");
		String bundle = "spring.ssl.bundle.pem.keys.keystore.";
		this.gateway = GatewayProcess.start(bundle + "certificate=" + this.directory.resolve("server.pem"),
				bundle + "private-key=" + this.directory.resolve("server.key"), "hkp.tls.bundle=keys");
	}

	@AfterEach
	void close() {
		if (this.gateway != null) {
			this.gateway.close();
		}
	}

	/**
	 * Each costs the client nothing: it says hello, which makes the gateway sign, and no
	 * more.
	 */
	@Test
	void helloesWithoutAnEndLeaveClearTextItsEventLoops() throws Exception {
		byte[] hello = hello();
		AtomicBoolean end = new AtomicBoolean();
		AtomicLong helloes = new AtomicLong();
		Thread attacker = new Thread(() -> attack(hello, end, helloes), "attacker");
		attacker.setDaemon(true);
		try (GpgHome alice = GpgHome.create(); GpgHome bob = GpgHome.create()) {
			String fingerprint = alice.generate("Alice Lab <alice@lab.example>");
			attacker.start();
			this.gateway.await("the attack", () -> helloes.get() > AT_A_TIME);
			alice.runWithKeyserver(this.gateway.uri(), "--send-keys", fingerprint).orFail();
			bob.runWithKeyserver(this.gateway.uri(), "--recv-keys", fingerprint).orFail();
			for (int i = 0; i < 20; i++) {
				curl("--max-time", "5", this.gateway.uri() + "/pks/lookup?op=stats");
			}
			assertThat(threads()).contains("hkp-tls-handsha");
		}
		finally {
			end.set(true);
		}
		attacker.join(30_000);
		this.gateway.await("all of them are counted", () -> meter("connections.refused?tag=reason:tls-handshake")
				+ meter("connections.refused?tag=reason:tls-busy") >= AT_A_TIME);
		this.gateway.await("the end of all connections", () -> meter("connections") == 0);
		curl("--max-time", "20", "--retry", "5", "--retry-all-errors", "--cacert", "server.pem",
				"https://localhost:" + this.gateway.port() + "/pks/lookup?op=stats");
		assertThat(this.gateway.log().lines().filter((line) -> line.contains(" refused (tls-"))).hasSizeBetween(1, 20);
		assertThat(this.gateway.log()).doesNotContain("OutOfMemory").doesNotContain(" ERROR ");
	}

	private void attack(byte[] hello, AtomicBoolean end, AtomicLong helloes) {
		while (!end.get()) {
			List<Socket> open = new ArrayList<>();
			for (int i = 0; i < AT_A_TIME; i++) {
				try {
					Socket socket = new Socket(InetAddress.getByName("127.0.0.1"), this.gateway.port(),
							InetAddress.getByName("127.0.0." + (2 + i / OF_AN_ADDRESS)), 0);
					open.add(socket);
					socket.getOutputStream().write(hello);
					helloes.incrementAndGet();
				}
				catch (IOException ex) {
					// Too many at this moment.
				}
			}
			for (Socket socket : open) {
				try {
					socket.setSoTimeout(200);
					// The answer: it has signed.
					socket.getInputStream().read();
				}
				catch (IOException ex) {
					// It has not yet.
				}
			}
			open.forEach(TlsFloodIT::close);
		}
	}

	private static void close(Socket socket) {
		try {
			socket.close();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private static byte[] hello() throws GeneralSecurityException, IOException {
		SSLContext context = SSLContext.getInstance("TLS");
		context.init(null, null, null);
		SSLEngine engine = context.createSSLEngine("localhost", 443);
		engine.setUseClientMode(true);
		ByteBuffer hello = ByteBuffer.allocate(engine.getSession().getPacketBufferSize());
		engine.wrap(ByteBuffer.allocate(0), hello);
		byte[] bytes = new byte[hello.position()];
		hello.flip().get(bytes);
		return bytes;
	}

	/** Each would be as dear as the first one. */
	@Test
	void aClientMayNotShakeHandsAgainOnTheSameConnection() {
		String output = run("R\n\n\n".getBytes(StandardCharsets.US_ASCII), this.openssl.toString(), "s_client",
				"-connect", "localhost:" + this.gateway.port(), "-CAfile", "server.pem", "-tls1_2");
		assertThat(output).contains("Verify return code: 0 (ok)").contains("RENEGOTIATING").contains("error:");
		curl("--cacert", "server.pem", "--tls-max", "1.2",
				"https://localhost:" + this.gateway.port() + "/pks/lookup?op=stats");
	}

	private void curl(String... arguments) {
		List<String> command = new ArrayList<>(List.of(this.curl.toString(), "-sS", "--fail", "-o", "/dev/null"));
		command.addAll(List.of(arguments));
		Command.run(this.directory, Duration.ofSeconds(60), new byte[0], command).orFail();
	}

	private String run(byte[] input, String... command) {
		Command.Result result = Command.run(this.directory, Duration.ofSeconds(60), input, List.of(command));
		return result.text() + result.errors();
	}

	private List<String> threads() throws IOException {
		try (Stream<Path> tasks = Files.list(Path.of("/proc", String.valueOf(this.gateway.pid()), "task"))) {
			return tasks.map(TlsFloodIT::name).toList();
		}
	}

	private static String name(Path task) {
		try {
			return Files.readString(task.resolve("comm")).strip();
		}
		catch (IOException ex) {
			return "";
		}
	}

	private double meter(String name) {
		return this.gateway.actuator("metrics/hkp.edge." + name).path("measurements").path(0).path("value").asDouble(0);
	}

}
