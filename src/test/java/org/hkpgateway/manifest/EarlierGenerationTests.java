package org.hkpgateway.manifest;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;

import org.hkpgateway.plugin.Capability;
import org.hkpgateway.plugin.HandshakeMode;
import org.hkpgateway.plugin.PluginMode;
import org.hkpgateway.plugin.PluginSettings;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.ProtocolVersion;
import org.hkpgateway.plugin.TestSpec;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Manifests in the forms that plugins of the earlier Go generation have.
 */
class EarlierGenerationTests {

	private PluginDirectories plugins;

	@BeforeEach
	void setUp(@TempDir Path root) throws IOException {
		this.plugins = new PluginDirectories(root);
	}

	@Test
	void labelsOnlyWithConfigHealthAndGrpcTables() {
		install("watchful.toml");
		assertThat(this.plugins.findings()).containsExactly(
				"p/plugin.toml:27: notice: [health] belongs to an earlier plugin host and is ignored",
				"p/plugin.toml:32: notice: [grpc] belongs to an earlier plugin host and is ignored",
				"p/plugin.toml:2: notice: plugin.protocol_version is missing and taken as 1.0",
				"p/plugin.toml:10: notice: " + hint("watchful-guard"));
		PluginSpec spec = only();
		assertThat(spec.version()).isEqualTo("1.0.0");
		assertThat(spec.protocolVersion()).isEqualTo(new ProtocolVersion(1, 0, 0));
		assertThat(spec.order()).isEqualTo(40);
		assertThat(spec.requested()).containsExactlyInAnyOrder(Capability.HTTP_REQUEST, Capability.HTTP_RESPOND);
		assertThat(spec.granted()).isEqualTo(spec.requested());
		assertThat(spec.configJson())
			.isEqualTo("{\"enabled\":true,\"feeds\":[{\"name\":\"one\",\"refresh\":\"1h\"},{\"name\":\"two\"}],"
					+ "\"max_score\":0.7,\"public_paths\":[\"/pks/lookup\",\"/health\"],"
					+ "\"weights\":{\"day\":{\"from\":8},\"place\":0.25}}");
	}

	@Test
	void tablesOfBooleansInPlaceOfLists() {
		install("geographic.toml");
		this.plugins.plugin("q", "[plugin]", "name = \"base\"", "version = \"1\"", "executable = \"run\"",
				"protocol_version = \"1.0\"");
		assertThat(this.plugins.findings())
			.containsExactly(
					"p/plugin.toml:8: notice: requested but not granted: state; to grant it: "
							+ "hkp.plugins.settings.geographic.grants",
					"p/plugin.toml:8: notice: " + hint("geographic"));
		PluginSpec spec = this.plugins.scan().plugins().get(1);
		assertThat(spec.id()).hasToString("geographic");
		assertThat(spec.requested()).containsExactlyInAnyOrder(Capability.HTTP_REQUEST, Capability.HTTP_RESPOND,
				Capability.STATE);
		assertThat(spec.dependencies()).extracting((id) -> id.name()).containsExactly("base");
		assertThat(spec.configJson()).isEqualTo("{\"max_speed\":1000.0,\"ttl\":\"24h\"}");
	}

	@Test
	void whatTheOperatorGrantsByNameCountsAsRequested() {
		install("watchful.toml");
		this.plugins.settings("watchful-guard", PluginDiscoveryTests.settings(true, null, null,
				List.of(Capability.HTTP_REQUEST, Capability.EVENTS_SUBSCRIBE), Map.of()));
		assertThat(only().requested()).containsExactlyInAnyOrder(Capability.HTTP_REQUEST, Capability.HTTP_RESPOND,
				Capability.EVENTS_SUBSCRIBE);
		assertThat(only().granted()).containsExactlyInAnyOrder(Capability.HTTP_REQUEST, Capability.EVENTS_SUBSCRIBE);
		assertThat(this.plugins.findings()).anyMatch((finding) -> finding.endsWith("requested but not granted: "
				+ "http.respond; to grant it: hkp.plugins.settings.watchful-guard.grants"));
		assertThat(this.plugins.findings())
			.contains("p/plugin.toml:7: notice: granted beyond the manifest, which has no words for them: "
					+ "events.subscribe; by hkp.plugins.settings.watchful-guard.grants");
	}

