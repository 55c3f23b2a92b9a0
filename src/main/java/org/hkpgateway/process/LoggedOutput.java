package org.hkpgateway.process;

import java.util.Map;

import org.hkpgateway.plugin.PluginId;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;
import org.slf4j.spi.LoggingEventBuilder;

/**
 * Writes what plugins print to the log.
 */
final class LoggedOutput implements PluginOutput {

	@Override
	public void accept(PluginId plugin, Level level, String message, Map<String, String> fields) {
		LoggingEventBuilder event = LoggerFactory.getLogger("plugin." + plugin).atLevel(level).setMessage(message);
		for (Map.Entry<String, String> field : fields.entrySet()) {
			event = event.addKeyValue(field.getKey(), field.getValue());
		}
		event.log();
	}

}
