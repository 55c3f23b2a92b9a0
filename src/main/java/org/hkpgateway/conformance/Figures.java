package org.hkpgateway.conformance;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What a process uses, as Linux tells it.
 *
 * @param descriptors open files
 * @param threads its threads
 * @param residentKiB resident memory
 */
record Figures(int descriptors, int threads, long residentKiB) {

	/** Reads them; empty where the system does not tell, or the process has gone. */
	static Optional<Figures> of(long pid) {
		Path process = Path.of("/proc", Long.toString(pid));
		try (Stream<Path> files = Files.list(process.resolve("fd"))) {
			int descriptors = (int) files.count();
			int threads = 0;
			long resident = 0;
			for (String line : Files.readAllLines(process.resolve("status"))) {
				if (line.startsWith("Threads:")) {
					threads = (int) number(line);
				}
				else if (line.startsWith("VmRSS:")) {
					resident = number(line);
				}
			}
			return Optional.of(new Figures(descriptors, threads, resident));
		}
		catch (IOException ex) {
			return Optional.empty();
		}
	}

	private static long number(String line) {
		return Long.parseLong(line.replaceAll("\\D", ""));
	}

}
