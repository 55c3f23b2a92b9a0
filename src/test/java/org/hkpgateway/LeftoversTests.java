package org.hkpgateway;

import java.io.IOException;
import java.nio.channels.Pipe;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link Leftovers}.
 */
@EnabledOnOs(value = OS.LINUX, disabledReason = "looks into /proc")
class LeftoversTests {

	@TempDir
	private Path directory;

	@Test
	void nothingIsLeft() throws IOException {
		Leftovers leftovers = new Leftovers(this.directory);
		ServerSocketChannel.open().close();
		leftovers.assertNone();
	}

	@Test
	void openSocketsAndPipesAndFilesAreNamed() throws IOException {
		Leftovers leftovers = new Leftovers(this.directory, Duration.ZERO);
		Files.createFile(this.directory.resolve("forgotten"));
		Pipe pipe = Pipe.open();
		try (ServerSocketChannel server = ServerSocketChannel.open();
				Pipe.SourceChannel source = pipe.source();
				Pipe.SinkChannel sink = pipe.sink()) {
			assertThatExceptionOfType(AssertionError.class).isThrownBy(leftovers::assertNone)
				.withMessageContaining("open in the gateway: socket:[")
				.withMessageContaining("open in the gateway: pipe:[")
				.withMessageContaining("forgotten");
		}
	}

}
