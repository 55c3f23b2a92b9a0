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
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * A gateway that is killed leaves no plugin behind.
 */
@EnabledOnOs(value = OS.LINUX, disabledReason = "looks into /proc")
class GatewayDeathIT extends AbstractLauncherIT {

	private static final Duration SOON = Duration.ofSeconds(2);

	@Test
	void theKernelKillsPluginsThatDoNotReadTheirStdin() throws Exception {
		if (!Boolean.parseBoolean(System.getenv("HKP_REQUIRE_ALL"))) {
			assumeTrue(this.launcher.parentDeathSignal(), "needs util-linux's setpriv");
		}
		assertThat(pluginIsGoneWithItsGateway(true, "trap '' TERM HUP; hello; exec sleep 600")).isTrue();
	}

	@Test
	void withoutThatSignalPluginsLearnOfItByTheirStdin() throws Exception {
		assertThat(pluginIsGoneWithItsGateway(false, "trap '' TERM HUP; hello; read _; exit 0")).isTrue();
	}

	private boolean pluginIsGoneWithItsGateway(boolean signal, String body) throws Exception {
		Process gateway = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
				"-XX:TieredStopAtLevel=1", "-cp", System.getProperty("java.class.path"), GatewayStandIn.class.getName(),
				this.root.resolve("gw").toString(), this.root.resolve("plugin").toString(), this.socket.toString(),
				String.valueOf(signal), body)
			.redirectError(ProcessBuilder.Redirect.INHERIT)
			.start();
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
			delete(this.root.resolve("gw"));
		}
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
