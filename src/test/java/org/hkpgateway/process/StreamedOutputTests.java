package org.hkpgateway.process;

import java.nio.charset.StandardCharsets;
import java.time.Duration;

import org.hkpgateway.plugin.PluginId;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link StreamedOutput}.
 */
class StreamedOutputTests {

	private static final PluginId A = new PluginId("a");

	private static final Duration LIMIT = Duration.ofSeconds(10);

	private final RecordedOutput records = new RecordedOutput();

	private final StreamedOutput output = new StreamedOutput(this.records);

	@Test
	void linesAreCutAndUnderstoodHoweverTheyArrive() throws Exception {
		print("[WA");
		print("RN] disk is full\n{\"@level\":\"error\",\"@mess");
		print("age\":\"bad\"}\n");
		assertThat(this.records.await("disk is full"::equals, LIMIT)).isNotNull();
		assertThat(this.records.await("bad"::equals, LIMIT)).isNotNull();
	}

	@Test
	void aLineWithoutAnEndIsShownAfterAWhile() throws Exception {
		print("Password: ");
		assertThat(this.records.await("Password: "::equals, LIMIT)).isNotNull();
	}

	@Test
	void aFloodIsLimitedAndSaysSo() throws Exception {
		print("again and again\n".repeat(5000));
		String suppressed = this.records.await((line) -> line.contains("lines of output suppressed"), LIMIT);
		assertThat(suppressed).matches("\\d{4} .*").contains("200 KiB or lines a second");
	}

	@Test
	void aFloodThatGoesOnSaysSoToo() {
		long deadline = System.nanoTime() + LIMIT.toNanos();
		while (this.records.lines().stream().noneMatch((line) -> line.contains("lines of output suppressed"))) {
			print("again and again\n".repeat(100));
			assertThat(System.nanoTime()).as("deadline").isLessThan(deadline);
		}
	}

	private void print(String text) {
		this.output.accept(A, true, text.getBytes(StandardCharsets.UTF_8));
	}

}
