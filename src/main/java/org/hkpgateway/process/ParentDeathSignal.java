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
 * the latest with the gateway. Done by util-linux's {@code setpriv}, which then becomes
 * the plugin: the process id stays.
 */
final class ParentDeathSignal {

	private static final int PROBE_SECONDS = 5;

	private final @Nullable String setpriv;

	private ParentDeathSignal(@Nullable String setpriv) {
		this.setpriv = setpriv;
	}

	static ParentDeathSignal none() {
		return new ParentDeathSignal(null);
	}

	/**
	 * Looks for a {@code setpriv} that can do it. Others exist, for example busybox's.
	 */
	static ParentDeathSignal detect(Map<String, String> environment) {
		for (String directory : environment.getOrDefault("PATH", "/usr/bin:/bin").split(File.pathSeparator, -1)) {
			Path candidate = Path.of(directory, "setpriv");
			if (candidate.isAbsolute() && Files.isExecutable(candidate) && works(candidate.toString())) {
				return new ParentDeathSignal(candidate.toString());
			}
		}
		return none();
	}

	boolean available() {
		return this.setpriv != null;
	}

	List<String> wrap(List<String> command) {
		String wrapper = this.setpriv;
		return (wrapper != null) ? wrap(wrapper, command) : command;
	}

	private static List<String> wrap(String setpriv, List<String> command) {
		List<String> wrapped = new ArrayList<>(List.of(setpriv, "--no-new-privs", "--pdeathsig=KILL", "--"));
		wrapped.addAll(command);
		return wrapped;
	}

	private static boolean works(String setpriv) {
		try {
			Process probe = new ProcessBuilder(wrap(setpriv, List.of(setpriv, "--version"))).redirectErrorStream(true)
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
