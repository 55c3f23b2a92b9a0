package org.hkpgateway.manifest;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;

import org.hkpgateway.plugin.BodyMode;
import org.hkpgateway.plugin.Capability;
import org.hkpgateway.plugin.FailPolicy;
import org.hkpgateway.plugin.MatchRules;
import org.hkpgateway.plugin.Network;
import org.hkpgateway.plugin.PluginMode;
import org.hkpgateway.plugin.PluginSettings;
import org.hkpgateway.plugin.PluginSpec;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

class SettingsMergeTests {

	private PluginDirectories plugins;

	@BeforeEach
	void setUp(@TempDir Path root) throws IOException {
		this.plugins = new PluginDirectories(root);
	}

	@Test
	void settingsBeatTheManifest() {
		this.plugins.valid("a", "order = 5", "capabilities = [\"http.request\", \"http.request.body\"]",
				"body = \"prefix\"");
		MatchRules match = new MatchRules(Set.of("POST"), Set.of("add"), List.of(), List.of());
		this.plugins.settings("a",
				new PluginSettings(true, 50, PluginMode.ENFORCE, match, true, FailPolicy.OPEN, Duration.ofSeconds(3), 7,
						BodyMode.FULL, 1000, List.of(Capability.HTTP_REQUEST, Capability.HTTP_REQUEST_BODY), null, null,
						null, Network.UNIX, null, null, Map.of("HTTP_PROXY", "x"), Map.of()));
		assertThat(this.plugins.findings()).isEmpty();
		PluginSpec spec = spec();
		assertThat(spec.order()).isEqualTo(50);
		assertThat(spec.match()).isEqualTo(match);
		assertThat(spec.required()).isTrue();
		assertThat(spec.fail()).isEqualTo(FailPolicy.OPEN);
		assertThat(spec.timeout()).isEqualTo(Duration.ofSeconds(3));
		assertThat(spec.maxConcurrent()).isEqualTo(7);
		assertThat(spec.body()).isEqualTo(BodyMode.FULL);
		assertThat(spec.bodyPrefixBytes()).isEqualTo(1000);
		assertThat(spec.environment()).containsExactly(Map.entry("HTTP_PROXY", "x"));
	}

	@Test
	void nothingWaitsForAShadow() {
		this.plugins.valid("a");
		PluginSettings defaults = PluginSettings.DEFAULTS;
		this.plugins.settings("a",
				new PluginSettings(true, null, PluginMode.SHADOW, defaults.match(), true, defaults.fail(),
						defaults.timeout(), 1, null, 1, List.of(), null, null, null, defaults.network(), null, null,
						Map.of(), Map.of()));
		assertThat(this.plugins.findings()).singleElement()
			.asString()
			.contains("notice: hkp.plugins.settings.a.required has no effect with mode shadow");
		assertThat(spec().mode()).isEqualTo(PluginMode.SHADOW);
		assertThat(spec().required()).isFalse();
	}

	@Test
	void matchRulesThatCanNeverHoldAreWarnedOf() {
		this.plugins.valid("a");
		this.plugins.settings("a", matching(new MatchRules(Set.of("GET"), Set.of("add"), List.of(), List.of())));
		assertThat(this.plugins.findings()).singleElement()
			.asString()
			.contains(
					"warning: hkp.plugins.settings.a.match: no request can match all of methods GET and operations add: "
							+ "the plugin is never asked");
		this.plugins.settings("a", matching(new MatchRules(Set.of("GET"), Set.of("add", "get"), List.of(), List.of())));
		assertThat(this.plugins.findings()).singleElement()
			.asString()
			.contains("warning: hkp.plugins.settings.a.match: operations add can never match together with the rest of "
					+ "methods GET and operations add, get");
	}

	private static PluginSettings matching(MatchRules match) {
		PluginSettings defaults = PluginSettings.DEFAULTS;
		return new PluginSettings(true, null, defaults.mode(), match, false, defaults.fail(), defaults.timeout(), 1,
				null, 1, List.of(), null, null, null, defaults.network(), null, null, Map.of(), Map.of());
	}

	@Test
	void manifestsBodyHoldsWithTheGrant() {
		this.plugins.valid("a", "capabilities = [\"http.request\", \"http.request.body\"]", "body = \"prefix\"");
		this.plugins.defaultGrants(Capability.HTTP_REQUEST, Capability.HTTP_REQUEST_BODY);
		assertThat(this.plugins.findings()).isEmpty();
		assertThat(spec().body()).isEqualTo(BodyMode.PREFIX);
	}

	@Test
	void manifestsBodyWithoutTheGrantIsNone() {
		this.plugins.valid("a", "body = \"full\"");
		assertThat(this.plugins.findings()).containsExactly("a/plugin.toml:6: warning: body 'full' is taken as 'none': "
				+ "the plugin gets no bodies unless its manifest requests and hkp.plugins.settings.a.grants grants "
				+ "http.request.body");
		assertThat(spec().body()).isEqualTo(BodyMode.NONE);
	}

	@Test
	void settingsBodyWithoutTheGrantIsNone() {
		this.plugins.valid("a");
		this.plugins.settings("a", PluginDiscoveryTests.settings(true, null, BodyMode.PREFIX, List.of(), Map.of()));
		assertThat(this.plugins.findings()).singleElement()
			.asString()
			.startsWith("a/plugin.toml: warning: body 'prefix' is taken as 'none'");
	}

