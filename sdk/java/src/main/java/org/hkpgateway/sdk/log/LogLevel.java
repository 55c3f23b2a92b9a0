package org.hkpgateway.sdk.log;

import java.util.Locale;
import java.util.logging.Level;

/**
 * How much a log line matters; the order is that of the constants, least first.
 */
public enum LogLevel {

	/** Every step. */
	TRACE,

	/** For whoever looks for a fault. */
	DEBUG,

	/** Normal, and worth a line. */
	INFO,

	/** Works, but somebody should look. */
	WARN,

	/** Does not work. */
	ERROR;

	/**
	 * The word that stands in {@code @level}.
	 * @return lower case
	 */
	public String word() {
		return name().toLowerCase(Locale.ROOT);
	}

	/**
	 * Reads a level's name.
	 * @param name in any case
	 * @return the level
	 * @throws IllegalArgumentException if there is no such level; lists those there are
	 */
	public static LogLevel parse(String name) {
		for (LogLevel level : values()) {
			if (level.name().equalsIgnoreCase(name.strip())) {
				return level;
			}
		}
		throw new IllegalArgumentException("expected: trace, debug, info, warn or error, got: '" + name + "'");
	}

	static LogLevel of(Level level) {
		int value = level.intValue();
		if (value >= Level.SEVERE.intValue()) {
			return ERROR;
		}
		if (value >= Level.WARNING.intValue()) {
			return WARN;
		}
		if (value >= Level.INFO.intValue()) {
			return INFO;
		}
		return (value >= Level.FINE.intValue()) ? DEBUG : TRACE;
	}

	Level toJavaLevel() {
		return switch (this) {
			case TRACE -> Level.FINEST;
			case DEBUG -> Level.FINE;
			case INFO -> Level.INFO;
			case WARN -> Level.WARNING;
			case ERROR -> Level.SEVERE;
		};
	}

}
