package org.hkpgateway.sdk.log;

import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link LogLine}.
 */
class LogLineTests {

	private static final Instant TIME = Instant.parse("2026-01-02T03:04:05.000006Z");

	@Test
	void oneJsonObjectAsHclogWritesIt() {
		String line = LogLine.format(TIME, LogLevel.WARN, "part", "a \"quoted\"\nmessage", null, "count", 3, "name",
				"x", "yes", true, "ratio", 0.5, "nothing", null);
		assertThat(line)
			.isEqualTo("{\"@level\":\"warn\",\"@message\":\"a \\\"quoted\\\"\\nmessage\",\"@module\":\"part\","
					+ "\"@timestamp\":\"2026-01-02T03:04:05.000006Z\",\"count\":3,\"name\":\"x\",\"yes\":true,"
					+ "\"ratio\":0.5,\"nothing\":\"null\"}");
	}

	@Test
	void exceptionsComeWithTheirStackTrace() {
		JsonObject line = parse(LogLine.format(TIME, LogLevel.ERROR, "m", "failed", new IllegalStateException("why")));
		assertThat(line.get("error").getAsString()).isEqualTo("java.lang.IllegalStateException: why");
		assertThat(line.get("stacktrace").getAsString()).contains("LogLineTests");
	}

	@Test
	void insideARequestItCarriesItsIds() throws Exception {
		RequestScope scope = new RequestScope("r1", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
		Runnable[] later = new Runnable[1];
		JsonObject inside = scope.call(() -> {
			JsonObject nested = new RequestScope("r2", "").call(() -> parse(format()));
			assertThat(nested.get("request_id").getAsString()).isEqualTo("r2");
			assertThat(nested.has("trace_id")).isFalse();
			later[0] = RequestScope.carry(() -> assertThat(format()).contains("\"request_id\":\"r1\""));
			return parse(format());
		});
		assertThat(inside.get("request_id").getAsString()).isEqualTo("r1");
		assertThat(inside.get("trace_id").getAsString()).isEqualTo("4bf92f3577b34da6a3ce929d0e0e4736");
		assertThat(parse(format()).has("request_id")).isFalse();
		CompletableFuture.runAsync(later[0]).get(20, TimeUnit.SECONDS);
	}

	private static String format() {
		return LogLine.format(TIME, LogLevel.INFO, "m", "x", null);
	}

	@Test
	void nothingMakesItThrow() {
		Object bad = new Object() {
			@Override
			public String toString() {
				throw new IllegalStateException();
			}
		};
		JsonObject line = parse(LogLine.format(TIME, LogLevel.INFO, "m", "x".repeat(100_000), null, "bad", bad, "nan",
				Double.NaN, "last"));
		assertThat(line.get("@message").getAsString()).hasSizeLessThan(LogLine.MAX_TEXT + 20);
		assertThat(line.get("bad").getAsString()).contains("toString failed");
		assertThat(line.get("nan").getAsString()).isEqualTo("NaN");
		assertThat(line.get("EXTRA_VALUE_AT_END").getAsString()).isEqualTo("last");
	}

	private static JsonObject parse(String line) {
		return JsonParser.parseString(line).getAsJsonObject();
	}

}
