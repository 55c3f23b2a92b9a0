package org.hkpgateway.antiabuse;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

import org.hkpgateway.antiabuse.ClientLimiter.Limit;
import org.hkpgateway.sdk.config.ConfigException;
import org.hkpgateway.sdk.config.PluginConfig;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link AntiabuseConfig}, and that manifest and README tell the same.
 */
class AntiabuseConfigTests {

	@Test
	void nothingGivesTheDefaults() {
		AntiabuseConfig config = parse("{}");
		assertThat(config.limits()).containsExactly(new Limit(100, Duration.ofSeconds(10)));
		assertThat(config.hashqueryLimit()).isEqualTo(new Limit(500, Duration.ofSeconds(10)));
		assertThat(config.blockSteps()).containsExactly(Duration.ofSeconds(10), Duration.ofSeconds(60),
				Duration.ofMinutes(10), Duration.ofHours(1));
		assertThat(config.forgetAfter()).hasHours(1);
		assertThat(config.maxClients()).isEqualTo(100_000);
		assertThat(config.logAddresses()).isTrue();
		assertThat(config.warnings()).isEmpty();
	}

	@Test
	void everythingIsRead() throws Exception {
		AntiabuseConfig config = parse("""
				{"threshold": 5, "window": "1m", "hashquery_threshold": 7, "max_requests_per_minute": 4,
				 "max_requests_per_hour": 100, "block_steps": ["1s", "2s"], "forget_after": "5m",
				 "allow": ["192.0.2.1"], "block": "198.51.100.0/24,2001:db8::/32", "max_clients": 500,
				 "log_addresses": false}""");
		assertThat(config.limits()).containsExactly(new Limit(5, Duration.ofMinutes(1)),
				new Limit(4, Duration.ofMinutes(1)), new Limit(100, Duration.ofHours(1)));
		assertThat(config.hashqueryLimit()).isEqualTo(new Limit(7, Duration.ofMinutes(1)));
		assertThat(config.blockSteps()).containsExactly(Duration.ofSeconds(1), Duration.ofSeconds(2));
		assertThat(config.forgetAfter()).hasMinutes(5);
		assertThat(config.allow().contains(InetAddress.getByName("192.0.2.1"))).isTrue();
		assertThat(config.block().contains(InetAddress.getByName("2001:db8::1"))).isTrue();
		assertThat(config.maxClients()).isEqualTo(500);
		assertThat(config.logAddresses()).isFalse();
		assertThat(config.warnings()).isEmpty();
	}

	@Test
	void blockDurationMinutesReplacesTheSteps() {
		assertThat(parse("{\"block_duration_minutes\": 60, \"block_steps\": [\"1s\"]}").blockSteps())
			.containsExactly(Duration.ofHours(1));
	}

	@Test
	void unknownKeysAndLimitsOutOfReachAreWarnedAbout() {
		assertThat(parse("{\"treshold\": 5}").warnings()).singleElement()
			.asString()
			.startsWith("configuration key 'treshold' is unknown and ignored; known are [allow, block,");
		assertThat(parse("{\"max_requests_per_minute\": 6000}").warnings()).singleElement()
			.asString()
			.contains("max_requests_per_minute = 6000 is never reached", "raise threshold");
		assertThat(parse("{\"max_requests_per_minute\": 600}").warnings()).isEmpty();
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			{"threshold": 0}                  | threshold                | a whole number from 1 to 1000000
			{"threshold": "many"}             | threshold                | got: "many"
			{"window": "500ms"}               | window                   | a duration from 1s to 1d, got: 500ms
			{"window": "2d"}                  | window                   | got: 2d
			{"window": 10}                    | window                   | a duration such as
			{"hashquery_threshold": -1}       | hashquery_threshold      | got: -1
			{"max_requests_per_minute": 0}    | max_requests_per_minute  | got: 0
			{"max_requests_per_hour": "x"}    | max_requests_per_hour    | got: "x"
			{"block_steps": []}               | block_steps              | 1 to 20 durations, got: 0 durations
			{"block_steps": ["10s", "x"]}     | block_steps[1]           | got: 'x'
			{"block_steps": ["0s"]}           | block_steps[0]           | a duration from 1s
			{"block_duration_minutes": 0}     | block_duration_minutes   | got: 0
			{"forget_after": "1000d"}         | forget_after             | to 365d
			{"allow": ["localhost"]}          | allow[0]                 | got: 'localhost'
			{"block": [["a"]]}                | block[0]                 | a string
			{"max_clients": 5}                | max_clients              | from 100 to
			{"log_addresses": "maybe"}        | log_addresses            | true or false
			""")
	void wrongValuesNameKeyExpectedAndGot(String json, String key, String part) {
		assertThatExceptionOfType(ConfigException.class).isThrownBy(() -> parse(json))
			.withMessageStartingWith("configuration key '" + key + "': expected: ")
			.withMessageContaining(part);
	}

	@Test
	void theReadmeHasEveryKeyAndNoOther() throws IOException {
		assertThat(keys("README.md", "(?m)^\\| `([a-z_]+)` \\|")).isEqualTo(AntiabuseConfig.KEYS);
	}

	@Test
	void theManifestHasEveryKeyAndNoOther() throws IOException {
		String manifest = Files.readString(Path.of("src/main/dist/plugin.toml"));
		String config = manifest.substring(manifest.indexOf("[plugin.config]"));
		Set<String> keys = Pattern.compile("(?m)^(?:# )?([a-z_]+) = ")
			.matcher(config)
			.results()
			.map((match) -> match.group(1))
			.collect(Collectors.toSet());
		assertThat(keys).isEqualTo(AntiabuseConfig.KEYS);
	}

	@Test
	void theManifestAndTheReadmeShowTheDefaults() throws IOException {
		String manifest = Files.readString(Path.of("src/main/dist/plugin.toml"));
		String readme = Files.readString(Path.of("README.md"));
		for (String line : List.of("threshold = 100", "window = \"10s\"", "hashquery_threshold = 500",
				"block_steps = [\"10s\", \"60s\", \"10m\", \"1h\"]", "forget_after = \"1h\"", "allow = []",
				"block = []", "max_clients = 100000", "log_addresses = true")) {
			assertThat(manifest).contains("\n" + line + "\n");
			assertThat(readme).contains("| `" + line.replace(" = ", "` | `") + "` |");
		}
	}

	private static Set<String> keys(String file, String regex) throws IOException {
		return Pattern.compile(regex)
			.matcher(Files.readString(Path.of(file)))
			.results()
			.map((match) -> match.group(1))
			.collect(Collectors.toSet());
	}

	private static AntiabuseConfig parse(String json) {
		return AntiabuseConfig.parse(PluginConfig.parse(json));
	}

}
