package org.hkpgateway.process;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * A gateway that is killed leaves no plugin behind.
 */
@EnabledOnOs(value = OS.LINUX, disabledReason = "looks into /proc")
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class GatewayDeathIT extends AbstractLauncherIT {

	/** What would end by itself does so after ten minutes. */
	private static final Duration SOON = Duration.ofSeconds(20);

	@Test
	void theKernelKillsPluginsThatDoNotReadTheirStdin() throws Exception {
		if (!Boolean.parseBoolean(System.getenv("HKP_REQUIRE_ALL"))) {
			assumeTrue(this.launcher.parentDeathSignal(), "needs util-linux's setpriv");
		}
		assertThat(pluginIsGoneWithItsGateway(Level.NONE, true, "trap '' TERM HUP; hello; exec sleep 600")).isTrue();
	}

	@Test
	void withoutThatSignalPluginsLearnOfItByTheirStdin() throws Exception {
		assertThat(pluginIsGoneWithItsGateway(Level.NONE, false, "trap '' TERM HUP; hello; read _; exit 0")).isTrue();
	}

	@ParameterizedTest
	@EnumSource(names = "NONE", mode = EnumSource.Mode.EXCLUDE)
	void isolatedPluginsAreKilledToo(Level level) throws Exception {
		level.required();
		assertThat(pluginIsGoneWithItsGateway(level, true, "")).isTrue();
	}

	@Test
	void theNextGatewayRemovesWhatTheKilledOneLeft() throws Exception {
		this.launcher.close();
		Path run = this.root.resolve("run");
		assertThat(pluginIsGoneWithItsGateway(Level.NONE, true, "hello; exec sleep 600", run)).isTrue();
		assertThat(run).isDirectoryContaining("regex:.*/[0-9a-z]{6}");
		this.launcher = new LocalPluginLauncher(options(true));
		assertThat(run).isDirectoryNotContaining("regex:.*/[0-9a-z]{6}");
	}

	@Test
	void aGatewayThatLivesKeepsItsRuntimeDirectory() throws Exception {
		Path gw = this.root.resolve("gw");
		Process gateway = gateway(Level.NONE, true, "hello; read _", gw);
		try (BufferedReader output = gateway.inputReader()) {
			assertThat(output.readLine()).startsWith("true ");
			assertThatIllegalArgumentException()
				.isThrownBy(() -> new LocalPluginLauncher(new LaunchOptions(gw, System.getenv(), this.output, true)))
				.withMessageContaining("expected: a directory that no other gateway uses, got: " + gw);
			assertThat(gw).isDirectoryContaining("regex:.*/[0-9a-z]{6}");
		}
		finally {
			gateway.destroyForcibly().waitFor(10, TimeUnit.SECONDS);
			delete(gw);
		}
	}

	private boolean pluginIsGoneWithItsGateway(Level level, boolean signal, String body) throws Exception {
		return pluginIsGoneWithItsGateway(level, signal, body, this.root.resolve("gw"));
	}

	private boolean pluginIsGoneWithItsGateway(Level level, boolean signal, String body, Path runtime)
			throws Exception {
		Process gateway = gateway(level, signal, body, runtime);
		long pid = 0;
		try (BufferedReader output = gateway.inputReader()) {
			String[] words = String.valueOf(output.readLine()).split(" ");
			assertThat(words).hasSize(2).startsWith(String.valueOf(signal));
			pid = Long.parseLong(words[1]);
			assertThat(endsWithin(pid, Duration.ofMillis(200))).isFalse();
			gateway.destroyForcibly();
			return endsWithin(pid, SOON);
		}
		finally {
			gateway.destroyForcibly().waitFor(10, TimeUnit.SECONDS);
			if (pid != 0) {
				ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
			}
			if (!runtime.endsWith("run")) {
				delete(runtime);
			}
		}
	}

	private Process gateway(Level level, boolean signal, String body, Path runtime) throws IOException {
		GatewayStandIn gateway = new GatewayStandIn(this.root, this.socket, level);
		gateway.runtime = runtime;
		gateway.signal = signal;
		gateway.body = body;
		return gateway.start();
	}

	private static void delete(Path tree) throws IOException {
		if (Files.exists(tree)) {
			try (Stream<Path> all = Files.walk(tree)) {
				for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
					Files.deleteIfExists(path);
				}
			}
		}
	}

}
