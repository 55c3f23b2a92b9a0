package org.hkpgateway.process;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;

/**
 * What a process and its descendants take of the machine, as Linux tells in {@code /proc}
 * (proc(5)). Orphans that a descendant has left to somebody else are not among them.
 *
 * @param processes how many they are
 * @param residentBytes their resident memory; pages that they share count for each
 * @param cpuSeconds processor time of those that live, and of children whose end they
 * have waited for
 */
public record ProcessUsage(int processes, long residentBytes, double cpuSeconds) {

	/** In which Linux counts for programs, whatever the kernel's own clock. */
	private static final double TICKS_PER_SECOND = 100;

	/** Fields of {@code stat} behind the command: utime, stime, cutime, cstime. */
	private static final List<Integer> TIMES = List.of(11, 12, 13, 14);

	/**
	 * Looks at a process. Reads files, and all of {@code /proc} for descendants: not for
	 * an event loop.
	 * @param pid the process
	 * @return empty if it is gone, or this is not Linux, or the gateway may not look
	 */
	public static Optional<ProcessUsage> of(long pid) {
		ProcessUsage own = single(pid);
		if (own == null) {
			return Optional.empty();
		}
		return Optional.of(ProcessHandle.of(pid)
			.map(ProcessHandle::descendants)
			.orElseGet(Stream::empty)
			.map((child) -> single(child.pid()))
			// Those that have ended meanwhile.
			.flatMap(Stream::ofNullable)
			.reduce(own, ProcessUsage::plus));
	}

	private ProcessUsage plus(ProcessUsage other) {
		return new ProcessUsage(this.processes + other.processes, this.residentBytes + other.residentBytes,
				this.cpuSeconds + other.cpuSeconds);
	}

	private static @Nullable ProcessUsage single(long pid) {
		Path directory = Path.of("/proc", Long.toString(pid));
		try {
			// A command may be in any encoding.
			String stat = Files.readString(directory.resolve("stat"), StandardCharsets.ISO_8859_1);
			String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
			long ticks = TIMES.stream().mapToLong((field) -> Long.parseLong(fields[field])).sum();
			return new ProcessUsage(1, residentBytes(directory), ticks / TICKS_PER_SECOND);
		}
		catch (IOException ex) {
			return null;
		}
	}

	/** A process that has ended and was not waited for has none. */
	private static long residentBytes(Path directory) throws IOException {
		return Files.readAllLines(directory.resolve("status"), StandardCharsets.ISO_8859_1)
			.stream()
			.filter((line) -> line.startsWith("VmRSS:"))
			.mapToLong((line) -> Long.parseLong(line.replaceAll("\\D", "")) * 1024)
			.sum();
	}

}
