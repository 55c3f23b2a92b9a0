package org.hkpgateway.manifest;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

import org.hkpgateway.plugin.BodyMode;
import org.hkpgateway.plugin.Capability;
import org.hkpgateway.plugin.FailPolicy;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginMode;
import org.hkpgateway.plugin.PluginSettings;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.TestSpec;
import org.hkpgateway.plugin.ProtocolVersion;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

class PluginDiscoveryTests {

	private PluginDirectories plugins;

	@BeforeEach
	void setUp(@TempDir Path root) throws IOException {
		this.plugins = new PluginDirectories(Files.createDirectories(root.resolve("plugins")));
	}

	@Test
	void nothingInstalled() {
		Discovery discovery = this.plugins.scan();
		assertThat(discovery.plugins()).isEmpty();
		assertThat(discovery.findings()).isEmpty();
		assertThat(discovery.names()).isEmpty();
	}

	@Test
	void everythingAManifestCanSay() {
		this.plugins.valid("full", "description = \"does things\"", "author = \"me\"", "license = \"MIT\"",
				"args = [\"-v\", \"x y\"]", "order = 5", "capabilities = [\"http_middleware\", \"rate_limiting\"]",
				"body = \"none\"", "handshake = \"go-plugin\"", "speculative = true", "max_message_bytes = 8388608",
				"[plugin.config]", "threshold = 10");
		assertThat(this.plugins.findings()).isEmpty();
		PluginSpec spec = only();
		assertThat(spec.id()).isEqualTo(new PluginId("full"));
		assertThat(spec.version()).isEqualTo("1.2.3");
		assertThat(spec.description()).isEqualTo("does things");
		assertThat(spec.protocolVersion()).isEqualTo(new ProtocolVersion(1, 0, 0));
		assertThat(TestSpec.launched(spec).directory()).isEqualTo(this.plugins.root().resolve("full"));
		assertThat(TestSpec.launched(spec).executable()).isEqualTo(this.plugins.root().resolve("full/run"));
		assertThat(TestSpec.launched(spec).arguments()).containsExactly("-v", "x y");
		assertThat(spec.order()).isEqualTo(5);
		assertThat(spec.requested()).containsExactlyInAnyOrder(Capability.HTTP_REQUEST, Capability.HTTP_RESPOND);
		assertThat(spec.body()).isEqualTo(BodyMode.NONE);
		assertThat(spec.maxMessageBytes()).isEqualTo(8388608);
		assertThat(spec.speculative()).isTrue();
		assertThat(spec.configJson()).isEqualTo("{\"threshold\":10}");
	}

	@Test
	void theLeastAManifestCanSay() {
		this.plugins.valid("least");
		PluginSpec spec = only();
		assertThat(spec.order()).isEqualTo(100);
		assertThat(spec.description()).isEmpty();
		assertThat(TestSpec.launched(spec).arguments()).isEmpty();
		assertThat(spec.dependencies()).isEmpty();
		assertThat(spec.configJson()).isEqualTo("{}");
		assertThat(spec.fail()).isEqualTo(FailPolicy.CLOSED);
		assertThat(spec.timeout()).isEqualTo(Duration.ofMillis(200));
		assertThat(spec.maxMessageBytes()).isEqualTo(PluginSpec.DEFAULT_MAX_MESSAGE_BYTES);
		assertThat(spec.speculative()).isFalse();
		assertThat(spec.mode()).isEqualTo(PluginMode.ENFORCE);
	}

	@Test
	void manifestWithByteOrderMarkAndCarriageReturns() throws IOException {
		Path file = this.plugins.valid("a");
		Files.writeString(file, "\uFEFF" + Files.readString(file).replace("\n", "\r\n"));
		assertThat(this.plugins.findings()).isEmpty();
		assertThat(only().version()).isEqualTo("1.2.3");
	}

	@Test
	void chainOrderIsByOrderThenName() {
		this.plugins.valid("c", "order = 1");
		this.plugins.valid("b");
		this.plugins.valid("a");
		this.plugins.valid("z", "order = 500");
		this.plugins.settings("z", settings(true, -1, null, List.of(), Map.of()));
		assertThat(names()).containsExactly("z", "c", "a", "b");
	}

	@Test
	void manifestDirectlyInTheDirectoryAndOneLevelBelow() {
		this.plugins.plugin(".", "[plugin]", "name = \"top\"", "version = \"1\"", "executable = \"run\"",
				"protocol_version = \"1\"");
		this.plugins.valid("below");
		this.plugins.plugin("below/deeper", "[plugin]", "name = \"deeper\"");
		this.plugins.plugin(".git", "[plugin]", "name = \"hidden\"");
		assertThat(names()).containsExactly("below", "top");
		assertThat(this.plugins.findings()).isEmpty();
	}

	@Test
	void oneFileReachedTwiceIsReadOnce() throws IOException {
		this.plugins.valid("a");
		this.plugins.add(this.plugins.root().resolve("a"));
		this.plugins.add(Files.createSymbolicLink(this.plugins.root().resolveSibling("link"), this.plugins.root()));
		assertThat(this.plugins.findings()).isEmpty();
		assertThat(names()).containsExactly("a");
	}

