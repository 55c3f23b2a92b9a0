package org.hkpgateway.testsupport;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import org.awaitility.Awaitility;

/**
 * A container that runs. It has the machine's process ids and, if it was started so, its
 * network.
 */
public final class Container implements AutoCloseable {

	/** Twenty times as long as on a quiet machine. */
	private static final Duration START = Duration.ofMinutes(3);

	private static final Duration SHORT = Duration.ofMinutes(1);

	private final Path directory = TemporaryDirectory.create("ct");

	private final Containers containers;

	private final String name;

	private final Process process;

	Container(Containers containers, String name, List<String> command) {
		this.containers = containers;
		this.name = name;
		try {
			this.process = new ProcessBuilder(command).redirectErrorStream(true)
				.redirectOutput(this.directory.resolve("log").toFile())
				.start();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/** What it has written by now. */
	public String log() {
		try {
			return new String(Files.readAllBytes(this.directory.resolve("log")), StandardCharsets.UTF_8);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/**
	 * Waits until all of these are in what it has written, and fails if it ends before.
	 */
	public void awaitLog(String... words) {
		Awaitility.await()
			.atMost(START)
			.pollInterval(Duration.ofMillis(50))
			.until(() -> holds(words) || !this.process.isAlive());
		if (!holds(words)) {
			throw new AssertionError("expected: in the log: " + List.of(words) + ", got: this log\n" + log());
		}
	}

	private boolean holds(String... words) {
		String log = log();
		return Stream.of(words).allMatch(log::contains);
	}

	/** The id of its first process. */
	public long pid() {
		return Long.parseLong(podman("inspect", "--format", "{{.State.Pid}}", this.name).orFail().text().strip());
	}

	/** Runs a program in it. */
	public Command.Result exec(List<String> command) {
		List<String> arguments = new ArrayList<>(List.of("exec", this.name));
		arguments.addAll(command);
		return podman(arguments.toArray(String[]::new));
	}

	/** Stops it as {@link #stop(Duration)} does, within 90 s. */
	public int stop() throws InterruptedException {
		return stop(Duration.ofSeconds(90));
	}

	/**
	 * SIGTERM to its first process, as Docker and Kubernetes stop it. Waits.
	 * @param grace in which it must end
	 * @return the exit code
	 */
	public int stop(Duration grace) throws InterruptedException {
		podman("kill", "--signal", "TERM", this.name).orFail();
		if (!this.process.waitFor(grace.toMillis(), TimeUnit.MILLISECONDS)) {
			throw new AssertionError(
					"expected: the end of the container within " + grace + ", got: this log\n" + log());
		}
		return this.process.exitValue();
	}

	@Override
	public void close() {
		try {
			// Also if the client has ended: that need not have been the container's end.
			this.containers.removeContainer(this.name);
		}
		finally {
			this.process.destroy();
			this.process.onExit().orTimeout(30, TimeUnit.SECONDS).join();
			TemporaryDirectory.delete(this.directory);
		}
	}

	private Command.Result podman(String... arguments) {
		return Command.run(this.directory, SHORT, new byte[0], this.containers.podman(arguments));
	}

}
