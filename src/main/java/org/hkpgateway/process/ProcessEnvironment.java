package org.hkpgateway.process;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The environment that a process of this machine was started with, as Linux shows it. A
 * process can write over it: what is here is a claim.
 *
 * @param entries each as {@code name=value}
 */
record ProcessEnvironment(List<String> entries) {

	private static final int MOST_BYTES = 1024 * 1024;

	ProcessEnvironment {
		entries = List.copyOf(entries);
	}

	/**
	 * Reads it.
	 * @param pid of the process; one that has ended has an empty one until it is reaped
	 * @throws java.nio.file.AccessDeniedException if this user may not read it
	 * @throws IOException if there is no such process
	 */
	static ProcessEnvironment of(long pid) throws IOException {
		try (InputStream input = Files.newInputStream(file(pid))) {
			return parse(input.readNBytes(MOST_BYTES));
		}
	}

	static Path file(long pid) {
		return Path.of("/proc", Long.toString(pid), "environ");
	}

	static ProcessEnvironment parse(byte[] bytes) {
		List<String> entries = List.of(new String(bytes, StandardCharsets.UTF_8).split("\0", -1));
		// Behind the last NUL is nothing, or an entry that was cut.
		return new ProcessEnvironment(entries.subList(0, entries.size() - 1));
	}

	/** The value of the first entry of that name; empty if there is none. */
	String value(String name) {
		return this.entries.stream()
			.filter((entry) -> entry.startsWith(name + "="))
			.map((entry) -> entry.substring(name.length() + 1))
			.findFirst()
			.orElse("");
	}

}
