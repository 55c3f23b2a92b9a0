package org.hkpgateway.process;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

import org.hkpgateway.plugin.HostAccess;
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
 * where that can be had; otherwise the end of their stdin is all they get. Always so in
 * isolation {@code basic} and {@code strict}
 * @param limits resource limits in isolation {@code basic} and {@code strict}
 * @param hostAccess lets plugins call the gateway back
 * @param uidRange users for plugins, one each, except in isolation {@code none}; null for
 * the gateway's own user
 */
public record LaunchOptions(@Nullable Path runtimeDirectory, Map<String, String> environment, PluginOutput output,
		boolean parentDeathSignal, ResourceLimits limits, HostAccess hostAccess, @Nullable UidRange uidRange) {

	public LaunchOptions {
		environment = Map.copyOf(environment);
	}

	/** With the usual limits, without calls back and users of their own. */
	public LaunchOptions(@Nullable Path runtimeDirectory, Map<String, String> environment, PluginOutput output,
			boolean parentDeathSignal) {
		this(runtimeDirectory, environment, output, parentDeathSignal, ResourceLimits.DEFAULTS, HostAccess.NONE, null);
	}

	/**
	 * The same with users for plugins.
	 * @param range null for the gateway's own user
	 * @return a changed copy
	 */
	public LaunchOptions withUidRange(@Nullable UidRange range) {
		return new LaunchOptions(this.runtimeDirectory, this.environment, this.output, this.parentDeathSignal,
				this.limits, this.hostAccess, range);
	}

	/**
	 * The same with a way back for plugins.
	 * @param access opens it
	 * @return a changed copy
	 */
	public LaunchOptions withHostAccess(HostAccess access) {
		return new LaunchOptions(this.runtimeDirectory, this.environment, this.output, this.parentDeathSignal,
				this.limits, access, this.uidRange);
	}

	/**
	 * The same in another place.
	 * @param directory where launch and data directories are made
	 * @return a changed copy
	 */
	public LaunchOptions withRuntimeDirectory(Path directory) {
		return new LaunchOptions(directory, this.environment, this.output, this.parentDeathSignal, this.limits,
				this.hostAccess, this.uidRange);
	}

	/**
	 * The same with lines that go elsewhere.
	 * @param lines where plugins' lines go
	 * @return a changed copy
	 */
	public LaunchOptions withOutput(PluginOutput lines) {
		return new LaunchOptions(this.runtimeDirectory, this.environment, lines, this.parentDeathSignal, this.limits,
				this.hostAccess, this.uidRange);
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

	@Override
	public String toString() {
		// Not the gateway's environment, which may hold passwords.
		return "LaunchOptions[runtimeDirectory=" + this.runtimeDirectory + ", parentDeathSignal="
				+ this.parentDeathSignal + ", " + this.limits + ", uidRange=" + this.uidRange + "]";
	}

}
