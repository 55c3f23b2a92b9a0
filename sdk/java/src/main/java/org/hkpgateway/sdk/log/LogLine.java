package org.hkpgateway.sdk.log;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;

import com.google.gson.stream.JsonWriter;
import org.jspecify.annotations.Nullable;

/**
 * Writes one log line in the form of hclog, which plugin hosts understand:
 * {@code @level}, {@code @message}, {@code @module}, {@code @timestamp} with
 * microseconds, then the ids of the request at hand, if there is one, then keys and
 * values. Numbers and booleans stay what they are, all else becomes a string.
 */
final class LogLine {

	/** Longer texts are cut, so that the queue of lines has a bound in bytes, too. */
	static final int MAX_TEXT = 8192;

	private static final int MAX_VALUES = 64;

	private static final DateTimeFormatter TIMESTAMP = DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSSSSXXX")
		.withZone(ZoneOffset.UTC);

	private LogLine() {
	}

	static String format(Instant time, LogLevel level, String module, String message, @Nullable Throwable thrown,
			@Nullable Object... keysAndValues) {
		StringWriter text = new StringWriter(160);
		try (JsonWriter json = new JsonWriter(text)) {
			json.beginObject();
			json.name("@level").value(level.word());
			json.name("@message").value(cut(message));
			json.name("@module").value(module);
			json.name("@timestamp").value(TIMESTAMP.format(time));
			RequestScope scope = RequestScope.current();
			optional(json, "request_id", scope.requestId());
			optional(json, "trace_id", scope.traceId());
			int count = Math.min(keysAndValues.length, MAX_VALUES);
			for (int i = 0; i + 1 < count; i += 2) {
				json.name(cut(text(keysAndValues[i])));
				value(json, keysAndValues[i + 1]);
			}
			if (count % 2 != 0) {
				// hclog's own name for a value whose key was forgotten.
				json.name("EXTRA_VALUE_AT_END");
				value(json, keysAndValues[count - 1]);
			}
			if (thrown != null) {
				json.name("error").value(cut(text(thrown)));
				json.name("stacktrace").value(cut(stackTrace(thrown)));
			}
			json.endObject();
		}
		catch (IOException ex) {
			throw new UncheckedIOException("writing to memory does not fail", ex);
		}
		return text.toString();
	}

	private static void optional(JsonWriter json, String name, String value) throws IOException {
		if (!value.isEmpty()) {
			json.name(name).value(cut(value));
		}
	}

	private static void value(JsonWriter json, @Nullable Object value) throws IOException {
		if (value instanceof Boolean flag) {
			json.value(flag);
		}
		else if (value instanceof Integer || value instanceof Long) {
			json.value((Number) value);
		}
		else if (value instanceof Double number && Double.isFinite(number)) {
			json.value(number);
		}
		else {
			json.value(cut(text(value)));
		}
	}

	private static String text(@Nullable Object value) {
		try {
			return String.valueOf(value);
		}
		catch (RuntimeException ex) {
			// A log call must never be what fails a request.
			return "(toString failed: " + ex.getClass().getName() + ")";
		}
	}

	private static String stackTrace(Throwable thrown) {
		StringWriter text = new StringWriter();
		try {
			thrown.printStackTrace(new PrintWriter(text));
		}
		catch (RuntimeException ex) {
			text.append("(printStackTrace failed: ").append(ex.getClass().getName()).append(')');
		}
		return text.toString();
	}

	private static String cut(String text) {
		return (text.length() <= MAX_TEXT) ? text : text.substring(0, MAX_TEXT) + "… (cut)";
	}

}
