package org.hkpgateway.testsupport;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link Containers}.
 */
@Timeout(value = 25, unit = TimeUnit.MINUTES)
class ContainersIT {

	private static final String LABEL = "hkp-it=" + UUID.randomUUID();

	private static final List<String> SLEEP = List.of("--network", "none", "--label", LABEL, "--entrypoint", "sleep");

	private final Containers containers = Containers.orSkip();

	@Test
	void oneThatDoesNotEndIsRemovedAtTheDeadline() {
		String image = this.containers.gateway();
		assertThatExceptionOfType(AssertionError.class)
			.isThrownBy(() -> this.containers.runToEnd(Duration.ofSeconds(10), image, SLEEP, "600"))
			.withMessageContaining("within PT10S");
		assertThat(left()).isEmpty();
	}

	@Test
	void oneThatRunsIsRemovedByClose() {
		try (Container container = this.containers.start(this.containers.gateway(),
				List.of("--network", "none", "--label", LABEL, "--entrypoint", "sh"), "-c", "echo up; sleep 600")) {
			container.awaitLog("up");
			assertThat(left()).isNotEmpty();
		}
		assertThat(left()).isEmpty();
	}

	private String left() {
		return Command
			.run(Path.of(System.getProperty("java.io.tmpdir")), Duration.ofMinutes(1), new byte[0],
					this.containers.podman("ps", "--all", "--quiet", "--filter", "label=" + LABEL))
			.orFail()
			.text();
	}

}
