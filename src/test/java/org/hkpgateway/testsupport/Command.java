package org.hkpgateway.testsupport;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Runs a program to its end.
 */
public final class Command {

	private Command() {
	}

	/**
	 * Runs a program and waits for it.
	 * @param directory working directory; output is kept there for the moment
	 * @param deadline after which the program is killed and the test fails
	 * @param input given on standard input
	 * @param arguments program and arguments
	 * @return how it ended and what it wrote
	 */
	public static Result run(Path directory, Duration deadline, byte[] input, List<String> arguments) {
		try {
			Path in = Files.write(Files.createTempFile(directory, "in", null), input);
			Path out = Files.createTempFile(directory, "out", null);
			Path err = Files.createTempFile(directory, "err", null);
			try {
				Process process = new ProcessBuilder(arguments).directory(directory.toFile())
					.redirectInput(in.toFile())
					.redirectOutput(out.toFile())
					.redirectError(err.toFile())
					.start();
				if (!process.waitFor(deadline.toMillis(), TimeUnit.MILLISECONDS)) {
					process.destroyForcibly();
					throw new AssertionError("expected: an end of " + arguments + " within " + deadline
							+ ", got: none; it wrote " + Files.readString(err, StandardCharsets.ISO_8859_1));
				}
				return new Result(arguments, process.exitValue(), Files.readAllBytes(out),
						Files.readString(err, StandardCharsets.UTF_8));
			}
			finally {
				Files.deleteIfExists(in);
				Files.deleteIfExists(out);
				Files.deleteIfExists(err);
			}
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new IllegalStateException("interrupted while waiting for " + arguments, ex);
		}
	}

	/**
	 * How a program ended.
	 *
	 * @param arguments what was run
	 * @param exitCode zero if all went well
	 * @param output what it wrote on standard output
	 * @param errors what it wrote on standard error
	 */
	public record Result(List<String> arguments, int exitCode, byte[] output, String errors) {

		/**
		 * Standard output as text.
		 * @return the text
		 */
		public String text() {
			return new String(this.output, StandardCharsets.UTF_8);
		}

		/**
		 * Fails the test unless the program ended with 0.
		 * @return this
		 */
		public Result orFail() {
			if (this.exitCode != 0) {
				throw new AssertionError("expected: exit code 0 of " + this.arguments + ", got: " + this.exitCode + "\n"
						+ text() + this.errors);
			}
			return this;
		}

	}

}
