package org.hkpgateway.testsupport;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The gateway as operators run it, a process of its own on free ports: unpacked, see
 * {@link UnpackedGateway}, unless a test asks for the jar.
 */
public final class GatewayProcess implements AutoCloseable {

	/** Where the build leaves the shipped plugin. */
	public static final Path ANTIABUSE = root().resolve("plugins/antiabuse/target/dist");

	/** What Netty's leak detector writes. */
	static final String LEAK = "LEAK:";

	/** Some seconds, unless the machine is busy with others. */
	private static final Duration START = Duration.ofMinutes(2);

	/** What a JVM exits with when it was told to stop. */
	private static final int SIGTERM = 143;

	private static final JsonMapper json = new JsonMapper();

	private static final HttpClient http = HttpClient.newHttpClient();

	private final Path directory = TemporaryDirectory.create("gw");

	private final Path runtime = TemporaryDirectory.create("gr");

	private final int port = FreePorts.next();

	private final int managementPort = FreePorts.next();

	private final Process process;

	private GatewayProcess(Map<String, String> environment, List<String> jvm, List<String> program, boolean piped,
			List<String> properties) {
		this(null, environment, jvm, program, piped, properties);
	}

	private GatewayProcess(@Nullable Path from, Map<String, String> environment, List<String> jvm, List<String> program,
			boolean piped, List<String> properties) {
		Map<String, String> all = new LinkedHashMap<>(Map.of("server.port", String.valueOf(this.port), "server.address",
				"127.0.0.1", "management.server.port", String.valueOf(this.managementPort), "hkp.shutdown.pre-stop",
				"0s", "hkp.plugins.runtime-directory", this.runtime.toString(),
				// Tests count what the keyserver gets.
				"hkp.upstream.health.interval", "1h"));
		for (String property : properties) {
			String[] parts = property.split("=", 2);
			all.put(parts[0], parts[1]);
		}
		if (all.containsKey("hkp.plugins.uid-range")) {
			letOthersPass(this.runtime);
		}
		List<String> command = new ArrayList<>(
				List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx256m",
						"-XX:TieredStopAtLevel=1", "-XX:-UsePerfData", "-Dio.netty.leakDetection.level=paranoid"));
		command.addAll(jvm);
		command.addAll(program);
		all.forEach((key, value) -> command.add("--" + key + "=" + value));
		ProcessBuilder builder = new ProcessBuilder(command)
			.directory(((from != null) ? from : this.directory).toFile())
			.redirectErrorStream(true)
			.redirectOutput(piped ? ProcessBuilder.Redirect.PIPE : ProcessBuilder.Redirect.to(logFile().toFile()));
		builder.environment().putAll(environment);
		try {
			this.process = builder.start();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/** Starts the gateway and waits until the port is open. */
	public static GatewayProcess start(String... properties) {
		return start(Map.of(), properties);
	}

	/** The same with changes to the environment. */
	public static GatewayProcess start(Map<String, String> environment, String... properties) {
		return started(
				new GatewayProcess(environment, List.of(), UnpackedGateway.options(), false, List.of(properties)));
	}

	/** The same with options of the JVM, which beat those that tests usually set. */
	public static GatewayProcess startWith(List<String> jvm, String... properties) {
		return started(new GatewayProcess(Map.of(), jvm, UnpackedGateway.options(), false, List.of(properties)));
	}

	/** The same, begun in a directory, which is what relative paths mean. */
	public static GatewayProcess startFrom(Path directory, String... properties) {
		return started(new GatewayProcess(directory, Map.of(), List.of(), UnpackedGateway.options(), false,
				List.of(properties)));
	}

	/** The same of the jar as it is: {@code java -jar target/hkp-gateway.jar}. */
	static GatewayProcess startJar(String... properties) {
		return startAs(List.of("-jar", UnpackedGateway.jar().toString()), properties);
	}

	/** The same with the end of {@code java}'s options that says what to run. */
	static GatewayProcess startAs(List<String> program, String... properties) {
		return started(new GatewayProcess(Map.of(), List.of(), program, false, List.of(properties)));
	}

	private static GatewayProcess started(GatewayProcess gateway) {
		try {
			gateway.await("the public port", START, () -> gateway.written().contains("Started HkpGatewayApplication"));
		}
		catch (RuntimeException | AssertionError ex) {
			gateway.close();
			throw ex;
		}
		return gateway;
	}

	/** Starts the gateway and does not wait. */
	public static GatewayProcess launch(String... properties) {
		return new GatewayProcess(Map.of(), List.of(), UnpackedGateway.options(), false, List.of(properties));
	}

	/**
	 * Starts the gateway, does not wait, and leaves its output in a pipe: whoever calls
	 * this reads it, or does not. {@link #log()} stays empty.
	 */
	public static GatewayProcess launchPiped(String... properties) {
		return new GatewayProcess(Map.of(), List.of(), UnpackedGateway.options(), true, List.of(properties));
	}

	public int port() {
		return this.port;
	}

	public URI uri() {
		return URI.create("http://127.0.0.1:" + this.port);
	}

	public int managementPort() {
		return this.managementPort;
	}

	public long pid() {
		return this.process.pid();
	}

	public Process process() {
		return this.process;
	}

	/** Sockets and data of its plugins. */
	public Path runtime() {
		return this.runtime;
	}

	/**
	 * What it has logged. Lines pass through a queue, so this waits until nothing more
	 * comes for a moment, but not for long.
	 */
	public String log() {
		if (!Files.exists(logFile())) {
			return "";
		}
		try {
			settle();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		return written();
	}

	/** What is in the log by now; its end may be half a character. */
	private String written() {
		try {
			return new String(Files.readAllBytes(logFile()), StandardCharsets.UTF_8);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private void settle() throws IOException {
		long size = Files.size(logFile());
		long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(2);
		for (int quiet = 0; quiet < 5 && System.nanoTime() < end;) {
			pause();
			long now = Files.size(logFile());
			quiet = (now == size) ? quiet + 1 : 0;
			size = now;
		}
	}

	/** Waits until all of these are in the log. */
	public void awaitLog(String... words) {
		await("in the log: " + List.of(words), () -> {
			String log = written();
			return Stream.of(words).allMatch(log::contains);
		});
	}

	/** The lines of the access log. */
	public List<String> accessLog() {
		return log().lines().filter((line) -> line.contains(" hkp.access ")).toList();
	}

	/** Asks the management port. */
	public JsonNode actuator(String path) {
		try {
			return json.readTree(http.send(
					HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + this.managementPort + "/actuator/" + path))
						.timeout(Duration.ofSeconds(60))
						.build(),
					HttpResponse.BodyHandlers.ofString())
				.body());
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new IllegalStateException(ex);
		}
	}

	/** Makes a change through the management port, with the token of the file. */
	public Changed change(String path, String json) {
		return change(path, json, token());
	}

	/** The same with a token of the test's own; null for none. */
	public Changed change(String path, String body, String token) {
		HttpRequest.Builder request = HttpRequest
			.newBuilder(URI.create("http://127.0.0.1:" + this.managementPort + "/actuator/" + path))
			.timeout(Duration.ofSeconds(150))
			.header("Content-Type", "application/json")
			.POST(HttpRequest.BodyPublishers.ofString(body));
		return change(request, token);
	}

	/** Removes something through the management port. */
	public Changed delete(String path, String token) {
		return change(
				HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + this.managementPort + "/actuator/" + path))
					.timeout(Duration.ofSeconds(60))
					.DELETE(),
				token);
	}