	/** The operator's list may be one for all plugins alike. */
	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			true  | name = "p"                                             |
			true  | capabilities = ["http_middleware", "event_handler"]    |
			true  | capabilities = ["authentication"]                      |
			true  | capabilities = {http_middleware = true, state = false} |
			true  | protocol_version = "1.0"                               | [config]
			false | protocol_version = "1.0"                               |
			false | capabilities = ["http.request", "http.respond"]        |
			false | capabilities = ["http.request", "http.respond"]        | [config]
			false | capabilities = ["http_middleware", "http.request"]     |
			false | capabilities = ["http_middleware", "state"]            |
			false | capabilities = ["http.requets"]                        |
			false | capabilities = []                                      |
			""")
	void onlyWhereThereWasNoWordForIt(boolean widened, String line, @Nullable String table) {
		this.plugins.plugin("p", "[plugin]", line, line.startsWith("name") ? "" : "name = \"p\"", "version = \"1\"",
				"executable = \"run\"", (table != null) ? table : "");
		this.plugins.settings("p", PluginDiscoveryTests.settings(true, null, null,
				List.of(Capability.HTTP_REQUEST, Capability.HTTP_RESPOND, Capability.EVENTS_PUBLISH), Map.of()));
		assertThat(only().granted().contains(Capability.EVENTS_PUBLISH)).isEqualTo(widened);
		assertThat(this.plugins.findings().stream().filter((finding) -> finding.contains("granted beyond")))
			.hasSize(widened ? 1 : 0)
			.allMatch((finding) -> finding.endsWith(": events.publish; by hkp.plugins.settings.p.grants"));
	}

	@Test
	void formOfTodayWithALabelOfThen() {
		install("plain.toml");
		assertThat(this.plugins.findings()).containsExactly("p/plugin.toml:12: notice: " + hint("plain"));
		assertThat(only().requested()).containsExactlyInAnyOrder(Capability.HTTP_REQUEST, Capability.HTTP_RESPOND);
		assertThat(only().configJson()).isEqualTo("{\"per_minute\":60,\"rules\":{\"paths\":[\"/admin\"]}}");
		assertThat(TestSpec.launched(only()).handshake()).isEqualTo(HandshakeMode.GO_PLUGIN);
	}

	@Test
	void noHintOnceTheOperatorDecided() {
		install("watchful.toml");
		PluginSettings defaults = PluginSettings.DEFAULTS;
		this.plugins.settings("watchful-guard",
				new PluginSettings(true, null, PluginMode.ENFORCE, defaults.match(), false, defaults.fail(),
						defaults.timeout(), 1, null, 1, List.of(), HandshakeMode.NONE, null, null, defaults.network(),
						null, null, Map.of(), Map.of()));
		assertThat(this.plugins.findings()).hasSize(3).noneMatch((finding) -> finding.contains("handshake"));
		assertThat(TestSpec.launched(only()).handshake()).isEqualTo(HandshakeMode.NONE);
	}

	@Test
	void noHintOnceTheManifestDecides() {
		this.plugins.valid("a", "handshake = \"none\"", "[config]", "x = 1");
		assertThat(this.plugins.findings()).isEmpty();
		assertThat(TestSpec.launched(only()).handshake()).isEqualTo(HandshakeMode.NONE);
	}

	private static String hint(String name) {
		String key = "hkp.plugins.settings." + name;
		return "a manifest of the earlier Go generation: a plugin that prints no handshake needs " + key
				+ ".handshake=none, one that speaks no TLS needs " + key + ".transport=plaintext, and its "
				+ "configuration may have to be given in " + key + ".config";
	}

	private void install(String sample) {
		try (InputStream input = Objects.requireNonNull(getClass().getResourceAsStream("/manifests/" + sample))) {
			this.plugins.plugin("p", new String(input.readAllBytes(), StandardCharsets.UTF_8).split("\n"));
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private PluginSpec only() {
		assertThat(this.plugins.scan().plugins()).hasSize(1);
		return this.plugins.scan().plugins().get(0);
	}

}
