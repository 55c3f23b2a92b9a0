package org.hkpgateway.process;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;
import java.util.stream.Collectors;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks for marked processes among those whose environment the gateway may not read:
 * plugins with users of their own, where root lacks the capability SYS_PTRACE, as in most
 * containers. Their own user may read it, so {@code grep} does, as that user.
 * <p>
 * Not simply all processes of that user: the next generation of the plugin has the same
 * one, and so may plugins of another gateway.
 */
final class HiddenProcesses {

	private static final Logger log = LoggerFactory.getLogger(HiddenProcesses.class);

	private static final int SECONDS = 2;

	/**
	 * By grep, if it could not read some file; more is said by what failed to start it.
	 */
	private static final int ENDED_MEANWHILE = 2;

	/** Bounds what is said. A plugin's user has no more threads. */
	private static final int MOST_PROCESSES = 2048;

	private final IntFunction<List<String>> asUser;

	HiddenProcesses(IntFunction<List<String>> asUser) {
		this.asUser = asUser;
	}

	/**
	 * Looks for them. Starts a process for each user that is in question, and blocks
	 * until it has ended, for two seconds at most.
	 * @param unreadable processes, of whatever user
	 * @param launches socket directories, which belong to the plugins' users
	 */
	MarkedProcesses.Look find(List<ProcessHandle> unreadable, Collection<Path> launches) {
		if (unreadable.isEmpty()) {
			return new MarkedProcesses.Look(Set.of(), Set.of());
		}
		Set<MarkedProcesses.Found> found = new LinkedHashSet<>();
		Set<Integer> silent = new TreeSet<>();
		users(launches).forEach((uid, marks) -> {
			List<ProcessHandle> candidates = unreadable.stream()
				.filter((process) -> owner(Path.of("/proc", Long.toString(process.pid()))) == uid)
				.limit(MOST_PROCESSES)
				.toList();
			if (!candidates.isEmpty()) {
				Set<String> files = ask(uid, marks, candidates);
				if (files == null) {
					silent.add(uid);
					return;
				}
				// Whatever was answered: none but those that were asked about.
				candidates.stream()
					.filter((process) -> files.contains(file(process)))
					.forEach((process) -> found.add(new MarkedProcesses.Found(process, "user " + uid)));
			}
		});
		return new MarkedProcesses.Look(found, silent);
	}

	private static Map<Integer, List<String>> users(Collection<Path> launches) {
		Map<Integer, List<String>> users = new HashMap<>();
		for (Path launch : launches) {
			users.computeIfAbsent(owner(launch), (uid) -> new ArrayList<>()).add(MarkedProcesses.mark(launch));
		}
		users.remove(-1);
		// As the gateway's own user one may read no more than the gateway itself.
		users.remove(owner(Path.of("/proc", Long.toString(ProcessHandle.current().pid()))));
		return users;
	}

	private static int owner(Path file) {
		try {
			return Ownership.owner(file);
		}
		catch (IOException ex) {
			// Gone.
			return -1;
		}
	}

	private static String file(ProcessHandle process) {
		return ProcessEnvironment.file(process.pid()).toString();
	}

	/** Returns null if there was no answer. */
	private @Nullable Set<String> ask(int uid, List<String> marks, List<ProcessHandle> candidates) {
		List<String> command = new ArrayList<>(this.asUser.apply(uid));
		command.addAll(List.of("grep", "-lzxF"));
		marks.forEach((mark) -> command.addAll(List.of("-e", mark)));
		command.add("--");
		candidates.forEach((process) -> command.add(file(process)));
		try {
			Process grep = Programs.builder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
			try {
				grep.getOutputStream().close();
				// Not waitFor: the gateway interrupts whoever ends plugins when it stops.
				grep.onExit().completeOnTimeout(grep, SECONDS, TimeUnit.SECONDS).join();
				if (grep.isAlive() || grep.exitValue() > ENDED_MEANWHILE) {
					log.debug("Not found out whose processes of user {} are: no answer by {}", uid, command.get(0));
					return null;
				}
				// What it says fits into the pipe.
				byte[] said = grep.getInputStream().readNBytes(grep.getInputStream().available());
				return new String(said, StandardCharsets.UTF_8).lines().collect(Collectors.toSet());
			}
			finally {
				grep.destroyForcibly();
			}
		}
		catch (IOException ex) {
			log.debug("Not found out whose processes of user {} are: {}", uid, ex.toString());
		}
		return null;
	}

}
