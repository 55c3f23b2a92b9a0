package org.hkpgateway.process;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

import org.jspecify.annotations.Nullable;
import org.slf4j.event.Level;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Understands the lines of one stream of one plugin as go-plugin's host does: JSON as
 * hclog writes it, lines that begin with a level in brackets, and Go's panics. Any other
 * line is a message at INFO. Not thread-safe.
 */
final class LogLineParser {

	private static final JsonMapper MAPPER = JsonMapper.builder().build();

	private static final int MOST_FIELDS = 64;

	private static final String LEVEL = "@level";

	private static final String MESSAGE = "@message";

	private boolean panicking;

	OutputRecord parse(String line) {
		if (line.startsWith("{")) {
			JsonNode json = json(line);
			if (json.isObject() && json.has(MESSAGE)) {
				return structured(json);
			}
		}
		if (line.startsWith("panic:") || line.startsWith("fatal error:")) {
			this.panicking = true;
		}
		Level level = prefixed(line);
		if (level != null && !this.panicking) {
			return new OutputRecord(level, Printable.escape(line.substring(line.indexOf(']') + 1).strip()), Map.of());
		}
		return new OutputRecord(this.panicking ? Level.ERROR : Level.INFO, Printable.escape(line), Map.of());
	}

	private static JsonNode json(String line) {
		try {
			return MAPPER.readTree(line);
		}
		catch (JacksonException ex) {
			// Not JSON after all: shown as it is.
			return MAPPER.missingNode();
		}
	}

	private static OutputRecord structured(JsonNode json) {
		Map<String, String> fields = new LinkedHashMap<>();
		for (Map.Entry<String, JsonNode> member : json.properties()) {
			boolean used = member.getKey().equals(LEVEL) || member.getKey().equals(MESSAGE);
			if (!used && fields.size() < MOST_FIELDS) {
				fields.put(Printable.escape(member.getKey()), text(member.getValue()));
			}
		}
		return new OutputRecord(level(text(json.path(LEVEL))), text(json.path(MESSAGE)), fields);
	}

	/** Authors log numbers, nulls and objects where a string is usual. */
	private static String text(JsonNode value) {
		return Printable.escape(value.isString() ? value.stringValue() : value.toString());
	}

	private static Level level(String name) {
		return switch (name.toLowerCase(Locale.ROOT)) {
			case "trace" -> Level.TRACE;
			case "debug" -> Level.DEBUG;
			case "warn", "warning" -> Level.WARN;
			case "error", "err" -> Level.ERROR;
			default -> Level.INFO;
		};
	}

	private static @Nullable Level prefixed(String line) {
		int end = line.startsWith("[") ? line.indexOf(']') : -1;
		return switch ((end > 0) ? line.substring(1, end) : "") {
			case "TRACE" -> Level.TRACE;
			case "DEBUG" -> Level.DEBUG;
			case "INFO" -> Level.INFO;
			case "WARN" -> Level.WARN;
			case "ERROR" -> Level.ERROR;
			default -> null;
		};
	}

}
