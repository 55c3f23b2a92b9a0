package org.hkpgateway.sdk.config;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests of {@link PluginConfig#as} and {@link RecordReader}.
 */
class RecordReaderTests {

	@Test
	void absentKeysGiveTheDefaults() {
		Settings settings = PluginConfig.parse("{\"name\": \"x\", \"count\": null}").as(Settings.class);
		assertThat(settings).isEqualTo(new Settings("x", 4, 5_000_000_000L, 0.5, true, Duration.ofSeconds(10),
				new Size(64 << 10), Mode.OBSERVE, List.of(), List.of(Duration.ofSeconds(1), Duration.ofMinutes(2)),
				Map.of(), Optional.empty(), null, new Limit(10, Duration.ofMinutes(1)), List.of()));
	}

	@Test
	void presentKeysAreTyped() {
		Settings settings = PluginConfig.parse("""
				{"name": "n", "count": 7, "big_number": 9007199254740993, "ratio": 2, "on": "false", "timeout": "1h30m",
				 "max_body": "1MiB", "mode": "enforce-all", "exempt_from": ["a", "b"], "steps": "5s, 6s",
				 "by_name": {"x": {"requests": 3}}, "contact": "me", "note": "hm",
				 "limit": {"requests": 1, "window": "2s"}, "limits": [{"requests": 1}, {"window": "3s"}]}""")
			.as(Settings.class);
		assertThat(settings).isEqualTo(new Settings("n", 7, 9007199254740993L, 2, false, Duration.ofMinutes(90),
				new Size(1 << 20), Mode.ENFORCE_ALL, List.of("a", "b"),
				List.of(Duration.ofSeconds(5), Duration.ofSeconds(6)), Map.of("x", new Limit(3, Duration.ofMinutes(1))),
				Optional.of("me"), "hm", new Limit(1, Duration.ofSeconds(2)),
				List.of(new Limit(1, Duration.ofMinutes(1)), new Limit(10, Duration.ofSeconds(3)))));
	}

	/** What every SDK says is in the common table. */
	@ParameterizedTest
	@CsvSource(delimiter = '|', quoteCharacter = '`',
			textBlock = """
					{}                                               | 'name': expected: a string, got: nothing
					{"name": "", "mode": "x"}                        | 'mode': expected: one of observe, enforce_all, got: "x"
					{"name": "", "by_name": {"a": {"requests": -1}}} | 'by_name.a': requests: expected: 0 or more, got: -1
					{"name": "", "count": 0, "on": 1}                | 'count': expected: a whole number from 1 to 100, got: 0; configuration key 'on': expected: true or false, got: 1
					""")
	void errorsNameTheKey(String json, String message) {
		PluginConfig config = PluginConfig.parse(json);
		assertThatExceptionOfType(ConfigException.class).isThrownBy(() -> config.as(Settings.class))
			.withMessage("configuration key " + message)
			.satisfies((ex) -> assertThat(message).startsWith("'" + ex.key() + "'"));
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
			{"share": -0.01}       | 'share': expected: a number from 0 to 1, got: -0.01
			{"body": 0}            | 'body': expected: a size from 1KB to 64KB, got: 0
			{"most": "2KiB"}       | 'most': expected: a size from 1B to 1KB, got: "2KiB"
			{"shares": {"a": "3"}} | 'shares.a': expected: a number from 0 to 2, got: "3"
			{"counts": [1, 11]}    | 'counts[1]': expected: a whole number from 1 to 10, got: 11
			""")
	void rangesBoundEveryNumber(String json, String message) {
		PluginConfig config = PluginConfig.parse(json);
		assertThatExceptionOfType(ConfigException.class).isThrownBy(() -> config.as(Ranges.class))
			.withMessage("configuration key " + message);
	}

	@Test
	void whatIsWithinARangeIsRead() {
		assertThat(PluginConfig.parse("{\"share\": 1, \"body\": 1024}").as(Ranges.class))
			.isEqualTo(new Ranges(1, new Size(1024), Optional.empty(), Map.of(), List.of()));
	}

	/** Also where the key is absent, or an operator would be the first to see it. */
	@Test
	void aRangeThatCouldNotBeKeptIsTheAuthorsFault() {
		assertThatIllegalArgumentException().isThrownBy(() -> PluginConfig.empty().as(RangeOfTime.class))
			.withMessageStartingWith("component of key 'times': expected: @Range on a number, a Size, or List");
		assertThatIllegalArgumentException().isThrownBy(() -> PluginConfig.empty().as(RangeOfText.class));
		assertThatIllegalArgumentException().isThrownBy(() -> PluginConfig.empty().as(DurationRangeOfSize.class))
			.withMessageStartingWith("component of key 'size': expected: @DurationRange on a Duration");
		assertThatIllegalArgumentException()
			.isThrownBy(() -> PluginConfig.parse("{\"time\": \"1s\"}").as(DurationRangeThatIsNone.class))
			.withMessageContaining("@DurationRange")
			.withMessageEndingWith("got: \"soon\"");
	}

	@Test
	void ofTheWholeConfigurationThereIsNoKey() {
		assertThatExceptionOfType(ConfigException.class)
			.isThrownBy(() -> PluginConfig.parse("{\"requests\": -1}").as(Limit.class))
			.withMessage("configuration: requests: expected: 0 or more, got: -1");
	}

	@Test
	void unknownKeysAreFoundAlsoInTables() {
		RecordReader reader = new RecordReader();
		JsonObject table = JsonParser
			.parseString("{\"name\": \"\", \"cuont\": 1, \"limit\": {\"x\": 1}, \"limits\": [{\"y\": 1}]}")
			.getAsJsonObject();
		reader.read(Settings.class, "", table);
		assertThat(reader.unknown()).containsExactly("cuont", "limit.x", "limits[0].y");
	}

	@Test
	void aTableOfItsOwnKeepsItsName() {
		PluginConfig table = PluginConfig.parse("{\"o\": {\"requests\": \"x\"}}").getObject("o");
		assertThatExceptionOfType(ConfigException.class).isThrownBy(() -> table.as(Limit.class))
			.withMessageContaining("'o.requests'");
	}

	@Test
	void typesThatCannotBeReadAreTheAuthorsFault() {
		assertThatIllegalArgumentException().isThrownBy(() -> PluginConfig.parse("{\"when\": 1}").as(Odd.class))
			.withMessageStartingWith("component of key 'when': expected: String, int");
	}

	@ParameterizedTest
	@CsvSource({ "0,0", "512,512", "512B,512", "1KiB,1024", "1 KB,1024", "64k,65536", "2MiB,2097152",
			"1GB,1073741824" })
	void sizes(String text, long bytes) {
		assertThat(Size.parse(text)).isEqualTo(new Size(bytes));
		assertThat(PluginConfig.parse("{\"s\": \"" + text + "\"}").getSize("s", new Size(0)))
			.isEqualTo(new Size(bytes));
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "x", "-1", "1.5MiB", "1  KB", "1TB", "999999999999999GB" })
	void badSizes(String text) {
		assertThatIllegalArgumentException().isThrownBy(() -> Size.parse(text)).withMessageContaining("got: '" + text);
	}

	@ParameterizedTest
	@CsvSource({ "a,a", "shortestSearch,shortest_search", "maxV2Size,max_v2_size", "maxURLLen,max_url_len" })
	void keys(String component, String key) {
		assertThat(RecordReader.key(component)).isEqualTo(key);
	}

	enum Mode {

		OBSERVE, ENFORCE_ALL

	}

	record Limit(@Default("10") int requests, @Default("1m") Duration window) {

		Limit {
			if (requests < 0) {
				throw new IllegalArgumentException("requests: expected: 0 or more, got: " + requests);
			}
		}

	}

	record Settings(String name, @Default("4") @Range(min = 1, max = 100) int count,
			@Default("5000000000") long bigNumber, @Default("0.5") double ratio, @Default("true") boolean on,
			@Default("10s") Duration timeout, @Default("64KiB") Size maxBody, @Default("observe") Mode mode,
			List<String> exemptFrom, @Default("1s, 2m") List<Duration> steps, Map<String, Limit> byName,
			Optional<String> contact, @Nullable String note, Limit limit, List<Limit> limits) {
	}

	record Odd(StringBuilder when) {
	}

	record Ranges(@Default("0.5") @Range(min = 0, max = 1) double share,
			@Default("64KiB") @Range(min = 1024, max = 65536) Size body,
			@Range(min = 1, max = 1024) Optional<Size> most, @Range(min = 0, max = 2) Map<String, Double> shares,
			@Range(min = 1, max = 10) List<Integer> counts) {
	}

	record RangeOfTime(@Range(min = 1, max = 2) List<Duration> times) {
	}

	record DurationRangeOfSize(@DurationRange(min = "1s") Size size) {
	}

	record DurationRangeThatIsNone(@DurationRange(max = "soon") Duration time) {
	}

	record RangeOfText(@Range(min = 1, max = 2) String text) {
	}

}
