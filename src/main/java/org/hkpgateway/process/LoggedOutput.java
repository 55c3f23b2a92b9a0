package org.hkpgateway.process;

import java.util.Map;

import org.hkpgateway.plugin.PluginId;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;
import org.slf4j.spi.LoggingEventBuilder;

/**
 * Writes what plugins print to the log. Fields are key-value pairs, named
 * {@code plugin.<field>}, for logs with structure, and stand behind the message as well,
 * because a log of plain lines shows the message only.
 */
final class LoggedOutput implements PluginOutput {

	@Override
	public void accept(PluginId plugin, Level level, String message, Map<String, String> fields) {
		LoggingEventBuilder event = LoggerFactory.getLogger("plugin." + plugin)
			.atLevel(level)
			.setMessage(line(message, fields));
		for (Map.Entry<String, String> field : fields.entrySet()) {
			// The prefix keeps a plugin from naming a member of the record itself, whose
			// second occurrence would make the whole record fail.
			event = event.addKeyValue("plugin." + field.getKey(), field.getValue());
		}
		event.log();
	}

	/** As hclog writes it: {@code message: key=value key="two words"}. */
	static String line(String message, Map<String, String> fields) {
		StringBuilder line = new StringBuilder(message);
		String separator = ": ";
		for (Map.Entry<String, String> field : fields.entrySet()) {
			// Time and place of the plugin's own log: the gateway's line has its own.
			if (!field.getKey().startsWith("@")) {
				line.append(separator).append(field.getKey()).append('=').append(quoted(field.getValue()));
				separator = " ";
			}
		}
		return line.toString();
	}

	private static String quoted(String value) {
		boolean plain = !value.isEmpty() && value.chars().noneMatch((c) -> c <= ' ' || c == '"' || c == '=');
		return plain ? value : '"' + value.replace("\"", "\\\"") + '"';
	}

}
