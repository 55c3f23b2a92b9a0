package org.hkpgateway.testsupport;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;

/**
 * Finds the programs that a test needs.
 */
public final class Requirements {

	private static final List<String> SYSTEM_DIRECTORIES = List.of("/usr/sbin", "/usr/local/sbin", "/sbin");

	private Requirements() {
	}

	/**
	 * Finds a program. If it is missing, the calling test is skipped with a message, or
	 * fails when {@code HKP_REQUIRE_ALL=true}.
	 * @param name of the program, for example {@code sks}
	 * @return its path
	 */
	public static Path program(String name) {
		String path = System.getenv().getOrDefault("PATH", "");
		return Stream.concat(Stream.of(path.split(File.pathSeparator)), SYSTEM_DIRECTORIES.stream())
			.filter((directory) -> !directory.isEmpty())
			.map((directory) -> Path.of(directory, name))
			.filter(Files::isExecutable)
			.findFirst()
			.orElseGet(() -> missing(name));
	}

	/**
	 * For a test that takes long: it is skipped with a message unless
	 * {@code HKP_REQUIRE_ALL=true}.
	 * @param what the test, for the message
	 */
	public static void timeFor(String what) {
		Assumptions.assumeTrue(Boolean.parseBoolean(System.getenv("HKP_REQUIRE_ALL")),
				() -> what + " takes long: set HKP_REQUIRE_ALL=true to run it");
	}

	private static Path missing(String name) {
		String message = "expected: the program " + name + " on PATH, got: none; install it to run this test";
		if (Boolean.parseBoolean(System.getenv("HKP_REQUIRE_ALL"))) {
			return Assertions.fail(message);
		}
		return Assumptions.abort(message);
	}

}