	@Test
	void settingsBodyNoneNeedsNoGrant() {
		this.plugins.valid("a", "body = \"full\"");
		this.plugins.settings("a", PluginDiscoveryTests.settings(true, null, BodyMode.NONE, List.of(), Map.of()));
		assertThat(this.plugins.findings()).isEmpty();
	}

	@Test
	void grantsAreWhatIsRequestedAndGranted() {
		this.plugins.valid("a", "capabilities = [\"http.request\", \"state\", \"storage.query\"]");
		this.plugins.settings("a", PluginDiscoveryTests.settings(true, null, null,
				List.of(Capability.HTTP_REQUEST, Capability.STATE, Capability.HTTP_RESPOND), Map.of()));
		PluginSpec spec = spec();
		assertThat(spec.requested()).containsExactlyInAnyOrder(Capability.HTTP_REQUEST, Capability.STATE,
				Capability.STORAGE_QUERY);
		assertThat(spec.granted()).containsExactlyInAnyOrder(Capability.HTTP_REQUEST, Capability.STATE);
		assertThat(spec.reduced()).isTrue();
		assertThat(this.plugins.findings()).containsExactly("a/plugin.toml:6: notice: requested but not granted: "
				+ "storage.query; to grant it: hkp.plugins.settings.a.grants");
	}

	@Test
	void noGrantsMeansTheDefaultGrants() {
		this.plugins.valid("a", "capabilities = [\"http.request\", \"http.respond\", \"state\"]");
		assertThat(spec().granted()).containsExactlyInAnyOrder(Capability.HTTP_REQUEST, Capability.HTTP_RESPOND);
	}

	@Test
	void labelsOfOthersRequestTheDefaultGrants() {
		this.plugins.valid("a", "capabilities = [\"rate_limiting\", \"ddos_protection\"]");
		assertThat(this.plugins.findings()).isEmpty();
		assertThat(spec().requested()).containsExactlyInAnyOrder(Capability.HTTP_REQUEST, Capability.HTTP_RESPOND);
		assertThat(spec().granted()).isEqualTo(spec().requested());
	}

	@Test
	void configIsMergedTableByTable() {
		this.plugins.valid("a", "[plugin.config]", "threshold = 100", "window = \"10s\"", "ratio = 0.5", "on = true",
				"list = [1, 2]", "since = 2026-01-02T03:04:05Z", "day = 2026-01-02", "at = 07:30:00", "\"a.b\" = 1",
				"[plugin.config.deep]", "x = 1", "y = [{k = \"v\"}]");
		this.plugins.settings("a", PluginDiscoveryTests.settings(true, null, null, List.of(),
				Map.of("threshold", 5, "list", List.of(3), "deep", Map.of("x", "two", "z", Map.of("w", false)))));
		assertThat(spec().configJson()).isEqualTo("{\"a.b\":1,\"at\":\"07:30\",\"day\":\"2026-01-02\","
				+ "\"deep\":{\"x\":\"two\",\"y\":[{\"k\":\"v\"}],\"z\":{\"w\":false}},\"list\":[3],\"on\":true,"
				+ "\"ratio\":0.5,\"since\":\"2026-01-02T03:04:05Z\",\"threshold\":5,\"window\":\"10s\"}");
	}

	@Test
	void textGetsTheTypeThatTheManifestHas() {
		this.plugins.valid("a", "[plugin.config]", "threshold = 100", "ratio = 0.5", "on = true", "numbers = [1, 2]",
				"names = [\"a\"]", "none = [\"a\"]", "text = \"1\"", "[plugin.config.deep]", "x = 1");
		this.plugins.settings("a",
				PluginDiscoveryTests.settings(true, null, null, List.of(),
						Map.of("threshold", "5", "ratio", "1.25", "on", "FALSE", "numbers", "3, 4", "names", "b, c",
								"none", "", "text", "2", "deep", Map.of("x", " -7 "), "new", "8")));
		assertThat(spec().configJson()).isEqualTo("{\"deep\":{\"x\":-7},\"names\":[\"b\",\"c\"],\"new\":\"8\","
				+ "\"none\":[],\"numbers\":[3,4],\"on\":false,\"ratio\":1.25,\"text\":\"2\",\"threshold\":5}");
	}

	@Test
	void textThatDoesNotFitIsForThePluginToRefuse() {
		this.plugins.valid("a", "[plugin.config]", "threshold = 100", "big = 1", "ratio = 0.5", "on = true");
		this.plugins.settings("a", PluginDiscoveryTests.settings(true, null, null, List.of(),
				Map.of("threshold", "many", "big", "9223372036854775808", "ratio", "NaN", "on", "yes")));
		assertThat(spec().configJson())
			.isEqualTo("{\"big\":\"9223372036854775808\",\"on\":\"yes\",\"ratio\":\"NaN\",\"threshold\":\"many\"}");
	}

	@Test
	void configOfTheOperatorAlone() {
		this.plugins.valid("a");
		this.plugins.settings("a",
				PluginDiscoveryTests.settings(true, null, null, List.of(), Map.of("quote\"\u2028", "\n\u0001")));
		assertThat(spec().configJson()).isEqualTo("{\"quote\\\"\u2028\":\"\\n\\u0001\"}");
	}

	private PluginSpec spec() {
		return this.plugins.scan().plugins().get(0);
	}

}
