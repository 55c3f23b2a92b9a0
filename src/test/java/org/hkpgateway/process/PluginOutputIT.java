package org.hkpgateway.process;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What real plugins print.
 */
@EnabledOnOs(value = OS.LINUX, disabledReason = "looks into /proc")
class PluginOutputIT extends AbstractLauncherIT {

	@Test
	void bothPipesAreLoggedWithLevels() throws Exception {
		PluginProcess plugin = launch("""
				hello
				echo 'on stdout'
				echo '[WARN] careful' >&2
				printf '%s\\n' '{"@level":"debug","@message":"structured","n":1}' >&2
				printf 'a\\033[31mb\\rINFO forged\\n' >&2
				echo 'panic: oh' >&2
				printf 'no newline at the end' >&2
				exit 2""");
		plugin.onExit().get(10, TimeUnit.SECONDS);
		assertThat(this.output.lines()).containsExactlyInAnyOrder("INFO on stdout", "WARN careful", "DEBUG structured",
				"INFO a\\u001b[31mb\\rINFO forged", "ERROR panic: oh", "ERROR no newline at the end");
	}

	@Test
	void aPromptWithoutANewlineIsShownWhileThePluginLives() throws Exception {
		launch("hello; printf 'Password: ' >&2; printf 'out' ; read _");
		assertThat(this.output.await("Password: "::equals, TIMEOUT)).isNotNull();
		assertThat(this.output.await("out"::equals, TIMEOUT)).isNotNull();
	}

	@ParameterizedTest
	@ValueSource(strings = { ">&2", ">&1" })
	void aLineOver64KiBIsCut(String pipe) throws Exception {
		PluginProcess plugin = launch(
				"hello; { head -c 10000000 /dev/zero | tr '\\0' x; echo; echo after; } " + pipe + "; exit 0");
		assertThat(plugin.onExit().get(20, TimeUnit.SECONDS).code()).isZero();
		assertThat(this.output.records()).hasSize(2);
		assertThat(this.output.records().get(0).message()).hasSize(64 * 1024 + LineFramer.CUT.length())
			.endsWith("xxx [cut after 64 KiB]");
		assertThat(this.output.records().get(1).message()).isEqualTo("after");
	}

	@ParameterizedTest
	@ValueSource(strings = { ">&2", ">&1" })
	void aFloodIsBoundedAndNeverBlocksThePlugin(String pipe) throws Exception {
		long start = System.nanoTime();
		PluginProcess plugin = launch("hello; timeout 2 yes 'a line of a flood, again and again' " + pipe + "; exit 0");
		assertThat(plugin.onExit().get(20, TimeUnit.SECONDS).code()).isZero();
		Duration took = Duration.ofNanos(System.nanoTime() - start);
		assertThat(took).isLessThan(Duration.ofSeconds(15));
		assertThat(this.output.records().size()).isLessThan((int) (1100 + took.toMillis() * 210 / 1000));
		assertThat(this.output.lines()).anyMatch((line) -> line.matches("WARN \\d{5,} lines of output suppressed: .*"));
		assertThat(plugin.end(Duration.ZERO, Duration.ZERO).lastErrorLines()).hasSizeLessThanOrEqualTo(20);
	}

}
