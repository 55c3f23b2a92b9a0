package org.hkpgateway.sdk;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.logging.Logger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import com.example.NoHarvesting;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import org.hkpgateway.proto.Empty;
import org.hkpgateway.proto.HandleResponse;
import org.hkpgateway.proto.HkpRequest;
import org.hkpgateway.proto.ShutdownRequest;
import org.hkpgateway.sdk.log.PluginLog;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests of {@link HkpPlugin} with real processes.
 */
@Timeout(120)
class HkpPluginIT {

	private Path directory;

	private Process process;

	private CompletableFuture<String> stderr;

	private final BlockingQueue<String> errors = new LinkedBlockingQueue<>();

	@BeforeEach
	void makeDirectory() throws IOException {
		this.directory = Files.createTempDirectory("sdk");
	}

	@AfterEach
	void cleanUp() throws Exception {
		this.process.destroyForcibly().waitFor();
		try (Stream<Path> left = Files.list(this.directory)) {
			assertThat(left).as("socket files left").isEmpty();
		}
		Files.delete(this.directory);
	}

	@Test
	void withoutTheCookieItSaysWhatItIs() throws Exception {
		launch(NoHarvesting.class, Map.of());
		assertThat(exitCode()).isEqualTo(1);
		assertThat(this.stderr.get()).startsWith("this is a plugin, not a program to run by hand\n");
		assertThat(this.process.inputReader().readLine()).isNull();
	}

	@Test
	void withoutADirectoryItSaysWhatIsMissing() throws Exception {
		launch(NoHarvesting.class, Map.of(HkpPlugin.COOKIE_VARIABLE, HkpPlugin.COOKIE));
		assertThat(exitCode()).isEqualTo(1);
		assertThat(this.stderr.get()).contains("expected: PLUGIN_UNIX_SOCKET_DIR");
	}

	@Test
	void aNamedSocketIsOfAPluginThatItsOperatorStarts() throws Exception {
		Path socket = this.directory.resolve("plugin.sock");
		// Left by one that was killed.
		ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(UnixDomainSocketAddress.of(socket)).close();
		assertThat(socket).exists();
		String handshake = launchForReal(NoHarvesting.class, Map.of("PLUGIN_UNIX_SOCKET", socket.toString()));
		assertThat(handshake).isEqualTo("1|1|unix|" + socket + "|grpc|");
		assertThat(Files.getPosixFilePermissions(socket)).isEqualTo(PosixFilePermissions.fromString("rw-rw----"));
		this.process.getOutputStream().close();
		for (int gateways = 0; gateways < 2; gateways++) {
			try (TestGateway gateway = new TestGateway(handshake)) {
				assertThat(gateway.initialize("{\"shortest_search\": 2}").getSuccess()).isTrue();
			}
		}
		assertThat(this.process.isAlive()).as("nothing depends on its input").isTrue();
		this.process.destroy();
		assertThat(exitCode()).isZero();
	}

