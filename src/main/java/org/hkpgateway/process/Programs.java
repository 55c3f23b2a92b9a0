package org.hkpgateway.process;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

import org.jspecify.annotations.Nullable;

/**
 * Finds the small programs that launches are wrapped in, and tries them before they are
 * relied on: others of the same name exist, for example busybox's.
 */
final class Programs {

	private static final int TRIAL_SECONDS = 5;

	private static final int MOST_OUTPUT_BYTES = 1000;

	private final String path;

	Programs(Map<String, String> environment) {
		this.path = environment.getOrDefault("PATH", "/usr/bin:/bin");
	}

	/**
	 * Looks for a program on the path that takes the options and then becomes the command
	 * behind them.
	 */
	Found wrapper(String name, List<String> options) {
		return find(name, (path) -> {
			List<String> command = new ArrayList<>(List.of(path));
			command.addAll(options);
			command.addAll(List.of(path, "--version"));
			return command;
		});
	}

	/** Looks for a program on the path that can be executed. */
	Found program(String name) {
		return find(name, (path) -> List.of(path, "--version"));
	}

	private Found find(String name, Function<String, List<String>> trial) {
		String problem = "no program " + name + " on PATH " + this.path;
		for (String directory : this.path.split(File.pathSeparator, -1)) {
			Path candidate = Path.of(directory, name);
			if (candidate.isAbsolute() && Files.isExecutable(candidate)) {
				String failure = failure(trial.apply(candidate.toString()));
				if (failure == null) {
					return new Found(candidate.toString(), "");
				}
				problem = candidate + " does not work: " + failure;
			}
		}
		return new Found(null, problem);
	}

	/**
	 * Runs a command that should succeed, with nothing but PATH in its environment.
	 * Blocks for some seconds at most.
	 * @return null if it did, else what it said
	 */
	static @Nullable String failure(List<String> command) {
		try {
			Process process = builder(command).redirectErrorStream(true).start();
			try {
				process.getOutputStream().close();
				if (!process.waitFor(TRIAL_SECONDS, TimeUnit.SECONDS)) {
					return "no end within " + TRIAL_SECONDS + " s";
				}
				return (process.exitValue() == 0) ? null : words(process);
			}
			finally {
				process.descendants().forEach(ProcessHandle::destroyForcibly);
				process.destroyForcibly();
			}
		}
		catch (IOException ex) {
			return String.valueOf(ex.getMessage());
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			return "interrupted";
		}
	}

	/** For a command with nothing but PATH in its environment. */
	static ProcessBuilder builder(List<String> command) {
		ProcessBuilder builder = new ProcessBuilder(command);
		// It may run as a plugin's user, who could read the gateway's secrets there.
		builder.environment().keySet().removeIf((name) -> !name.equals("PATH"));
		return builder;
	}

	private static String words(Process process) throws IOException {
		int available = Math.min(MOST_OUTPUT_BYTES, process.getInputStream().available());
		String text = new String(process.getInputStream().readNBytes(available), StandardCharsets.UTF_8).strip();
		return text.isEmpty() ? "exit code " + process.exitValue() : Printable.escape(text);
	}

	/**
	 * The outcome of a search.
	 *
	 * @param path null if there is none that works
	 * @param problem why there is none
	 */
	record Found(@Nullable String path, String problem) {

	}

}
