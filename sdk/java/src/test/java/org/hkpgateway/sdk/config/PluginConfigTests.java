package org.hkpgateway.sdk.config;

import java.time.Duration;
import java.util.List;
import java.util.Set;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link PluginConfig}.
 */
class PluginConfigTests {

	@Test
	void absentKeysGiveTheDefaults() {
		PluginConfig config = PluginConfig.parse("{\"n\": null}");
		assertThat(config.getInt("n", 7)).isEqualTo(7);
		assertThat(config.getString("s", "x")).isEqualTo("x");
		assertThat(config.getBoolean("b", true)).isTrue();
		assertThat(config.getDouble("d", 1.5)).isEqualTo(1.5);
		assertThat(config.getDuration("w", Duration.ofSeconds(3))).hasSeconds(3);
		assertThat(config.getStringList("l", List.of("a"))).containsExactly("a");
		assertThat(config.getDurationList("l", List.of(Duration.ZERO))).containsExactly(Duration.ZERO);
		assertThat(config.getObject("o").keys()).isEmpty();
		assertThat(config.contains("n")).isFalse();
		assertThat(PluginConfig.parse("").keys()).isEmpty();
	}

	@Test
	void presentKeysAreTyped() {
		PluginConfig config = PluginConfig.parse("""
				{"n": 9007199254740993, "s": "x", "b": false, "d": 2.5, "w": "1h30m", "l": ["a", 1],
				 "steps": ["10s", "1m"], "o": {"deep": {"k": 5}}}""");
		assertThat(config.getLong("n", 0, 0, Long.MAX_VALUE)).isEqualTo(9007199254740993L);
		assertThat(config.getString("s")).isEqualTo("x");
		assertThat(config.getBoolean("b", true)).isFalse();
		assertThat(config.getDouble("d", 0)).isEqualTo(2.5);
		assertThat(config.getDuration("w", Duration.ZERO)).hasMinutes(90);
		assertThat(config.getStringList("l", List.of())).containsExactly("a", "1");
		assertThat(config.getDurationList("steps", List.of())).containsExactly(Duration.ofSeconds(10),
				Duration.ofMinutes(1));
		assertThat(config.getObject("o").getObject("deep").getInt("k", 0)).isEqualTo(5);
	}

	@Test
	void whatAnEnvironmentVariableCanHoldIsAccepted() {
		PluginConfig config = PluginConfig.parse("""
				{"n": "42", "b": "TRUE", "l": "192.0.2.1, 2001:db8::/32"}""");
		assertThat(config.getInt("n", 0)).isEqualTo(42);
		assertThat(config.getBoolean("b", false)).isTrue();
		assertThat(config.getStringList("l", List.of())).containsExactly("192.0.2.1", "2001:db8::/32");
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			500ms     | PT0.5S
			10s       | PT10S
			5m        | PT5M
			7d        | PT168H
			1h30m     | PT1H30M
			PT10S     | PT10S
			""")
	void durations(String text, Duration expected) {
		assertThat(PluginConfig.parse("{\"w\": \"" + text + "\"}").getDuration("w", Duration.ZERO)).isEqualTo(expected);
	}

	@ParameterizedTest
	@ValueSource(strings = { "10", "\"10\"", "\"-5s\"", "\"PT-1S\"", "\"10 s\"", "\"soon\"", "true", "[]", "{}" })
	void badDurationsNameKeyExpectedAndGot(String json) {
		assertThatExceptionOfType(ConfigException.class)
			.isThrownBy(() -> PluginConfig.parse("{\"window\": " + json + "}").getDuration("window", Duration.ZERO))
			.withMessageStartingWith("configuration key 'window': expected: a duration such as")
			.withMessageEndingWith("got: " + json);
	}

	@ParameterizedTest
	@ValueSource(strings = { "0", "101", "1.5", "\"many\"", "\"\"", "true", "[1]", "1e999999999" })
	void badNumbersNameKeyExpectedAndGot(String json) {
		assertThatExceptionOfType(ConfigException.class)
			.isThrownBy(
					() -> PluginConfig.parse("{\"o\": {\"n\": " + json + "}}").getObject("o").getInt("n", 1, 1, 100))
			.withMessage("configuration key 'o.n': expected: a whole number from 1 to 100, got: " + json)
			.satisfies((ex) -> assertThat(ex.key()).isEqualTo("o.n"));
	}

	@Test
	void otherWrongTypes() {
		PluginConfig config = PluginConfig.parse("{\"x\": {\"y\": 1}, \"l\": [[1]], \"b\": \"yes\", \"d\": \"1e\"}");
		assertThatExceptionOfType(ConfigException.class).isThrownBy(() -> config.getString("x", ""))
			.withMessage("configuration key 'x': expected: a string, got: {\"y\":1}");
		assertThatExceptionOfType(ConfigException.class).isThrownBy(() -> config.getString("missing"))
			.withMessageEndingWith("got: nothing");
		assertThatExceptionOfType(ConfigException.class).isThrownBy(() -> config.getStringList("l", List.of()))
			.withMessage("configuration key 'l[0]': expected: a string, got: [1]");
		assertThatExceptionOfType(ConfigException.class).isThrownBy(() -> config.getBoolean("b", true))
			.withMessageContaining("true or false");
		assertThatExceptionOfType(ConfigException.class).isThrownBy(() -> config.getDouble("d", 1));
		assertThatExceptionOfType(ConfigException.class).isThrownBy(() -> config.getObject("b"))
			.withMessageContaining("a table");
		assertThatExceptionOfType(ConfigException.class)
			.isThrownBy(() -> PluginConfig.parse("{\"s\": [\"1s\", \"x\"]}").getDurationList("s", List.of()))
			.withMessageContaining("'s[1]'");
	}

	@ParameterizedTest
	@ValueSource(strings = { "[]", "garbage", "{\"a\":", "null", "{} {}" })
	void anythingButOneObjectIsRefused(String json) {
		assertThatExceptionOfType(ConfigException.class).isThrownBy(() -> PluginConfig.parse(json))
			.withMessage("configuration: expected: one JSON object, got: " + json);
	}

	@Test
	void unknownKeysAreFound() {
		PluginConfig config = PluginConfig.parse("{\"known\": 1, \"treshold\": 2, \"o\": {\"z\": 1}}");
		assertThat(config.unknownKeys(Set.of("known", "o"))).containsExactly("treshold");
		assertThat(config.getObject("o").unknownKeys(Set.of())).containsExactly("o.z");
	}

	@Test
	void toStringShowsNoValue() {
		assertThat(PluginConfig.parse("{\"password\": \"secret\"}")).hasToString("PluginConfig[password]");
	}

}
