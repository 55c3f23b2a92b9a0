package org.hkpgateway.sdk.log;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.time.Duration;
import java.time.Instant;

import org.jspecify.annotations.Nullable;

/**
 * The log of a plugin: JSON lines on standard error, which the gateway turns into log
 * records of its own with the plugin's name.
 *
 * <pre>
 * PluginLog log = PluginLog.get("blocklist");
 * log.info("list loaded", "entries", 42, "file", path);
 * </pre>
 *
 * A call never blocks and never throws: lines are written by a thread of their own, and
 * when nobody reads them they are dropped and counted. Safe for any number of threads.
 */
public final class PluginLog {

	private static final int QUEUE = 1024;

	private static final LogWriter STANDARD_ERROR = new LogWriter(new FileOutputStream(FileDescriptor.err), QUEUE);

	private static volatile LogLevel threshold = LogLevel.INFO;

	private final LogWriter writer;

	private final String module;

	PluginLog(LogWriter writer, String module) {
		this.writer = writer;
		this.module = module;
	}

	/**
	 * Returns the log of a part of the plugin.
	 * @param module its name, shown as {@code @module}
	 * @return the log
	 */
	public static PluginLog get(String module) {
		return new PluginLog(STANDARD_ERROR, module);
	}

	/**
	 * Sends what {@code java.util.logging} gets the same way, and sets what is logged.
	 * Called once by {@link org.hkpgateway.sdk.HkpPlugin}.
	 * @param least what is less is not logged
	 */
	public static void install(LogLevel least) {
		threshold = least;
		new JavaLoggingBridge(STANDARD_ERROR).install(least);
	}

	/**
	 * Waits until what was logged has been written.
	 * @param limit how long at most
	 */
	public static void flush(Duration limit) {
		STANDARD_ERROR.flush(limit);
	}

	/**
	 * Whether lines of a level are written.
	 * @param level the level
	 * @return true if they are
	 */
	public boolean isEnabled(LogLevel level) {
		return level.compareTo(threshold) >= 0;
	}

	/**
	 * Logs what helps to find a fault.
	 * @param message one sentence
	 * @param keysAndValues name, value, name, value …
	 */
	public void debug(String message, @Nullable Object... keysAndValues) {
		log(LogLevel.DEBUG, message, null, keysAndValues);
	}

	/**
	 * Logs something normal that is worth a line.
	 * @param message one sentence
	 * @param keysAndValues name, value, name, value …
	 */
	public void info(String message, @Nullable Object... keysAndValues) {
		log(LogLevel.INFO, message, null, keysAndValues);
	}

	/**
	 * Logs something that works but should be looked at.
	 * @param message one sentence
	 * @param keysAndValues name, value, name, value …
	 */
	public void warn(String message, @Nullable Object... keysAndValues) {
		log(LogLevel.WARN, message, null, keysAndValues);
	}

	/**
	 * Logs something that does not work.
	 * @param message one sentence
	 * @param keysAndValues name, value, name, value …
	 */
	public void error(String message, @Nullable Object... keysAndValues) {
		log(LogLevel.ERROR, message, null, keysAndValues);
	}

	/**
	 * Logs an exception with its stack trace.
	 * @param level the level
	 * @param message one sentence
	 * @param thrown the exception
	 * @param keysAndValues name, value, name, value …
	 */
	public void thrown(LogLevel level, String message, Throwable thrown, @Nullable Object... keysAndValues) {
		log(level, message, thrown, keysAndValues);
	}

	private void log(LogLevel level, String message, @Nullable Throwable thrown, @Nullable Object... keysAndValues) {
		if (isEnabled(level)) {
			this.writer.offer(LogLine.format(Instant.now(), level, this.module, message, thrown, keysAndValues));
		}
	}

}
