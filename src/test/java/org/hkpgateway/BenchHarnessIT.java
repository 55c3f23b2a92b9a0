package org.hkpgateway;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

import org.hkpgateway.testsupport.Command;
import org.hkpgateway.testsupport.Requirements;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The benchmark's own tests, and that its command starts. Nothing is measured here.
 */
@Timeout(90)
class BenchHarnessIT {

	private static final Path HERE = Path.of(System.getProperty("java.io.tmpdir"));

	private static final Path BENCH = Path.of(System.getProperty("hkp.root"), "bench");

	@Test
	void itsOwnTestsPass() {
		Command.Result result = python("-m", "unittest", "discover", "-s", BENCH.resolve("tests").toString(), "-t",
				BENCH.toString());
		assertThat(result.exitCode()).as(result.errors()).isZero();
		assertThat(result.errors()).containsPattern("Ran [1-9]\\d* tests").endsWith("OK\n");
	}

	@Test
	void theCommandListsTheContenders() {
		assertThat(python(BENCH.resolve("run").toString(), "--list").orFail().text()).contains("nginx-auth",
				"haproxy-spoe", "forwarder", "scg-3", "gateway-0", "gateway-5-stream-mtls");
	}

	private static Command.Result python(String... arguments) {
		String[] command = new String[arguments.length + 2];
		command[0] = Requirements.program("python3").toString();
		// Leaves no compiled files in the sources.
		command[1] = "-B";
		System.arraycopy(arguments, 0, command, 2, arguments.length);
		return Command.run(HERE, Duration.ofSeconds(60), new byte[0], List.of(command));
	}

}
