package org.hkpgateway.testsupport;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
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
			.orElseGet(() -> missing(
					"expected: the program " + name + " on PATH, got: none; install it to run this test"));
	}

	/**
	 * Finds a program that can do something here, which it tries. If it cannot, the
	 * calling test is skipped with a message, or fails when {@code HKP_REQUIRE_ALL=true}.
	 * @param name of the program
	 * @param arguments for which it exits with 0
	 * @return its path
	 */
	public static Path working(String name, String... arguments) {
		Path path = program(name);
		List<String> command = new ArrayList<>(List.of(path.toString()));
		command.addAll(List.of(arguments));
		Command.Result result = Command.run(Path.of(System.getProperty("java.io.tmpdir")), Duration.ofSeconds(20),
				new byte[0], command);
		return (result.exitCode() == 0) ? path : missing("expected: a program that works: " + String.join(" ", command)
				+ ", got: exit code " + result.exitCode() + ": " + result.errors().strip());
	}

	/**
	 * For a test that only root can do: for others it is skipped with a message, or fails
	 * when {@code HKP_REQUIRE_ALL=true}.
	 */
	public static void root() {
		working("sh", "-c", "test $(id -u) -eq 0 || { echo 'this test is for root' >&2; exit 1; }");
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

	private static Path missing(String message) {
		if (Boolean.parseBoolean(System.getenv("HKP_REQUIRE_ALL"))) {
			return Assertions.fail(message);
		}
		return Assumptions.abort(message);
	}

}
