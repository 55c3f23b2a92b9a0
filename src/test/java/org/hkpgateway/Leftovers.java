package org.hkpgateway;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import org.hkpgateway.testsupport.SystemProcesses;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What there was before a test, so that afterwards nothing more is left: no process, no
 * thread of the gateway, no file.
 */
final class Leftovers {

	/** Threads end a moment after they were told to. */
	private static final long PATIENCE = TimeUnit.SECONDS.toNanos(5);

	private final Path directory;

	private final Set<Long> children = children();

	private final Set<Thread> threads = threads();

	/**
	 * Takes stock.
	 * @param directory where everything is made that the test may leave, and whose path
	 * the environment of each of its processes contains
	 */
	Leftovers(Path directory) {
		this.directory = directory;
	}

	/** Waits a few seconds for the last ones, then names all that is left. */
	void assertNone() {
		long end = System.nanoTime() + PATIENCE;
		while (!all().isEmpty() && System.nanoTime() < end) {
			RealPluginHost.pause();
		}
		assertThat(all()).as("left behind").isEmpty();
	}

	private List<String> all() {
		List<String> all = new ArrayList<>();
		children().stream()
			.filter((pid) -> !this.children.contains(pid))
			.forEach((pid) -> all
				.add("process that the gateway started: " + pid + " " + SystemProcesses.commandLine(pid)));
		SystemProcesses.withInEnvironment(this.directory + "/")
			.forEach((pid) -> all.add("process with a directory of the gateway in its environment: " + pid + " "
					+ SystemProcesses.commandLine(pid)));
		threads().stream()
			.filter((thread) -> !this.threads.contains(thread))
			.forEach((thread) -> all.add("thread of the gateway: " + thread.getName()));
		files().forEach((file) -> all.add("socket, directory or other file: " + file));
		return all;
	}

	private static Set<Long> children() {
		return ProcessHandle.current().children().map(ProcessHandle::pid).collect(Collectors.toSet());
	}

	private static Set<Thread> threads() {
		return Thread.getAllStackTraces()
			.keySet()
			.stream()
			.filter((thread) -> thread.getName().startsWith("hkp-"))
			.collect(Collectors.toSet());
	}

	private List<String> files() {
		try (Stream<Path> tree = Files.walk(this.directory)) {
			return tree.filter((path) -> !path.equals(this.directory)).map(Path::toString).toList();
		}
		catch (IOException | UncheckedIOException ex) {
			// It changes while it is looked at.
			return List.of(ex.toString());
		}
	}

	/** See {@link SystemProcesses#runs}. */
	static boolean runs(long pid) {
		return SystemProcesses.runs(pid);
	}

	/** See {@link SystemProcesses#endsWithin}. */
	static boolean endsWithin(long pid, Duration limit) throws InterruptedException {
		return SystemProcesses.endsWithin(pid, limit);
	}

}
