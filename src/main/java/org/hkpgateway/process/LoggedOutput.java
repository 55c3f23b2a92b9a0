package org.hkpgateway.process;

import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

import org.hkpgateway.log.LogFields;
import org.hkpgateway.plugin.PluginId;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;
import org.slf4j.spi.LoggingEventBuilder;

/**
 * Writes what plugins print to the log. Fields are key-value pairs, named
 * {@code plugin.<field>}, for logs with structure, and stand behind the message as well,
 * because a log of plain lines shows the message only. The plugin, and the request if the
 * line tells it as SDKs do, are named as in all lines.
 */
final class LoggedOutput implements PluginOutput {

	/** How SDKs call the request that a line is about. */
	private static final String REQUEST_ID = "request_id";

	/**
	 * A dot would make a member of a member, which another field may be already; GELF
	 * knows no other characters.
	 */
	private static final Pattern NOT_IN_NAMES = Pattern.compile("[^A-Za-z0-9_-]");

	@Override
	public void accept(PluginId plugin, Level level, String message, Map<String, String> fields) {
		LoggingEventBuilder event = LoggerFactory.getLogger("plugin." + plugin)
			.atLevel(level)
			.setMessage(line(message, fields))
			.addKeyValue(LogFields.PLUGIN, plugin.name());
		String request = fields.get(REQUEST_ID);
		if (request != null) {
			event = event.addKeyValue(LogFields.REQUEST, request);
		}
		Set<String> names = new HashSet<>();
		for (Map.Entry<String, String> field : fields.entrySet()) {
			// The prefix keeps a plugin from naming a member of the record itself; a
			// second one of a name would make the whole record fail.
			String name = "plugin." + NOT_IN_NAMES.matcher(field.getKey()).replaceAll("_");
			if (names.add(name)) {
				event = event.addKeyValue(name, field.getValue());
			}
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