	@Test
	void missingDirectoryIsAWarning() {
		this.plugins.valid("a");
		this.plugins.add(this.plugins.root().resolve("nowhere"));
		assertThat(this.plugins.findings()).containsExactly(
				"nowhere: warning: expected: a readable directory with plugins, got: no such file or directory; create "
						+ "it, or take it out of hkp.plugins.directories");
		assertThat(names()).containsExactly("a");
	}

	@Test
	void fileInPlaceOfADirectoryIsAWarning() throws IOException {
		this.plugins.add(Files.createFile(this.plugins.root().resolve("file")));
		assertThat(this.plugins.findings())
			.containsExactly("file: warning: expected: a readable directory with plugins, got: not a directory; create "
					+ "it, or take it out of hkp.plugins.directories");
	}

	@Test
	void duplicateNamesTheFirstByPathWins() {
		this.plugins.plugin("one", "[plugin]", "name = \"same\"", "version = \"1\"", "executable = \"run\"",
				"protocol_version = \"1\"");
		this.plugins.plugin("two", "# second", "[plugin]", "name = \"same\"", "version = \"2\"", "executable = \"run\"",
				"protocol_version = \"1\"");
		assertThat(this.plugins.findings()).containsExactly("two/plugin.toml:3: error: plugin.name: the name 'same' is "
				+ "taken by one/plugin.toml, which comes first and wins; rename or remove one of them");
		assertThat(only().version()).isEqualTo("1");
	}

	@Test
	void duplicateNamesTheFirstDirectoryWins(@TempDir Path other) throws IOException {
		this.plugins.valid("same");
		this.plugins.add(other.toRealPath());
		this.plugins.plugin(other.toRealPath(), "aaa", "[plugin]", "name = \"same\"", "version = \"2\"",
				"executable = \"run\"", "protocol_version = \"1\"");
		assertThat(only().version()).isEqualTo("1.2.3");
	}

	@Test
	void disabledPluginsAreKnownToBe() {
		this.plugins.valid("off");
		this.plugins.settings("off", settings(false, null, null, List.of(), Map.of()));
		Discovery discovery = this.plugins.scan();
		assertThat(discovery.plugins()).extracting(PluginSpec::enabled).containsExactly(false);
		assertThat(discovery.findings()).isEmpty();
		assertThat(discovery.names()).containsExactly(new PluginId("off"));
	}

	@Test
	void whatIsWrongWithADisabledPluginIsNoError() {
		this.plugins.valid("off", "order = \"many\"", "colour = 1");
		assertThat(this.plugins.scan().errors()).hasSize(1);
		this.plugins.settings("off", settings(false, null, null, List.of(), Map.of()));
		Discovery discovery = this.plugins.scan();
		assertThat(discovery.errors()).isEmpty();
		assertThat(this.plugins.findings()).containsExactlyInAnyOrder(
				"off/plugin.toml:7: warning: unknown key 'plugin.colour' is ignored; its own settings a plugin finds in "
						+ "[plugin.config]",
				"off/plugin.toml:6: warning: plugin.order: expected: an integer, got: a string (\"many\"); it is "
						+ "disabled, and would be kept out if it were enabled");
		assertThat(discovery.plugins()).isEmpty();
		assertThat(discovery.names()).containsExactly(new PluginId("off"));
	}

	@Test
	void whatIsWrongWithAManifestThatDoesNotSayWhoseItIsIsAnError() {
		this.plugins.plugin("off", "nonsense");
		this.plugins.settings("off", settings(false, null, null, List.of(), Map.of()));
		assertThat(this.plugins.scan().errors()).hasSize(1);
	}

	@Test
	void findingsCarryTheNameOnceItIsKnown() {
		this.plugins.valid("a", "colour = 1");
		assertThat(this.plugins.scan().findings()).singleElement()
			.satisfies((finding) -> assertThat(finding.plugin()).isEqualTo(new PluginId("a")));
	}

	@Test
	void atMost256Plugins() {
		for (int i = 0; i < 258; i++) {
			this.plugins.valid("p%03d".formatted(i));
		}
		assertThat(this.plugins.findings()).containsExactly("p256/plugin.toml: error: expected: at most 256 plugins, "
				+ "got more: this one and all after it are ignored");
		assertThat(names()).hasSize(256).contains("p255").doesNotContain("p256");
	}

	static PluginSettings settings(boolean enabled, Integer order, BodyMode body, List<Capability> grants,
			Map<String, Object> config) {
		PluginSettings defaults = PluginSettings.DEFAULTS;
		return new PluginSettings(enabled, order, PluginMode.ENFORCE, defaults.match(), defaults.required(),
				defaults.fail(), defaults.timeout(), defaults.maxConcurrent(), body, defaults.bodyPrefixBytes(), grants,
				null, null, null, defaults.network(), null, null, Map.of(), config);
	}

	private PluginSpec only() {
		assertThat(this.plugins.scan().plugins()).hasSize(1);
		return this.plugins.scan().plugins().get(0);
	}

	private List<String> names() {
		return this.plugins.scan()
			.plugins()
			.stream()
			.filter(PluginSpec::enabled)
			.map((spec) -> spec.id().name())
			.toList();
	}

}
