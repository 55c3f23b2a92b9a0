package org.hkpgateway.process;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;

/**
 * A plugin's process and all that it has started.
 * <p>
 * The descendants of a process that has exited belong to nobody: they are known from
 * before, and on Linux by the socket directory in their environment, which no other
 * launch has.
 */
final class ProcessTree {

	private static final int MOST_ROUNDS = 5;

	private static final int MOST_ENVIRONMENT_BYTES = 1024 * 1024;

	private final ProcessHandle root;

	private final byte[] mark;

	private final Set<ProcessHandle> known = new LinkedHashSet<>();

	private final boolean namespaced;

	private @Nullable ProcessHandle plugin;

	/**
	 * Describes a tree.
	 * @param root what was started
	 * @param socketDirectory of the launch
	 * @param namespaced whether the plugin is process 2 of a PID namespace below the
	 * root; otherwise it is the root
	 */
	ProcessTree(ProcessHandle root, Path socketDirectory, boolean namespaced) {
		this.root = root;
		this.namespaced = namespaced;
		this.mark = (PluginEnvironment.SOCKET_DIRECTORY + "=" + socketDirectory + "\0")
			.getBytes(StandardCharsets.UTF_8);
	}

	/** The plugin itself; the root as long as the plugin is not there. */
	synchronized ProcessHandle plugin() {
		if (this.plugin == null) {
			this.plugin = this.namespaced ? this.root.children()
				.flatMap(ProcessHandle::children)
				.filter(ProcessTree::isSecondOfNamespace)
				.findFirst()
				.orElse(null) : this.root;
		}
		return (this.plugin != null) ? this.plugin : this.root;
	}

	/** Orphans of the plugin have the same parent, but other numbers. */
	private static boolean isSecondOfNamespace(ProcessHandle handle) {
		try (Stream<String> lines = Files.lines(Path.of("/proc/" + handle.pid() + "/status"))) {
			return lines.anyMatch((line) -> line.startsWith("NSpid:") && line.endsWith("\t2"));
		}
		catch (IOException | UncheckedIOException ex) {
			// Gone.
			return false;
		}
	}

	/** Remembers who descends from the root now. */
	synchronized void remember() {
		if (this.root.isAlive()) {
			this.root.descendants().forEach(this.known::add);
		}
	}

	/** SIGKILL for everyone, the root first so that it starts no more. */
	synchronized void kill() {
		remember();
		this.root.destroyForcibly();
		this.known.forEach(ProcessHandle::destroyForcibly);
		for (int round = 0; round < MOST_ROUNDS; round++) {
			Set<ProcessHandle> orphans = orphans();
			if (orphans.isEmpty()) {
				break;
			}
			orphans.forEach(ProcessHandle::destroyForcibly);
		}
		this.known.clear();
	}

	private Set<ProcessHandle> orphans() {
		Path processes = Path.of("/proc");
		if (!Files.isDirectory(processes.resolve("self"))) {
			return Set.of();
		}
		try (Stream<ProcessHandle> all = ProcessHandle.allProcesses()) {
			return all.filter((handle) -> handle.pid() != ProcessHandle.current().pid())
				.filter((handle) -> !handle.equals(this.root))
				.filter((handle) -> carriesMark(processes.resolve(handle.pid() + "/environ")))
				.collect(Collectors.toSet());
		}
	}

	private boolean carriesMark(Path file) {
		try (InputStream input = Files.newInputStream(file)) {
			return contains(input.readNBytes(MOST_ENVIRONMENT_BYTES));
		}
		catch (IOException ex) {
			// Gone, or another user's.
			return false;
		}
	}

	private boolean contains(byte[] environment) {
		boolean atStart = true;
		for (int i = 0; i + this.mark.length <= environment.length; i++) {
			if (atStart && Arrays.equals(environment, i, i + this.mark.length, this.mark, 0, this.mark.length)) {
				return true;
			}
			atStart = environment[i] == 0;
		}
		return false;
	}

}
