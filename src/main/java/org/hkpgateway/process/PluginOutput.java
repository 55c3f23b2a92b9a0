package org.hkpgateway.process;

import java.util.Map;

import org.hkpgateway.plugin.PluginId;
import org.slf4j.event.Level;

/**
 * Where the lines go that plugins write to stdout and stderr.
 */
@FunctionalInterface
public interface PluginOutput {

	/**
	 * Takes one record. Called by the thread that reads this plugin's pipes: while it
	 * blocks, the plugin's pipes fill. Records of one plugin come one after the other,
	 * those of several plugins at the same time. What it throws is ignored.
	 * @param plugin whose line it is
	 * @param level as the line says, else INFO
	 * @param message without control characters, at most about 64 KiB
	 * @param fields the other members of a JSON line, in its order; possibly none
	 */
	void accept(PluginId plugin, Level level, String message, Map<String, String> fields);

	/**
	 * A record as the log shows it: fields behind the message.
	 * @param message of the record
	 * @param fields of the record
	 * @return one line
	 */
	static String line(String message, Map<String, String> fields) {
		return LoggedOutput.line(message, fields);
	}

	/**
	 * Writes to the logger {@code plugin.<name>}, fields as key-value pairs and behind
	 * the message.
	 * @return the default output
	 */
	static PluginOutput toLog() {
		return new LoggedOutput();
	}

}
