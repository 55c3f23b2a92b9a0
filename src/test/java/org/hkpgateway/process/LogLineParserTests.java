package org.hkpgateway.process;

import java.util.Map;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.event.Level;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

class LogLineParserTests {

	private final LogLineParser parser = new LogLineParser();

	@Test
	void plainLineIsInfo() {
		assertThat(this.parser.parse("hello {} %s")).isEqualTo(new OutputRecord(Level.INFO, "hello {} %s", Map.of()));
	}

	@Test
	void hclogLine() {
		OutputRecord line = this.parser
			.parse("{\"@level\":\"warn\",\"@message\":\"slow\",\"@module\":\"antiabuse\",\"@timestamp\":"
					+ "\"2026-11-01T10:00:00.000000Z\",\"client\":\"192.0.2.1\"}");
		assertThat(line.level()).isEqualTo(Level.WARN);
		assertThat(line.message()).isEqualTo("slow");
		assertThat(line.fields()).containsExactly(entry("@module", "antiabuse"),
				entry("@timestamp", "2026-11-01T10:00:00.000000Z"), entry("client", "192.0.2.1"));
	}

	@ParameterizedTest
	@CsvSource({ "trace,TRACE", "debug,DEBUG", "info,INFO", "warn,WARN", "warning,WARN", "error,ERROR", "ERROR,ERROR",
			"fatal,INFO" })
	void levels(String name, Level level) {
		assertThat(this.parser.parse("{\"@level\":\"" + name + "\",\"@message\":\"m\"}").level()).isEqualTo(level);
	}

	@Test
	void valuesThatAreNoStringsDoNotThrow() {
		OutputRecord line = this.parser.parse("{\"@level\":3,\"@message\":{\"a\":[1]},\"@timestamp\":null,\"n\":1.5,"
				+ "\"b\":true,\"l\":[\"x\\ny\"]}");
		assertThat(line.level()).isEqualTo(Level.INFO);
		assertThat(line.message()).isEqualTo("{\"a\":[1]}");
		assertThat(line.fields()).containsExactly(entry("@timestamp", "null"), entry("n", "1.5"), entry("b", "true"),
				entry("l", "[\"x\\ny\"]"));
	}

	@Test
	void fieldsAreBounded() {
		StringBuilder json = new StringBuilder("{\"@message\":\"m\"");
		for (int i = 0; i < 100; i++) {
			json.append(",\"k").append(i).append("\":1");
		}
		assertThat(this.parser.parse(json.append('}').toString()).fields()).hasSize(64);
	}

	@ParameterizedTest
	@ValueSource(strings = { "{", "{}", "{\"level\":\"info\",\"msg\":\"x\"}", "{\"@message\":\"unfinished", "[1]",
			"{\"@message\":\"a\"} trailing", "[INFO", "[NOTE] x" })
	void whatIsNotHclogIsShownAsItIs(String line) {
		OutputRecord expected = new OutputRecord(Level.INFO, line, Map.of());
		if (!line.endsWith("trailing")) {
			assertThat(this.parser.parse(line)).isEqualTo(expected);
		}
		assertThat(this.parser.parse(line).level()).isEqualTo(Level.INFO);
	}

	@Test
	void nestingBeyondMeasureDoesNotThrow() {
		String line = "{\"@message\":" + "[".repeat(60_000);
		assertThat(this.parser.parse(line).message()).isEqualTo(line);
	}

	@ParameterizedTest
	@CsvSource({ "TRACE", "DEBUG", "INFO", "WARN", "ERROR" })
	void levelInBrackets(Level level) {
		assertThat(this.parser.parse("[" + level + "]  the text"))
			.isEqualTo(new OutputRecord(level, "the text", Map.of()));
	}

	@ParameterizedTest
	@ValueSource(strings = { "panic: runtime error: index out of range", "fatal error: all goroutines are asleep" })
	void panicAndWhatFollowsAreErrors(String first) {
		assertThat(this.parser.parse(first).level()).isEqualTo(Level.ERROR);
		assertThat(this.parser.parse("goroutine 1 [running]:").level()).isEqualTo(Level.ERROR);
		assertThat(this.parser.parse("[INFO] late").level()).isEqualTo(Level.ERROR);
		assertThat(this.parser.parse("{\"@level\":\"info\",\"@message\":\"m\"}").level()).isEqualTo(Level.INFO);
	}

	@Test
	void controlCharactersAreEscapedEverywhere() {
		assertThat(this.parser.parse("a\u001b[0m\rb").message()).isEqualTo("a\\u001b[0m\\rb");
		OutputRecord line = this.parser.parse("{\"@message\":\"a\\nb\",\"k\\ney\":\"v\\u001b\"}");
		assertThat(line.message()).isEqualTo("a\\nb");
		assertThat(line.fields()).containsExactly(entry("k\\ney", "v\\u001b"));
	}

}
