package org.hkpgateway.process;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.Set;
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

	/** After SIGKILL they are gone in some milliseconds. */
	private static final Duration ORPHANS_LIMIT = Duration.ofMillis(200);

	private final ProcessHandle root;

	private final MarkedProcesses marked;

	private final Set<ProcessHandle> known = new LinkedHashSet<>();

	private final boolean namespaced;

	/** Once found it stays so. */
	private volatile @Nullable ProcessHandle plugin;

	/**
	 * Describes a tree.
	 * @param root what was started
	 * @param marked the processes of the launch, for those that the root's end makes
	 * orphans
	 * @param namespaced whether the plugin is process 2 of a PID namespace below the
	 * root; otherwise it is the root
	 */
	ProcessTree(ProcessHandle root, MarkedProcesses marked, boolean namespaced) {
		this.root = root;
		this.namespaced = namespaced;
		this.marked = marked;
	}

	/**
	 * The plugin itself; the root as long as the plugin is not there. May read a few
	 * files of {@code /proc} until it is found.
	 */
	ProcessHandle plugin() {
		ProcessHandle found = this.plugin;
		if (found == null) {
			found = find();
			this.plugin = found;
		}
		return (found != null) ? found : this.root;
	}

	private @Nullable ProcessHandle find() {
		return this.namespaced ? this.root.children()
			.flatMap(ProcessHandle::children)
			.filter(ProcessTree::isSecondOfNamespace)
			.findFirst()
			.orElse(null) : this.root;
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

	/**
	 * SIGKILL for everyone, the root first so that it starts no more. Blocks for a moment
	 * if there are orphans.
	 */
	synchronized void kill() {
		remember();
		this.root.destroyForcibly();
		this.known.forEach(ProcessHandle::destroyForcibly);
		this.marked.kill(ORPHANS_LIMIT);
		this.known.clear();
	}

}
