package org.hkpgateway.process;

import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

import org.awaitility.Awaitility;
import org.hkpgateway.testsupport.Requirements;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ProcessUsage} with real processes.
 */
@EnabledOnOs(value = OS.LINUX, disabledReason = "looks into /proc")
class ProcessUsageIT {

	@Test
	void thisProcessTakesWhatTheJvmSaysOfIt() {
		ProcessHandle self = ProcessHandle.current();
		Duration before = self.info().totalCpuDuration().orElseThrow();
		ProcessUsage usage = ProcessUsage.of(self.pid()).orElseThrow();
		assertThat(usage.processes()).isPositive();
		assertThat(usage.residentBytes()).isBetween(20L << 20, 20L << 30);
		assertThat(usage.cpuSeconds()).isGreaterThanOrEqualTo(before.toMillis() / 1000.0 - 0.02);
	}

	@Test
	void descendantsCount() throws Exception {
		Process shell = new ProcessBuilder("sh", "-c", "sh -c 'sleep 600; :'; :").redirectErrorStream(true).start();
		try {
			Awaitility.await().until(() -> shell.descendants().count() == 2);
			assertThat(ProcessUsage.of(shell.pid()).orElseThrow().processes()).isEqualTo(3);
			shell.descendants().forEach(ProcessHandle::destroyForcibly);
			assertThat(shell.waitFor(10, TimeUnit.SECONDS)).isTrue();
			assertThat(ProcessUsage.of(shell.pid())).isEmpty();
		}
		finally {
			shell.descendants().forEach(ProcessHandle::destroyForcibly);
			shell.destroyForcibly();
		}
	}

	@Test
	void timeOfChildrenThatHaveEndedIsKept() throws Exception {
		Path python = Requirements.program("python3");
		String child = "import time\nwhile time.process_time() < 0.3: pass";
		Process shell = new ProcessBuilder("sh", "-c", "\"$1\" -c \"$2\"; read end", "sh", python.toString(), child)
			.start();
		try {
			Awaitility.await()
				.atMost(Duration.ofSeconds(60))
				.until(() -> ProcessUsage.of(shell.pid())
					.filter((usage) -> usage.processes() == 1 && usage.cpuSeconds() >= 0.29)
					.isPresent());
		}
		finally {
			shell.descendants().forEach(ProcessHandle::destroyForcibly);
			shell.destroyForcibly();
		}
	}

}
