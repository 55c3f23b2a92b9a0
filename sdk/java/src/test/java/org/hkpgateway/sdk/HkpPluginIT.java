package org.hkpgateway.sdk;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.logging.Logger;
import java.util.stream.Stream;

import com.example.NoHarvesting;
import io.grpc.StatusRuntimeException;
import org.hkpgateway.proto.HandleResponse;
import org.hkpgateway.proto.HkpRequest;
import org.hkpgateway.proto.ShutdownRequest;
import org.hkpgateway.sdk.log.PluginLog;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests of {@link HkpPlugin} with real processes.
 */
@Timeout(120)
class HkpPluginIT {

	private Path directory;

	private Process process;

	private CompletableFuture<String> stderr;

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

	private String launchForReal(Class<?> main) throws IOException {
		launch(main, Map.of(HkpPlugin.COOKIE_VARIABLE, HkpPlugin.COOKIE, "PLUGIN_PROTOCOL_VERSIONS", "1",
				"PLUGIN_UNIX_SOCKET_DIR", this.directory.toString()));
		return this.process.inputReader().readLine();
	}

	private void launch(Class<?> main, Map<String, String> environment) throws IOException {
		ProcessBuilder builder = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
				"-Xlog:disable", "-Xlog:all=warning:stderr", "-Xmx64m", "-XX:+UseSerialGC", "-cp",
				System.getProperty("java.class.path"), main.getName());
		builder.environment().keySet().removeIf((name) -> name.startsWith("PLUGIN_") || name.startsWith("HKP_"));
		builder.environment().putAll(environment);
		this.process = builder.start();
		BufferedReader errors = this.process.errorReader(StandardCharsets.UTF_8);
		this.stderr = CompletableFuture.supplyAsync(() -> {
			StringBuilder text = new StringBuilder();
			errors.lines().forEach((line) -> text.append(line).append('\n'));
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
