package org.hkpgateway.process;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

import org.jspecify.annotations.Nullable;

/**
 * Has the kernel kill a plugin when the thread that launched it ends, which it does at
 * the latest with the gateway, and puts it in a session of its own, so that Ctrl-C in the
 * gateway's terminal is the gateway's to handle. Done by util-linux's {@code setpriv} and
 * {@code setsid}, which then become the plugin: the process id stays.
 */
final class ParentDeathSignal {

	private static final int PROBE_SECONDS = 5;

	private static final List<String> SETPRIV_OPTIONS = List.of("--no-new-privs", "--pdeathsig=KILL", "--");

	private final @Nullable String setpriv;

	private final @Nullable String setsid;

	private ParentDeathSignal(@Nullable String setpriv, @Nullable String setsid) {
		this.setpriv = setpriv;
		this.setsid = setsid;
	}

	static ParentDeathSignal none() {
		return new ParentDeathSignal(null, null);
	}

	/**
	 * Looks for programs that can do it. Others of the same name exist, for example
	 * busybox's.
	 */
	static ParentDeathSignal detect(Map<String, String> environment) {
		String path = environment.getOrDefault("PATH", "/usr/bin:/bin");
		return new ParentDeathSignal(find(path, "setpriv", SETPRIV_OPTIONS), find(path, "setsid", List.of()));
	}

	private static @Nullable String find(String path, String name, List<String> options) {
		for (String directory : path.split(File.pathSeparator, -1)) {
			Path candidate = Path.of(directory, name);
			if (candidate.isAbsolute() && Files.isExecutable(candidate) && works(candidate.toString(), options)) {
				return candidate.toString();
			}
		}
		return null;
	}

	boolean available() {
		return this.setpriv != null;
	}

	List<String> wrap(List<String> command) {
		List<String> wrapped = new ArrayList<>(command);
		if (this.setpriv != null) {
			wrapped.addAll(0, SETPRIV_OPTIONS);
			wrapped.add(0, this.setpriv);
		}
		if (this.setsid != null) {
			// Outermost: it must not fork, which it does only for a leader of a group.
			wrapped.add(0, this.setsid);
		}
		return wrapped;
	}

	private static boolean works(String program, List<String> options) {
		List<String> command = new ArrayList<>(List.of(program, program, "--version"));
		command.addAll(1, options);
		try {
			Process probe = new ProcessBuilder(command).redirectErrorStream(true)
				.redirectOutput(ProcessBuilder.Redirect.DISCARD)
				.start();
			try {
				return probe.waitFor(PROBE_SECONDS, TimeUnit.SECONDS) && probe.exitValue() == 0;
			}
			finally {
				probe.destroyForcibly();
			}
		}
		catch (IOException ex) {
			return false;
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			return false;
		}
	}

}
