package org.hkpgateway.testsupport;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.awaitility.Awaitility;
import tools.jackson.databind.JsonNode;

/**
 * A pod of the chart as processes of this machine: containers are started with the
 * command, arguments and environment that were rendered, and nothing else. Their
 * directories lie below a temporary one, so paths are mapped to it wherever they stand.
 */
public final class LocalPod implements AutoCloseable {

	/** Every path that the chart or the image has. */
	private static final Pattern PATHS = Pattern.compile("(?<![\\w./-])/(etc|opt|plugin|plugins|run|var)(?=/|$|\")");

	private final Path root = TemporaryDirectory.create("po");

	private final RenderedChart chart;

	private final KubeletVolume configuration;

	private final List<Process> processes = new ArrayList<>();

	/** Makes its volumes. */
	public LocalPod(RenderedChart chart) throws IOException {
		this.chart = chart;
		this.configuration = new KubeletVolume(at("/etc/hkp-gateway"));
		publish(chart);
		for (JsonNode container : containers()) {
			for (JsonNode mount : container.path("volumeMounts")) {
				Path directory = at(mount.path("mountPath").asString());
				if (!Files.exists(directory)) {
					// As an emptyDir: everybody may write.
					Files.createDirectories(directory);
					Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxrwxrwx"));
				}
			}
		}
	}

	private List<JsonNode> containers() {
		List<JsonNode> containers = new ArrayList<>();
		this.chart.pod().path("initContainers").forEach(containers::add);
		this.chart.pod().path("containers").forEach(containers::add);
		return containers;
	}

	/** Where a path of a container is. */
	public Path at(String path) {
		return Path.of(mapped(path));
	}

	private String mapped(String text) {
		return PATHS.matcher(text).replaceAll((match) -> Matcher.quoteReplacement(this.root + match.group()));
	}

	/** Changes the mounted ConfigMap to that of another rendering. */
	public void publish(RenderedChart other) throws IOException {
		this.configuration.publish(Map.of("application.yml", mapped(other.applicationYml())));
	}

	/** Runs an init container to its end. */
	public void runToEnd(String container) throws Exception {
		Process process = start(container, List.of());
		if (!process.waitFor(1, TimeUnit.MINUTES) || process.exitValue() != 0) {
			throw new AssertionError("expected: an end of " + container + " with 0, got: this log\n" + log(container));
		}
	}

	/** Starts a container that says in {@code command} what to run. */
	public Process start(String container) throws IOException {
		return start(container, List.of());
	}

	/**
	 * Starts the gateway in place of the image's entry point.
	 * @param arguments added to those of the chart
	 */
	public Process startGateway(String... arguments) throws IOException {
		List<String> program = new ArrayList<>(
				List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
		program.addAll(UnpackedGateway.options());
		return start("gateway", program, arguments);
	}

	private Process start(String container, List<String> program, String... more) throws IOException {
		JsonNode specification = this.chart.container(container);
		List<String> command = new ArrayList<>(program);
		specification.path("command").forEach((word) -> command.add(mapped(word.asString())));
		specification.path("args").forEach((word) -> command.add(mapped(word.asString())));
		command.addAll(List.of(more));
		ProcessBuilder builder = new ProcessBuilder(command)
			.directory(Files.createDirectories(this.root.resolve("work/" + container)).toFile())
			.redirectErrorStream(true)
			.redirectOutput(logFile(container).toFile())
			// As in a container: nothing can be read.
			.redirectInput(Path.of("/dev/null").toFile());
		Map<String, String> environment = builder.environment();
		environment.clear();
		// What images have of their own.
		environment.put("JAVA_HOME", System.getProperty("java.home"));
		environment.put("PATH", System.getProperty("java.home") + "/bin:" + Containers.PATH);
		this.chart.environment(specification).forEach((name, value) -> environment.put(name, mapped(value)));
		Process process = builder.start();
		this.processes.add(process);
		return process;
	}

	private Path logFile(String container) {
		return this.root.resolve(container + ".log");
	}

	/** What a container has written. */
	public String log(String container) throws IOException {
		return Files.readString(logFile(container));
	}

	/** Waits, and fails with the gateway's log if it was in vain. */
	public void await(String what, Duration limit, BooleanSupplier condition) throws IOException {
		try {
			Awaitility.await(what).atMost(limit).pollInterval(Duration.ofMillis(50)).until(condition::getAsBoolean);
		}
		catch (org.awaitility.core.ConditionTimeoutException ex) {
			throw new AssertionError(ex.getMessage() + ", got: this log\n" + log("gateway"), ex);
		}
	}

	@Override
	public void close() {
		for (Process process : this.processes) {
			process.descendants().forEach(ProcessHandle::destroyForcibly);
			process.destroyForcibly().onExit().orTimeout(30, TimeUnit.SECONDS).join();
		}
		TemporaryDirectory.delete(this.root);
	}

}
