package org.hkpgateway.manifest;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

import org.hkpgateway.plugin.BodyMode;
import org.hkpgateway.plugin.Capability;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginMode;
import org.hkpgateway.plugin.PluginSettings;
import org.hkpgateway.plugin.PluginSource;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.Transport;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Plugins that only the configuration knows: remote ones, and processes started by hand.
 */
class ConfiguredPluginsTests {

	private static final String LINE = "1|1|unix|/tmp/x.sock|grpc";

	private PluginDirectories plugins;

	@BeforeEach
	void setUp(@TempDir Path root) throws IOException {
		this.plugins = new PluginDirectories(root);
	}

	@Test
	void remotePluginTakesEverythingFromItsSettings() {
		this.plugins.remote("far", "far.example:9000");
		this.plugins.settings("far", PluginDiscoveryTests.settings(true, 3, BodyMode.PREFIX,
				List.of(Capability.HTTP_REQUEST, Capability.HTTP_REQUEST_BODY), Map.of("x", 1)));
		assertThat(this.plugins.findings()).isEmpty();
		PluginSpec spec = this.plugins.scan().plugins().get(0);
		assertThat(spec.source()).isEqualTo(new PluginSource.Remote("far.example:9000", null, null));
		assertThat(spec.version()).isEmpty();
		assertThat(spec.order()).isEqualTo(3);
		assertThat(spec.body()).isEqualTo(BodyMode.PREFIX);
		assertThat(spec.requested()).containsExactlyInAnyOrder(Capability.HTTP_REQUEST, Capability.HTTP_REQUEST_BODY);
		assertThat(spec.granted()).isEqualTo(spec.requested());
		assertThat(spec.configJson()).isEqualTo("{\"x\":1}");
		assertThat(this.plugins.scan().names()).containsExactly(new PluginId("far"));
		assertThat(this.plugins.scan().files()).containsExactly(Map.entry(new PluginId("far"), List.of()));
	}

	@Test
	void remotePluginWithoutGrantsGetsTheDefaultGrants() {
		this.plugins.remote("far", "far.example:9000");
		PluginSpec spec = this.plugins.scan().plugins().get(0);
		assertThat(spec.requested()).containsExactlyInAnyOrder(Capability.HTTP_REQUEST, Capability.HTTP_RESPOND);
		assertThat(spec.granted()).isEqualTo(spec.requested());
	}

	@Test
	void findingsAboutARemotePluginNameItsKey() {
		this.plugins.remote("far", "far.example:9000");
		this.plugins.settings("far", PluginDiscoveryTests.settings(true, null, BodyMode.FULL, List.of(), Map.of()));
		assertThat(this.plugins.findings()).singleElement()
			.asString()
			.startsWith("hkp.plugins.remote.far: warning: body 'full' is taken as 'none'")
			.contains("hkp.plugins.remote.far.grants");
	}

	@Test
	void installedPluginOfTheSameNameIsKeptOut() {
		this.plugins.valid("far");
		this.plugins.remote("far", "far.example:9000");
		assertThat(this.plugins.findings()).containsExactly("far/plugin.toml:2: error: plugin.name: the name 'far' is "
				+ "taken by hkp.plugins.remote.far, which comes first and wins; rename or remove one of them");
		assertThat(this.plugins.scan().plugins()).extracting(PluginSpec::source)
			.containsExactly(new PluginSource.Remote("far.example:9000", null, null));
	}

	@Test
	void installedPluginMayDependOnARemoteOne() {
		this.plugins.valid("a", "dependencies = [\"far\"]", "order = 200");
		this.plugins.remote("far", "far.example:9000");
		assertThat(this.plugins.findings()).isEmpty();
		assertThat(this.plugins.scan().plugins()).extracting((spec) -> spec.id().name()).containsExactly("far", "a");
		this.plugins.settings("far", PluginDiscoveryTests.settings(false, null, null, List.of(), Map.of()));
		assertThat(this.plugins.findings()).containsExactly("a/plugin.toml:6: error: plugin.dependencies: depends on "
				+ "'far', which is disabled by hkp.plugins.remote.far.enabled");
	}

	@Test
	void attachedPluginNeedsNoManifest() {
		this.plugins.settings("mine", attach(LINE));
		assertThat(this.plugins.findings()).isEmpty();
		PluginSpec spec = this.plugins.scan().plugins().get(0);
		assertThat(spec.id()).isEqualTo(new PluginId("mine"));
		assertThat(spec.source()).isEqualTo(new PluginSource.Attached(LINE));
		assertThat(spec.transport()).isEqualTo(Transport.PLAINTEXT);
		assertThat(spec.requested()).containsExactlyInAnyOrder(Capability.HTTP_REQUEST, Capability.HTTP_RESPOND);
	}

	@Test
	void attachedPluginKeepsItsManifestIfThereIsOne() {
		this.plugins.valid("mine", "order = 9");
		this.plugins.settings("mine", attach(LINE));
		PluginSpec spec = this.plugins.scan().plugins().get(0);
		assertThat(spec.source()).isEqualTo(new PluginSource.Attached(LINE));
		assertThat(spec.version()).isEqualTo("1.2.3");
		assertThat(spec.order()).isEqualTo(9);
	}

	@Test
	void settingsAloneMakeNoPlugin() {
		this.plugins.settings("mine", PluginSettings.DEFAULTS);
		assertThat(this.plugins.scan().plugins()).isEmpty();
		assertThat(this.plugins.scan().names()).isEmpty();
	}

	private static PluginSettings attach(String line) {
		PluginSettings defaults = PluginSettings.DEFAULTS;
		return new PluginSettings(true, null, PluginMode.ENFORCE, defaults.match(), false, defaults.fail(),
				defaults.timeout(), 1, null, 1, List.of(), null, null, null, defaults.network(), null, line, Map.of(),
				Map.of());
	}

}
