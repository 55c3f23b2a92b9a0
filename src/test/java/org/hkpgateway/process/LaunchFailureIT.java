package org.hkpgateway.process;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import org.hkpgateway.plugin.PlainOffer;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.TestSpec;
import org.hkpgateway.plugin.PluginStartException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

/**
 * Plugins that do not come up, each with the message that says why. That no process and
 * no directory is left is proved after each of them.
 */
@EnabledOnOs(value = OS.LINUX, disabledReason = "looks into /proc")
class LaunchFailureIT extends AbstractLauncherIT {

	/** For what does not come; enough for what does, on a busy machine. */
	private static final Duration SHORT = Duration.ofSeconds(2);

	private static final Set<String> WAITED_FOR_IN_VAIN = Set.of("never prints", "closes its stdout",
			"prints only blank lines", "prints no newline", "names no socket", "names a file");

	static Stream<Arguments> misbehaviours() {
		return Stream.of(
				Arguments.of("exits with 0", "echo 'nothing to do' >&2; exit 0",
						"exited before the handshake: expected: a line on stdout, got: nothing; exit code 0;",
						"last lines of stderr: \n    | nothing to do"),
				Arguments.of("exits with 1", "exit 1", "got: nothing; exit code 1;", "last lines of stderr: none"),
				Arguments.of("exits by signal", "kill -SEGV $$", "exited before the handshake", "killed by signal 11"),
				Arguments.of("never prints", "exec sleep 600",
						"no handshake: expected: a line on stdout within 2 s, got: nothing; it was still running and "
								+ "has been killed",
						"executable: "),
				Arguments.of("closes its stdout", "exec >&-; exec sleep 600", "no handshake: expected: a line",
						"killed"),
				Arguments.of("prints garbage", "echo 'Usage: plugin [-v]'; exit 2",
						"not a handshake: expected: core|app|network|address|protocol, for example "
								+ "1|1|unix|/run/x/plugin123|grpc, got: 'Usage: plugin [-v]'",
						"; exit code 2; executable: "),
				Arguments.of("prints binary garbage", "printf '\\000\\033[2J\\377\\n'; exec sleep 600",
						"got: '\\u0000\\u001b[2J\ufffd'", "it was still running and has been killed"),
				Arguments.of("prints only blank lines", "echo; echo; exec sleep 600", "got: nothing", "killed"),
				Arguments.of("prints no newline", "printf '1|1|unix|/run/x|grpc'; exec sleep 600",
						"no complete line: expected: a handshake that ends in a newline within 2 s, got: "
								+ "'1|1|unix|/run/x|grpc' without a newline; does the plugin flush its stdout?",
						"killed"),
				Arguments.of("prints no newline and exits", "printf '1|1|unix|/run/x|grpc'; exit 0",
						"exited before the handshake: expected: a line on stdout, got: '1|1|unix|/run/x|grpc' without a "
								+ "newline",
						"exit code 0"),
				Arguments.of("prints before the handshake", "echo 'WARNING: old runtime'; hello; exec sleep 600",
						"got: 'WARNING: old runtime'", "print something before the handshake?"),
				Arguments.of("prints a line over 64 KiB", "head -c 200000 /dev/zero | tr '\\0' x; echo; exec sleep 600",
						"got: 'xxxxxxxxxx", "killed"),
				Arguments.of("wrong core", "echo '2|1|unix|/s|grpc'; exec sleep 600",
						"core protocol version: expected: 1, got: 2;", "killed"),
				Arguments.of("wrong app version", "echo '1|7|unix|/s|grpc'; exec sleep 600",
						"no common app protocol version: the plugin speaks 7, this gateway speaks [1];", "killed"),
				Arguments.of("says tcp", "echo '1|1|tcp|127.0.0.1:4711|grpc'; exec sleep 600",
						"network tcp was not offered: expected: unix, got: tcp 127.0.0.1:4711;", "killed"),
				Arguments.of("says netrpc", "echo '1|1|unix|/s|netrpc'; exec sleep 600",
						"protocol: expected: grpc, got: 'netrpc'", "killed"),
				Arguments.of("returns a certificate",
						"echo \"1|1|unix|/s|grpc|$(head -c 60 /dev/zero | tr '\\0' M)\"; " + "exec sleep 600",
						"certificate: expected: none", "one of 60 characters"),
				Arguments.of("names no socket", "echo \"1|1|unix|$PLUGIN_UNIX_SOCKET_DIR/none|grpc\"; exec sleep 600",
						"address: expected: a socket that the plugin listens on, got: ", "/none, which does not exist"),
				Arguments.of("names a file", "echo \"1|1|unix|$PLUGIN_UNIX_SOCKET_DIR/tmp|grpc\"; exec sleep 600",
						"address: expected: a socket that the plugin listens on, got: ", "/tmp, which is no socket"),
				Arguments.of("dies after the handshake", "echo \"1|1|unix|$PLUGIN_UNIX_SOCKET_DIR/none|grpc\"; exit 4",
						"exited right after the handshake; exit code 4", "executable: "),
				Arguments.of("ignores SIGTERM", "trap '' TERM; echo oops; exec sleep 600", "got: 'oops'", "killed"),
				Arguments.of("leaves a grandchild", "sleep 600 & echo oops; exit 3", "got: 'oops'", "exit code 3"),
				Arguments.of("panics", "echo 'panic: no config' >&2; echo >&2; echo 'goroutine 1' >&2; exit 2",
						"exit code 2", "stderr: \n    | panic: no config\n    | \n    | goroutine 1"));
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource("misbehaviours")
	void misbehaviour(String name, String body, String what, String more) throws IOException {
		PluginSpec spec = script(body);
		PluginStartException failure = failure(spec, this.launcher,
				WAITED_FOR_IN_VAIN.contains(name) ? SHORT : TIMEOUT);
		assertThat(failure).hasMessageStartingWith("plugin fake: ")
			.hasMessageContaining(what)
			.hasMessageContaining(more)
			.hasMessageContaining("executable: " + TestSpec.launched(spec).executable() + " (mode rwxr-xr-x, owner ")
			.hasMessageContaining(", script for /bin/sh)");
	}

	@ParameterizedTest(name = "parent-death signal {0}")
	@ValueSource(booleans = { true, false })
	void executableIsMissing(boolean parentDeathSignal) throws Exception {
		assertThat(failure(binary(this.root.resolve("plugin/none")), parentDeathSignal))
			.hasMessageContaining("No such file or directory")
			.hasMessageContaining("none (which cannot be read: ");
	}

	@ParameterizedTest(name = "parent-death signal {0}")
	@ValueSource(booleans = { true, false })
	void interpreterIsMissing(boolean parentDeathSignal) throws Exception {
		Path file = TestPlugins.executable(this.root.resolve("plugin/x"), "#!/no/such/python\n");
		assertThat(failure(binary(file), parentDeathSignal)).hasMessageContaining("No such file or directory")
			.hasMessageContaining("script for /no/such/python, which does not exist here or is not executable");
	}

	@ParameterizedTest(name = "parent-death signal {0}")
	@ValueSource(booleans = { true, false })
	void executableMayNotBeExecuted(boolean parentDeathSignal) throws Exception {
		Path file = TestPlugins.executable(this.root.resolve("plugin/x"), "#!/bin/sh\n");
		Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
		assertThat(failure(binary(file), parentDeathSignal)).hasMessageContaining("Permission denied")
			.hasMessageContaining("(mode rw-r--r--, owner ");
	}

	@ParameterizedTest(name = "parent-death signal {0}")
	@ValueSource(booleans = { true, false })
	void executableIsForAnotherMachine(boolean parentDeathSignal) throws Exception {
		byte[] elf = new byte[64];
		System.arraycopy("\u007fELF\u0002\u0001\u0001".getBytes(StandardCharsets.ISO_8859_1), 0, elf, 0, 7);
		elf[16] = 2;
		elf[18] = (byte) 0xf3;
		elf[20] = 1;
		Path file = TestPlugins.executable(this.root.resolve("plugin/x"), "");
		Files.write(file, elf);
		assertThat(failure(binary(file), parentDeathSignal))
			.hasMessageContaining("ELF for riscv64, this machine is " + System.getProperty("os.arch"));
	}

	@Test
	void environmentOfTheOperatorIsRefused() {
		PluginSpec spec = TestPlugins.spec(Map.of("PLUGIN_NAME", "other"));
		assertThat(failure(spec, this.launcher)).hasMessageContaining("got: PLUGIN_NAME");
	}

	@Test
	void argumentThatNoProcessCanHave() throws IOException {
		PluginSpec spec = script("hello", "a\0b");
		assertThat(failure(spec, this.launcher)).hasMessageContaining("could not be executed: ");
	}

	@Test
	void runtimeDirectoryIsGone() throws IOException {
		this.launcher.close();
		Path run = this.root.resolve("run");
		this.launcher = new LocalPluginLauncher(options(true));
		Path moved = Files.move(run, this.root.resolve("moved"));
		Files.writeString(run, "");
		assertThat(failure(script("hello"), this.launcher)).hasMessageContaining("no directory for its socket");
		Files.delete(run);
		Files.move(moved, run);
	}

	@Test
	void interruptEndsTheWaitForTheSocket() throws Exception {
		PluginSpec spec = script(
				"echo \"1|1|unix|$PLUGIN_UNIX_SOCKET_DIR/none|grpc\"; sleep 0.2; echo up=1 >&2; exec sleep 600");
		Thread launching = Thread.currentThread();
		CompletableFuture<Void> interruption = CompletableFuture.runAsync(() -> {
			try {
				printed("up");
				launching.interrupt();
			}
			catch (InterruptedException ex) {
				throw new IllegalStateException(ex);
			}
		});
		PluginStartException failure = catchThrowableOfType(PluginStartException.class,
				() -> this.launcher.launch(spec, new PlainOffer(), TIMEOUT));
		assertThat(Thread.interrupted()).isTrue();
		assertThat(failure).hasMessageContaining("the launch was interrupted");
		interruption.get(10, TimeUnit.SECONDS);
	}

	@Test
	void interruptEndsTheLaunch() throws IOException {
		PluginSpec spec = script("exec sleep 600");
		Thread.currentThread().interrupt();
		PluginStartException failure = failure(spec, this.launcher);
		assertThat(Thread.interrupted()).isTrue();
		assertThat(failure).hasMessageContaining("the launch was interrupted");
	}

	private PluginSpec binary(Path file) {
		return TestPlugins.spec("fake", this.root.resolve("plugin"), file, List.of(), Map.of());
	}

	private PluginStartException failure(PluginSpec spec, boolean parentDeathSignal) {
		this.launcher.close();
		try (LocalPluginLauncher other = new LocalPluginLauncher(options(parentDeathSignal))) {
			return failure(spec, other);
		}
	}

	private static PluginStartException failure(PluginSpec spec, LocalPluginLauncher launcher) {
		return failure(spec, launcher, TIMEOUT);
	}

	private static PluginStartException failure(PluginSpec spec, LocalPluginLauncher launcher, Duration timeout) {
		return catchThrowableOfType(PluginStartException.class, () -> launcher.launch(spec, new PlainOffer(), timeout));
	}

}