	@Test
	void nothingButASocketIsTakenAwayForANamedOne() throws Exception {
		Path pipe = this.directory.resolve("pipe");
		assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor()).isZero();
		Path file = Files.writeString(this.directory.resolve("file"), "mine");
		for (Path path : List.of(pipe, file)) {
			launch(NoHarvesting.class, Map.of(HkpPlugin.COOKIE_VARIABLE, HkpPlugin.COOKIE, "PLUGIN_PROTOCOL_VERSIONS",
					"1", "PLUGIN_UNIX_SOCKET", path.toString()));
			assertThat(exitCode()).isEqualTo(1);
			assertThat(this.stderr.get()).contains("expected: a socket at " + path + " (PLUGIN_UNIX_SOCKET)");
			assertThat(path).exists();
		}
		assertThat(file).hasContent("mine");
		Files.delete(pipe);
		Files.delete(file);
	}

	@Test
	void handshakeRequestAndShutdown() throws Exception {
		String handshake = launchForReal(NoHarvesting.class);
		assertThat(handshake).matches("1\\|1\\|unix\\|" + this.directory + "/p[0-9a-z]+\\|grpc\\|");
		try (TestGateway gateway = new TestGateway(handshake)) {
			assertThat(gateway.initialize("{\"shortest_search\": 2}").getSuccess()).isTrue();
			HandleResponse response = gateway.plugin()
				.handleRequest(TestGateway.get("/pks/lookup")
					.setHkp(HkpRequest.newBuilder().setOperation(HkpRequest.Operation.LOOKUP_INDEX).setSearch("a"))
					.build());
			assertThat(response.getStatusCode()).isEqualTo(429);
			assertThat(response.getHeadersMap()).containsEntry("Retry-After", "60");
			assertThat(gateway.plugin()
				.shutdown(ShutdownRequest.newBuilder().setTimeoutSeconds(10).setReason("test").build())
				.getSuccess()).isTrue();
			assertThat(exitCode()).isZero();
		}
		assertThat(this.stderr.get()).contains("\"@message\":\"shutting down\"", "\"reason\":\"test\"");
	}

	@ParameterizedTest
	@ValueSource(strings = { "secp256r1", "secp521r1" })
	void withACertificateItTalksToItsHolderOnly(String curve) throws Exception {
		GatewayIdentity identity = GatewayIdentity.create(curve);
		String handshake = launchForReal(NoHarvesting.class, identity.environment());
		assertThat(handshake).matches("1\\|1\\|unix\\|" + this.directory + "/p[0-9a-z]+\\|grpc\\|[A-Za-z0-9+/]{51,}");
		try (TestGateway stranger = TestGateway.tls(handshake, GatewayIdentity.create(curve), "TLSv1.3");
				TestGateway nobody = TestGateway.tls(handshake, null, "TLSv1.3");
				TestGateway plaintext = new TestGateway(handshake)) {
			for (TestGateway refused : List.of(stranger, nobody, plaintext)) {
				assertStatus(Status.Code.UNAVAILABLE, refused);
			}
		}
		try (TestGateway gateway = TestGateway.tls(handshake, identity, "TLSv1.3")) {
			assertThat(gateway.initialize("{}").getSuccess()).isTrue();
			gateway.plugin().shutdown(ShutdownRequest.newBuilder().setTimeoutSeconds(10).build());
			assertThat(exitCode()).isZero();
		}
		// At least once: gRPC connects again for a call that never got out.
		assertThat(this.stderr.get()).contains("\"@message\":\"a client that is not the gateway was refused\"")
			.doesNotContain("\"got\":\"none\"");
	}

	@Test
	void aMalformedCertificateEndsItWithTheReason() throws Exception {
		assertThat(launchForReal(NoHarvesting.class, Map.of("PLUGIN_CLIENT_CERT", "x"))).isNull();
		assertThat(exitCode()).isEqualTo(1);
		assertThat(this.stderr.get()).startsWith(
				"expected: exactly one X.509 certificate in PEM in PLUGIN_CLIENT_CERT, got: a value of 1 characters");
	}

	@Test
	void withASecretItTalksToItsHolderOnly() throws Exception {
		String handshake = launchForReal(NoHarvesting.class, Map.of("PLUGIN_AUTH_SECRET", "hush"));
		try (TestGateway stranger = new TestGateway(handshake);
				TestGateway gateway = TestGateway.authorized(handshake, "Bearer hush")) {
			assertStatus(Status.Code.UNAUTHENTICATED, stranger);
			assertThat(gateway.initialize("{}").getAuthProof()).hasSize(32);
			gateway.plugin().shutdown(ShutdownRequest.newBuilder().setTimeoutSeconds(10).build());
			assertThat(exitCode()).isZero();
		}
		assertThat(this.stderr.get()).doesNotContain("hush");
	}

	@Test
	void withPortsItListensOnLoopback() throws Exception {
		String handshake = launchForReal(NoHarvesting.class, Map.of("PLUGIN_MIN_PORT", "0", "PLUGIN_MAX_PORT", "0"));
		assertThat(handshake).matches("1\\|1\\|tcp\\|127\\.0\\.0\\.1:[0-9]+\\|grpc\\|");
		try (TestGateway gateway = new TestGateway(handshake)) {
			assertThat(gateway.initialize("{}").getSuccess()).isTrue();
		}
	}

	@Test
	void startedByHandForDebuggingItRunsUntilItsUserStopsIt() throws Exception {
		launch(Chatty.class, Map.of(), "-Dhkp.plugin.debug=true", "-Djava.io.tmpdir=" + this.directory);
		this.process.getOutputStream().close();
		Pattern setting = Pattern.compile("hkp\\.plugins\\.settings\\.<name>\\.attach=(1\\|1\\|unix\\|.*\\|grpc\\|)");
		Matcher line = awaitError(setting);
		assertThat(line.group(1)).contains("|" + this.directory + "/");
		try (TestGateway gateway = new TestGateway(line.group(1))) {
			assertThat(gateway.initialize("{}").getSuccess()).isTrue();
			gateway.plugin().shutdown(ShutdownRequest.newBuilder().setTimeoutSeconds(1).build());
			awaitError(Pattern.compile("only its user ends a plugin that was started by hand"));
			assertThat(gateway.plugin().handleRequest(TestGateway.get("/").build()).getContinueChain()).isTrue();
		}
		this.process.toHandle().destroy();
		assertThat(exitCode()).isZero();
		assertThat(this.process.inputReader().readLine()).isNull();
	}

	@ParameterizedTest
	@CsvSource({ "true,0", "false,1" })
	void theEnvironmentSaysTheSame(String debug, int code) throws Exception {
		launch(NoHarvesting.class, Map.of("HKP_PLUGIN_DEBUG", debug, "PLUGIN_NAME", "n"),
				"-Djava.io.tmpdir=" + this.directory);
		if (code == 0) {
			awaitError(Pattern.compile("hkp\\.plugins\\.settings\\.n\\.attach=1\\|1\\|unix\\|"));
			this.process.toHandle().destroy();
		}
		assertThat(exitCode()).isEqualTo(code);
	}

	/** The launcher of the README, in a directory as it says. */
	@Test
	void theLauncherOfTheReadmeStartsThePlugin() throws Exception {
		Path dist = Files.createTempDirectory("dist");
		Path launcher = dist.resolve("hkp-plugin-no-harvesting");
		try {
			Files.copy(Path.of("src/test/example/hkp-plugin-no-harvesting"), launcher,
					StandardCopyOption.COPY_ATTRIBUTES);
			try (JarOutputStream jar = new JarOutputStream(Files.newOutputStream(dist.resolve("no-harvesting.jar")))) {
				for (String name : List.of("com/example/NoHarvesting.class", "com/example/NoHarvesting$Config.class")) {
					jar.putNextEntry(new JarEntry(name));
					try (InputStream in = NoHarvesting.class.getClassLoader().getResourceAsStream(name)) {
						in.transferTo(jar);
					}
				}
			}
			// With lib/*, a directory of classes does not do: one jar that names them
			// all.
			Files.createDirectory(dist.resolve("lib"));
			Manifest manifest = new Manifest();
			manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
			manifest.getMainAttributes()
				.put(Attributes.Name.CLASS_PATH,
						Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
							.map((entry) -> Path.of(entry).toUri().toString())
							.collect(Collectors.joining(" ")));
			new JarOutputStream(Files.newOutputStream(dist.resolve("lib/all.jar")), manifest).close();
			ProcessBuilder builder = new ProcessBuilder(launcher.toString());
			builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
			start(builder, Map.of(HkpPlugin.COOKIE_VARIABLE, HkpPlugin.COOKIE, "PLUGIN_UNIX_SOCKET_DIR",
					this.directory.toString()));
			try (TestGateway gateway = new TestGateway(this.process.inputReader().readLine())) {
				assertThat(gateway.initialize("{\"shortest_search\": \"x\"}").getError())
					.startsWith("configuration key 'shortest_search': expected: a whole number from 1 to 100");
				assertThat(gateway.initialize("{\"shortest_search\": 4}").getSuccess()).isTrue();
				gateway.plugin().shutdown(ShutdownRequest.newBuilder().setTimeoutSeconds(10).build());
				assertThat(exitCode()).isZero();
			}
		}
		finally {
			for (String file : List.of("lib/all.jar", "lib", "no-harvesting.jar", "hkp-plugin-no-harvesting", "")) {
				Files.deleteIfExists(dist.resolve(file));
			}
		}
	}

	@Test
	void sigtermEndsItCleanly() throws Exception {
		launchForReal(Chatty.class);
		this.process.toHandle().destroy();
		assertThat(exitCode()).isZero();
		assertThat(this.stderr.get()).contains("\"@message\":\"closed\"").doesNotContain("SO_KEEPALIVE");
	}

	@Test
	void sigtermTogetherWithTheEndOfItsInputIsASigterm() throws Exception {
		launchForReal(Chatty.class);
		// Unlike that of the handle, this destroy closes the streams, too.
		this.process.destroy();
		assertThat(exitCode()).isZero();
	}

	@Test
	void theEndOfItsInputEndsItAtOnce() throws Exception {
		launchForReal(NoHarvesting.class);
		this.process.getOutputStream().close();
		assertThat(exitCode()).isEqualTo(1);
		assertThat(this.stderr.get()).contains("the gateway has died");
	}

	@Test
	void strayPrintsDoNoHarm() throws Exception {
		String handshake = launchForReal(Chatty.class);
		assertThat(handshake).startsWith("1|1|unix|");
		try (TestGateway gateway = new TestGateway(handshake)) {
			gateway.initialize("{}");
			gateway.plugin().handleRequest(TestGateway.get("/").build());
			gateway.plugin().shutdown(ShutdownRequest.newBuilder().setTimeoutSeconds(10).build());
			assertThat(exitCode()).isZero();
		}
		assertThat(this.process.inputReader().readLine()).isNull();
		assertThat(this.stderr.get()).contains("printed by options", "printed by handle", "\"@message\":\"from jul\"")
			.doesNotContain("SO_KEEPALIVE");
	}

	@Test
	void optionsThatThrowEndItWithTheReason() throws Exception {
		launchForReal(Broken.class);
		assertThat(exitCode()).isEqualTo(1);
		assertThat(this.stderr.get()).contains("the plugin cannot start", "no options today");
	}

	@Test
	void anExitOfTheAuthorsKeepsItsCodeAndLeavesNoSocket() throws Exception {
		try (TestGateway gateway = new TestGateway(launchForReal(Chatty.class))) {
			gateway.initialize("{\"exit\": 3}");
			assertThat(exitCode()).isEqualTo(3);
		}
		catch (StatusRuntimeException ex) {
			assertThat(exitCode()).isEqualTo(3);
		}
	}

	private static void assertStatus(Status.Code code, TestGateway gateway) {
		assertThatExceptionOfType(StatusRuntimeException.class)
			.isThrownBy(() -> gateway.plugin().healthCheck(Empty.getDefaultInstance()))
			.satisfies((ex) -> assertThat(ex.getStatus().getCode()).isEqualTo(code));
	}

	/** Waits for a line on standard error. */
	private Matcher awaitError(Pattern pattern) throws InterruptedException {
		long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
		for (;;) {
			String line = this.errors.poll(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
			assertThat(line).as("a line on standard error with %s", pattern).isNotNull();
			Matcher matcher = pattern.matcher(line);
			if (matcher.find()) {
				return matcher;
			}
		}
	}

	private String launchForReal(Class<?> main) throws IOException {
		return launchForReal(main, Map.of());
	}

	private String launchForReal(Class<?> main, Map<String, String> more) throws IOException {
		Map<String, String> environment = new HashMap<>(Map.of(HkpPlugin.COOKIE_VARIABLE, HkpPlugin.COOKIE,
				"PLUGIN_PROTOCOL_VERSIONS", "1", "PLUGIN_UNIX_SOCKET_DIR", this.directory.toString()));
		environment.putAll(more);
		launch(main, environment);
		return this.process.inputReader().readLine();
	}

	private void launch(Class<?> main, Map<String, String> environment, String... options) throws IOException {
		List<String> command = new ArrayList<>(
				List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xlog:disable",
						"-Xlog:all=warning:stderr", "-Xmx64m", "-XX:+UseSerialGC"));
		command.addAll(List.of(options));
		command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
		start(new ProcessBuilder(command), environment);
	}

	private void start(ProcessBuilder builder, Map<String, String> environment) throws IOException {
		builder.environment().keySet().removeIf((name) -> name.startsWith("PLUGIN_") || name.startsWith("HKP_"));
		builder.environment().putAll(environment);
		this.process = builder.start();
		BufferedReader reader = this.process.errorReader(StandardCharsets.UTF_8);
		this.stderr = CompletableFuture.supplyAsync(() -> {
			StringBuilder text = new StringBuilder();
			reader.lines().forEach((line) -> {
				text.append(line).append('\n');
				this.errors.add(line);
			});
			return text.toString();
		});
	}

	private int exitCode() throws InterruptedException {
		assertThat(this.process.waitFor(30, TimeUnit.SECONDS)).as("the process has ended").isTrue();
		return this.process.exitValue();
	}

	/**
	 * Fails before it can listen.
	 */
	static final class Broken implements PluginHandler {

		public static void main(String[] args) {
			HkpPlugin.serve(new Broken());
		}

		@Override
		public PluginOptions options() {
			throw new IllegalStateException("no options today");
		}

		@Override
		public Decision handle(Request request) {
			return Decision.allow();
		}

	}

	/**
	 * Does what an author should not do.
	 */
	static final class Chatty implements PluginHandler {

		public static void main(String[] args) {
			HkpPlugin.serve(new Chatty());
		}

		@Override
		public PluginOptions options() {
			System.out.println("printed by options");
			return PluginOptions.defaults();
		}

		@Override
		public void init(PluginContext context) {
			Logger.getLogger("x").info("from jul");
			if (context.config().contains("exit")) {
				System.exit(context.config().getInt("exit", 0));
			}
		}

		@Override
		public Decision handle(Request request) {
			System.out.println("printed by handle");
			return Decision.allow();
		}

		@Override
		public void close() {
			PluginLog.get("chatty").info("closed");
		}

	}

}
