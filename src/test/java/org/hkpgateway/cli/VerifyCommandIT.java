package org.hkpgateway.cli;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

import org.hkpgateway.grpc.FakePluginProgram;
import org.hkpgateway.testsupport.Command;
import org.hkpgateway.testsupport.GatewayProcess;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * {@code plugins verify} as plugin authors run it:
 * {@code java -jar target/hkp-gateway.jar}.
 */
@Timeout(600)
class VerifyCommandIT {

	/** Some ten seconds, unless the machine is busy with others. */
	private static final Duration DEADLINE = Duration.ofMinutes(5);

	/** What a JVM exits with that this signal has ended. */
	private static final int SIGTERM = 143;

	@Test
	void shippedPluginPassesWithoutAWarning(@TempDir Path work) throws Exception {
		Path junit = work.resolve("report.xml");
		Command.Result result = run(work, GatewayProcess.ANTIABUSE.toAbsolutePath().toString(), "--junit",
				junit.toString(), "--skip", "deadline.kept");
		assertThat(result.text()).contains("PASS    handshake.first-line", " 0 failed, 0 warnings, ")
			.doesNotContain("FAIL", "WARN", "not reached");
		assertThat(result.errors()).isEmpty();
		assertThat(result.exitCode()).isZero();
		assertThat(Files.readString(junit)).contains("failures=\"0\"", "name=\"gateway.start\"");
	}

	@Test
	void failureHasAnExitCodeAndNothingButTheReportIsPrinted(@TempDir Path root) throws Exception {
		Path plugin = FakePluginProgram.installConforming(root, "",
				List.of("CONTINUES", "HEALTHY", "OFF", "OFF", "OFF", "EXITS_0_WITHOUT_COOKIE"));
		Command.Result result = run(root, plugin.toString(), "--only", "cookie");
		assertThat(result.text().lines().filter((line) -> !line.isBlank())).hasSize(9)
			.first()
			.asString()
			.startsWith("FAIL    cookie.exit ");
		assertThat(result.text()).contains("  expected:   exit code 1\n  got:        exit code 0\n");
		assertThat(result.errors()).isEmpty();
		assertThat(result.exitCode()).isEqualTo(1);
	}

	/** To be red in a CI, where nobody reads the report. */
	@Test
	void nothingToCheckIsNoPass(@TempDir Path empty) throws Exception {
		Path directory = Files.createDirectory(empty.resolve("no-plugin"));
		Path junit = empty.resolve("report.xml");
		Command.Result result = run(empty, directory.toString(), "--only", "decisions.valid", "--junit",
				junit.toString());
		assertThat(result.text()).contains("MISSED  decisions.valid", "there is no plugin to launch",
				"manifest.valid failed, which was not asked for: expected: a directory with one plugin, got: none",
				"Not all was checked, so this is no pass: decisions.valid: ",
				" 0 failed, 0 warnings, 0 skipped, 1 not reached");
		assertThat(result.exitCode()).isEqualTo(1);
		assertThat(Files.readString(junit)).contains("failures=\"0\"", "errors=\"1\"", "<error message=");
	}

	/**
	 * By another signal than that of Ctrl-C, which a build in the background ignores, and
	 * so do its children. The JVM makes no difference between the two.
	 */
	@Test
	void signalLeavesNoProcess(@TempDir Path root) throws Exception {
		Path plugin = FakePluginProgram.installConforming(root, "",
				List.of("CONTINUES", "HEALTHY", "OFF", "OFF", "OFF", "HANGS_WITHOUT_COMMON_VERSION"));
		// Two checks: when the first one is told, the second one hangs.
		Process process = new ProcessBuilder(command(plugin.toString(), "--only", "version")).start();
		try (BufferedReader out = new BufferedReader(
				new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
			assertThat(out.readLine()).startsWith("PASS    version.chosen");
			List<ProcessHandle> plugins = new ArrayList<>();
			long deadline = System.nanoTime() + DEADLINE.toNanos();
			while (plugins.isEmpty() && System.nanoTime() - deadline < 0) {
				process.toHandle().descendants().forEach(plugins::add);
			}
			assertThat(plugins).isNotEmpty();
			new ProcessBuilder("kill", "-TERM", Long.toString(process.pid())).start().waitFor();
			assertThat(process.waitFor(DEADLINE.toSeconds(), TimeUnit.SECONDS)).isTrue();
			assertThat(process.exitValue()).isEqualTo(SIGTERM);
			assertThat(out.lines()).isEmpty();
			for (ProcessHandle each : plugins) {
				each.onExit().get(DEADLINE.toSeconds(), TimeUnit.SECONDS);
			}
		}
		finally {
			process.descendants().forEach(ProcessHandle::destroyForcibly);
			process.destroyForcibly();
		}
	}

	private static Command.Result run(Path work, String... arguments) {
		return Command.run(work, DEADLINE, new byte[0], command(arguments));
	}

	private static List<String> command(String... arguments) {
		List<String> command = new ArrayList<>(
				List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-jar",
						GatewayProcess.root().resolve("target/hkp-gateway.jar").toAbsolutePath().toString(), "plugins",
						"verify"));
		command.addAll(List.of(arguments));
		return command;
	}

}
