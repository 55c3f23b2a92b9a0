package org.hkpgateway;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import org.hkpgateway.testsupport.SystemProcesses;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What there was before a test, so that afterwards nothing more is left: no process, no
 * thread of the gateway, no file, no open socket and no open pipe.
 */
final class Leftovers {

	/** Threads end, and connections close, a moment after they were told to. */
	private static final Duration PATIENCE = Duration.ofSeconds(20);

	private final Duration patience;

	private final Path directory;

	private final Set<Long> children = children();

	private final Set<Thread> threads = threads();

	private final Set<String> descriptors;

	/**
	 * Takes stock.
	 * @param directory where everything is made that the test may leave, and whose path
	 * the environment of each of its processes contains
	 */
	Leftovers(Path directory) {
		this(directory, PATIENCE);
	}

	/** The same with a patience of its own. */
	Leftovers(Path directory, Duration patience) {
		this.directory = directory;
		this.patience = patience;
		openWhatTheJdkKeeps();
		this.descriptors = descriptors();
	}

	/** It makes a pair of sockets for itself when the first one is closed. */
	private static void openWhatTheJdkKeeps() {
		try (ServerSocketChannel server = ServerSocketChannel.open(); SocketChannel client = SocketChannel.open()) {
			server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
			client.connect(server.getLocalAddress());
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/** Waits some seconds for the last ones, then names all that is left. */
	void assertNone() {
		long end = System.nanoTime() + this.patience.toNanos();
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
		descriptors().stream()
			.filter((open) -> !this.descriptors.contains(open))
			.forEach((open) -> all.add("open in the gateway: " + open));
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

	/**
	 * Sockets and pipes by their numbers in the kernel, which are not used again soon.
	 */
	private static Set<String> descriptors() {
		Set<String> open = new HashSet<>();
		try (DirectoryStream<Path> all = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
			for (Path each : all) {
				try {
					open.add(Files.readSymbolicLink(each).toString());
				}
				catch (IOException ex) {
					// Closed meanwhile.
				}
			}
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		open.removeIf((each) -> !each.startsWith("socket:") && !each.startsWith("pipe:"));
		return open;
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
