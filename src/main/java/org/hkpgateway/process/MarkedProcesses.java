package org.hkpgateway.process;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The processes that have the socket directory of one of some launches in their
 * environment. No two launches have the same, and children inherit it: so those are found
 * too whose parent has gone, in whatever session, and no other launch's.
 * <p>
 * Not found: a process that has replaced its environment, and any outside of Linux.
 */
final class MarkedProcesses {

	private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(2);

	private static final int MOST_NAME_CHARACTERS = 100;

	private final Set<Path> launches;

	private final Set<String> marks;

	private final HiddenProcesses hidden;

	/**
	 * Describes them; looks for nothing yet.
	 * @param launches socket directories, none of a launch that is to live on
	 * @param asUser what runs a command as another user, see {@link Isolation#asUser}
	 */
	MarkedProcesses(Collection<Path> launches, IntFunction<List<String>> asUser) {
		this.launches = Set.copyOf(launches);
		this.marks = launches.stream().map(MarkedProcesses::mark).collect(Collectors.toSet());
		this.hidden = new HiddenProcesses(asUser);
	}

	static String mark(Path launch) {
		return PluginEnvironment.SOCKET_DIRECTORY + "=" + launch;
	}

	/**
	 * SIGKILL for all of them, again and again as long as there are any: one may have
	 * forked while it was looked for. Blocks for a look at all processes of the machine,
	 * 50 µs for each, and if there are any until they are gone, within the limit.
	 */
	Result kill(Duration limit) {
		long start = System.nanoTime();
		Set<Found> killed = new LinkedHashSet<>();
		Look look = look();
		while (!look.isEmpty()) {
			// Does nothing if the number has become another process's meanwhile.
			look.found().stream().filter((each) -> each.process().destroyForcibly()).forEach(killed::add);
			LockSupport.parkNanos(PAUSE_NANOS);
			look = look();
			if (System.nanoTime() - start > limit.toNanos()) {
				break;
			}
		}
		return new Result(killed, look.found(), look.silent());
	}

	/** Those that run now. Blocks for a look at all processes of the machine. */
	Set<Found> find() {
		return look().found();
	}

	private Look look() {
		if (this.launches.isEmpty() || !Files.isDirectory(Path.of("/proc/self"))) {
			return new Look(Set.of(), Set.of());
		}
		Set<Found> found = new LinkedHashSet<>();
		List<ProcessHandle> unreadable = new ArrayList<>();
		try (Stream<ProcessHandle> all = ProcessHandle.allProcesses()) {
			all.filter((process) -> process.pid() != ProcessHandle.current().pid()).forEach((process) -> {
				try {
					ProcessEnvironment environment = ProcessEnvironment.of(process.pid());
					if (environment.entries().stream().anyMatch(this.marks::contains)) {
						found.add(new Found(process, name(environment)));
					}
				}
				catch (AccessDeniedException ex) {
					unreadable.add(process);
				}
				catch (IOException ex) {
					// Gone.
				}
			});
		}
		Look more = this.hidden.find(unreadable, this.launches);
		found.addAll(more.found());
		return new Look(found, more.silent());
	}

	private static String name(ProcessEnvironment environment) {
		return "plugin " + Printable.excerpt(environment.value("PLUGIN_NAME"), MOST_NAME_CHARACTERS);
	}

	/**
	 * One of them.
	 *
	 * @param process with its start time, so that it is never another of the same number
	 * @param whose for people
	 */
	record Found(ProcessHandle process, String whose) {

		@Override
		public String toString() {
			return this.process.pid() + " (" + this.whose + ")";
		}

	}

	/**
	 * What there is at a moment.
	 *
	 * @param found those that were found
	 * @param silent users of whose processes it could not be found out
	 */
	record Look(Set<Found> found, Set<Integer> silent) {

		boolean isEmpty() {
			return this.found.isEmpty() && this.silent.isEmpty();
		}

	}

	/**
	 * What came of killing them.
	 *
	 * @param killed those that got the signal
	 * @param left those that were still there at the end, or had no time to go
	 * @param silent users of whose processes it could not be found out
	 */
	record Result(Set<Found> killed, Set<Found> left, Set<Integer> silent) {

	}

}
