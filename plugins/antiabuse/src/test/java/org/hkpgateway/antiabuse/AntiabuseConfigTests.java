package org.hkpgateway.antiabuse;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

import org.hkpgateway.sdk.config.PluginConfig;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link AntiabuseConfig}, and that manifest, README and code tell the same.
 */
class AntiabuseConfigTests {

	/**
	 * As an operator writes it: key and value, or the value of a key that is not given.
	 */
	private static final Pattern MANIFEST_LINE = Pattern.compile("(?m)^(# )?([a-z_]+) = (.+)$");

	private static final Pattern README_ROW = Pattern.compile("(?m)^\\| `([a-z_]+)` \\| (?:`([^`]+)`|none) \\|");

	@Test
	void everythingIsRead() throws Exception {
		AntiabuseConfig nothing = parse("{}");
		AntiabuseConfig config = parse("""
				{"threshold": 5, "window": "1m", "hashquery_threshold": 7, "max_requests_per_minute": 4,
				 "max_requests_per_hour": 100, "block_steps": ["1s", "2s"], "forget_after": "5m",
				 "allow": ["192.0.2.1"], "block": "198.51.100.0/24,2001:db8::/32", "max_clients": 500, "tarpit": "3s",
				 "aggregate": ["203.0.113.0/24"],
				 "log_addresses": false, "rate_limit_mode": "observe", "hashquery_mode": "off",
				 "block_list_mode": "observe", "harvest_mode": "observe", "harvest_searches": 11,
				 "harvest_broad_searches": 12, "harvest_shortest": 2, "harvest_window": "13s",
				 "harvest_block_steps": ["14s"], "errors_mode": "off", "errors_threshold": 15,
				 "errors_fetch_threshold": 16, "errors_window": "17s", "errors_statuses": ["5xx"],
				 "errors_block_steps": ["18s"], "user_agent_mode": "observe", "user_agents": ["a*"],
				 "upload_mode": "observe", "upload_max_size": "19KB", "upload_content_types": ["a/b"]}""");
		assertThat(config.warnings()).isEmpty();
		assertThat(config.allow().contains(InetAddress.getByName("192.0.2.1"))).isTrue();
		assertThat(config.aggregate().contains(InetAddress.getByName("203.0.113.7"))).isTrue();
		assertThat(config.logAddresses()).isFalse();
		assertThat(config.tarpit()).isEqualTo(Duration.ofSeconds(3));
		assertThat(config.rules()).usingRecursiveComparison().isNotEqualTo(nothing.rules());
		assertThat(config.rules().toString()).contains("5 requests in 60 s", "7 requests in 60 s", "4 requests in 60 s",
				"100 requests in 3600 s", "[PT1S, PT2S]", "PT5M", "maxClients=500", "mode=OBSERVE, limits",
				"mode=OFF, limits", "11 different searches in 13 s", "12 broad searches in 13 s", "shortest=2",
				"[PT14S]", "15 failed searches in 17 s", "16 failed key requests in 17 s", "[PT18S]", "patterns=[a*]",
				"maxBytes=19456", "[a/b]");
	}

	@Test
	void manifestReadmeAndCodeHaveTheSameKeys() throws IOException {
		Set<String> keys = parse("{}").keys();
		assertThat(manifest().keySet()).isEqualTo(keys);
		assertThat(readme().keySet()).isEqualTo(keys);
	}

	@Test
	void manifestAndReadmeShowTheSameDefaults() throws IOException {
		Map<String, String> given = new TreeMap<>(manifest());
		given.values().removeIf((value) -> value.equals("none"));
		Map<String, String> shown = new TreeMap<>(readme());
		shown.values().removeIf((value) -> value.equals("none"));
		assertThat(shown).isEqualTo(given);
	}

	@Test
	void theManifestShowsTheDefaultsOfTheCode() throws IOException {
		String json = manifest().entrySet()
			.stream()
			.filter((entry) -> !entry.getValue().equals("none"))
			.map((entry) -> "\"" + entry.getKey() + "\": " + entry.getValue())
			.collect(Collectors.joining(", ", "{", "}"));
		assertThat(parse(json)).usingRecursiveComparison().isEqualTo(parse("{}"));
		assertThat(parse(json.replace("\"threshold\": 100", "\"threshold\": 101"))).usingRecursiveComparison()
			.isNotEqualTo(parse("{}"));
	}

	private static Map<String, String> manifest() throws IOException {
		String manifest = Files.readString(Path.of("src/main/dist/plugin.toml"));
		return MANIFEST_LINE.matcher(manifest.substring(manifest.indexOf("[plugin.config]")))
			.results()
			.collect(Collectors.toMap((row) -> row.group(2), (row) -> (row.group(1) != null) ? "none" : row.group(3)));
	}

	private static Map<String, String> readme() throws IOException {
		Map<String, String> rows = new HashMap<>();
		for (MatchResult row : README_ROW.matcher(Files.readString(Path.of("README.md"))).results().toList()) {
			assertThat(rows.put(row.group(1), (row.group(2) != null) ? row.group(2) : "none")).isNull();
		}
		return rows;
	}

	private static AntiabuseConfig parse(String json) {
		return AntiabuseConfig.parse(PluginConfig.parse(json));
	}

}
