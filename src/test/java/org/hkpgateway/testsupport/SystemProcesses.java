package org.hkpgateway.testsupport;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What Linux itself knows of processes, children of this one or not. Java looks at
 * processes that are not its children only now and then, and takes one that was not
 * reaped for alive.
 */
public final class SystemProcesses {

	private SystemProcesses() {
	}

	/** Whether it runs; one that has ended and was not reaped does not. */
	public static boolean runs(long pid) {
		return !commandLine(pid).isEmpty();
	}

	/** Whether a process ends in time. Waits. */
	public static boolean endsWithin(long pid, Duration limit) throws InterruptedException {
		long end = System.nanoTime() + limit.toNanos();
		while (runs(pid)) {
			if (System.nanoTime() > end) {
				return false;
			}
			TimeUnit.MILLISECONDS.sleep(10);
		}
		return true;
	}

	/**
	 * Sends a signal and waits until it is sent, at most 10 s.
	 * @param name for example {@code STOP}
	 */
	public static void signal(long pid, String name) {
		Command.run(Path.of("/"), Duration.ofSeconds(10), new byte[0], List.of("kill", "-" + name, Long.toString(pid)))
			.orFail();
	}

	/**
	 * Its arguments.
	 * @return empty if it has ended
	 */
	public static String commandLine(long pid) {
		return read(pid, "cmdline").replace('\0', ' ');
	}

	/**
	 * Other processes that this user may look at and whose environment contains a text,
	 * whoever started them.
	 * @return their ids
	 */
	public static List<Long> withInEnvironment(String text) {
		try (Stream<ProcessHandle> all = ProcessHandle.allProcesses()) {
			return all.map(ProcessHandle::pid)
				.filter((pid) -> pid != ProcessHandle.current().pid())
				.filter((pid) -> read(pid, "environ").contains(text))
				.toList();
		}
	}

	/**
	 * What a process found in its environment when it began.
	 * @return empty if it has ended, or is another user's
	 */
	public static Map<String, String> environment(long pid) {
		return Stream.of(read(pid, "environ").split("\0"))
			.filter((variable) -> variable.contains("="))
			.map((variable) -> variable.split("=", 2))
			.collect(Collectors.toMap((parts) -> parts[0], (parts) -> parts[1], (first, second) -> first));
	}

	/** Empty if it is gone, or another user's. */
	private static String read(long pid, String file) {
		try {
			return Files.readString(Path.of("/proc", Long.toString(pid), file), StandardCharsets.ISO_8859_1);
		}
		catch (IOException ex) {
			return "";
		}
	}

}
