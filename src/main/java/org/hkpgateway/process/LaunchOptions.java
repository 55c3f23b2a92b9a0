package org.hkpgateway.process;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

import org.jspecify.annotations.Nullable;

/**
 * How plugins are launched.
 *
 * @param runtimeDirectory where launch and data directories are made, used by one gateway
 * at a time, created if missing and kept; null for a fresh private directory below
 * {@code java.io.tmpdir} that is removed at the end
 * @param environment the gateway's own environment, of which plugins get
 * {@code PATH, JAVA_HOME, LANG, LC_*} and {@code TZ}
 * @param output where plugins' lines go
 * @param parentDeathSignal whether to have the kernel kill plugins when the gateway dies,
 * where that can be had; otherwise the end of their stdin is all they get
 */
public record LaunchOptions(@Nullable Path runtimeDirectory, Map<String, String> environment, PluginOutput output,
		boolean parentDeathSignal) {

	public LaunchOptions {
		environment = Map.copyOf(environment);
	}

	/**
	 * A fresh runtime directory, this process's environment, output to the log. Where
	 * JAVA_HOME is not set it names the Java that runs the gateway, so that plugins in
	 * Java find one.
	 * @return the defaults
	 */
	public static LaunchOptions defaults() {
		Map<String, String> environment = new HashMap<>(System.getenv());
		environment.putIfAbsent("JAVA_HOME", System.getProperty("java.home"));
		return new LaunchOptions(null, environment, PluginOutput.toLog(), true);
	}

}