	/** The same with the token of the file. */
	public Changed delete(String path) {
		return delete(path, token());
	}

	private static Changed change(HttpRequest.Builder request, String token) {
		if (token != null) {
			request.header("Authorization", "Bearer " + token);
		}
		try {
			HttpResponse<String> answer = http.send(request.build(), HttpResponse.BodyHandlers.ofString());
			return new Changed(answer.statusCode(), answer.body().isEmpty() ? null : json.readTree(answer.body()));
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new IllegalStateException(ex);
		}
	}

	private String token() {
		try {
			return Files.readString(this.runtime.resolve("management-token")).strip();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/** Has its JVM do something, as {@code jcmd} would, and says what that came to. */
	public String jcmd(String command) {
		try {
			return JvmCommand.send(pid(), command);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/** The process id of a READY plugin; waits for it. */
	public long pluginPid(String name) {
		return otherPluginPid(name, 0);
	}

	/**
	 * The process id of a READY plugin that is another process than before; waits for it.
	 * One that has just died may be shown as READY, without an id.
	 */
	public long otherPluginPid(String name, long before) {
		AtomicLong pid = new AtomicLong();
		await("READY of " + name + ((before != 0) ? " as another process than " + before : ""), () -> {
			JsonNode plugin = actuator("plugins/" + name);
			pid.set(plugin.path("pid").asLong(0));
			return plugin.path("state").asString("").equals("READY") && pid.get() != 0 && pid.get() != before;
		});
		return pid.get();
	}

	/** Waits up to 60 s. */
	public void await(String what, Supplier<Boolean> condition) {
		await(what, Duration.ofSeconds(60), condition);
	}

	/** Waits, and fails with the log if it was in vain. */
	public void await(String what, Duration limit, Supplier<Boolean> condition) {
		long end = System.nanoTime() + limit.toNanos();
		while (!condition.get()) {
			if (System.nanoTime() > end) {
				throw new AssertionError("expected: " + what + " within " + limit + ", got: this log\n" + log());
			}
			pause();
		}
	}

	private static void pause() {
		try {
			TimeUnit.MILLISECONDS.sleep(20);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new IllegalStateException(ex);
		}
	}

	/**
	 * SIGTERM, as an operator stops it. Waits for the end, and fails if a plugin is left.
	 */
	public int stop() throws InterruptedException {
		showLeaks();
		this.process.destroy();
		return awaitEnd();
	}

	/**
	 * Waits for the end of one that was told to stop, and fails if a plugin is left.
	 * @return the exit code
	 */
	public int awaitEnd() throws InterruptedException {
		if (!this.process.waitFor(60, TimeUnit.SECONDS)) {
			throw new AssertionError("expected: the end of the gateway within 60 s, got: this log\n" + log());
		}
		assertNoPluginIsLeft();
		return this.process.exitValue();
	}

	/**
	 * After an orderly stop. That processes are gone proves little where the kernel kills
	 * them with the gateway; a directory of a launch is removed by a gateway that has
	 * seen its plugin end, and by nobody else.
	 */
	private void assertNoPluginIsLeft() {
		List<String> left = new ArrayList<>();
		SystemProcesses.withInEnvironment(this.runtime + "/")
			.forEach((pid) -> left.add("process " + pid + " " + SystemProcesses.commandLine(pid)));
		try (Stream<Path> all = Files.list(this.runtime)) {
			all.filter(Files::isDirectory)
				.filter((path) -> !path.endsWith("data"))
				.forEach((path) -> left.add("directory of a launch " + path));
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		if (!left.isEmpty()) {
			throw new AssertionError(
					"expected: no plugin left by a gateway that has stopped, got: " + left + " and this log\n" + log());
		}
	}

	/** As the users of {@code hkp.plugins.uid-range} need it. */
	private static void letOthersPass(Path directory) {
		try {
			Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx--x--x"));
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/**
	 * What is left below the runtime directory that is not a directory and not the
	 * gateway's own: sockets above all.
	 */
	public List<Path> leftovers() {
		try (Stream<Path> tree = Files.walk(this.runtime)) {
			return tree.filter((path) -> !Files.isDirectory(path))
				.filter((path) -> !path.getParent().equals(this.runtime))
				.toList();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private Path logFile() {
		return this.directory.resolve("gateway.log");
	}

	/** The root of the checkout. */
	public static Path root() {
		return Path.of(System.getProperty("hkp.root", ".."));
	}

	/**
	 * Netty tells of a leaked buffer when the buffer is collected and another is made.
	 * One that was killed before has told what it knew.
	 */
	private void showLeaks() {
		if (!this.process.isAlive()) {
			return;
		}
		try {
			jcmd("GC.run");
			actuator("health");
			actuator("health");
		}
		catch (AssertionError | RuntimeException ex) {
			// Stuck, or not started, as the test wanted it: then it has not leaked
			// either.
		}
	}

	@Override
	public void close() {
		showLeaks();
		try {
			if (!this.process.isAlive() && this.process.exitValue() == SIGTERM) {
				assertNoPluginIsLeft();
			}
		}
		finally {
			end();
		}
	}

	private void end() {
		List<ProcessHandle> plugins = this.process.descendants().toList();
		this.process.destroyForcibly();
		plugins.forEach(ProcessHandle::destroyForcibly);
		this.process.onExit().orTimeout(10, TimeUnit.SECONDS).join();
		String log = Files.exists(logFile()) ? written() : "";
		TemporaryDirectory.delete(this.directory);
		TemporaryDirectory.delete(this.runtime);
		if (log.contains(LEAK)) {
			throw new AssertionError("expected: no leaked buffer, got: " + log);
		}
	}

	/**
	 * What came of a change.
	 *
	 * @param status the HTTP status
	 * @param body null if there is none
	 */
	public record Changed(int status, JsonNode body) {
	}

}
