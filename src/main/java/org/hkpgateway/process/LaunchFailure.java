package org.hkpgateway.process;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginStartException;

/**
 * Ends a launch that has failed, and tells everything that may help to find out why.
 */
final class LaunchFailure {

	/** Often the plugin is about to exit with a code and a word on stderr. */
	private static final Duration LAST_WORDS = Duration.ofMillis(250);

	private static final int CANNOT_EXECUTE = 126;

	private static final int NOT_FOUND = 127;

	private LaunchFailure() {
	}

	/** Kills what there is of the plugin and makes the exception. */
	static PluginStartException of(PluginId plugin, Path executable, ChildProcess child, String what) {
		boolean byItself = child.exitsWithin(LAST_WORDS);
		ExitStatus status = child.end(Duration.ZERO, Duration.ZERO);
		StringBuilder message = new StringBuilder(what).append("; ")
			.append(byItself ? ended(status) : "it was still running and has been killed")
			.append("; executable: ")
			.append(ExecutableFile.describe(executable))
			.append("; last lines of stderr: ");
		appendLines(message, status.lastErrorLines());
		return new PluginStartException(plugin, message.toString());
	}

	private static String ended(ExitStatus status) {
		return switch (status.code()) {
			case CANNOT_EXECUTE, NOT_FOUND -> status.describe()
					+ ", which usually means that the executable, its interpreter or a library could not be executed";
			default -> status.describe();
		};
	}

	private static void appendLines(StringBuilder message, List<String> lines) {
		if (lines.isEmpty()) {
			message.append("none");
		}
		lines.forEach((line) -> message.append("\n    | ").append(line));
	}

	/** Why a launch that took too long did. */
	static String noLine(Duration timeout, String unfinished) {
		if (unfinished.isEmpty()) {
			return "no handshake: expected: a line on stdout within " + words(timeout) + ", got: nothing";
		}
		return "no complete line: expected: a handshake that ends in a newline within " + words(timeout) + ", got: "
				+ unfinished(unfinished) + "; does the plugin flush its stdout?";
	}

	static String unfinished(String text) {
		return text.isEmpty() ? "nothing" : "'" + Printable.excerpt(text, 200) + "' without a newline";
	}

	/** A duration as people write it. */
	static String words(Duration duration) {
		return (duration.toMillis() % 1000 == 0) ? duration.toSeconds() + " s" : duration.toMillis() + " ms";
	}

}
