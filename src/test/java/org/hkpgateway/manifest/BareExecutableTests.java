package org.hkpgateway.manifest;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

import org.hkpgateway.plugin.Capability;
import org.hkpgateway.plugin.HandshakeMode;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginSource;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.ProtocolVersion;
import org.hkpgateway.plugin.TestSpec;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

class BareExecutableTests {

	private PluginDirectories plugins;

	private Path root;

	@BeforeEach
	void setUp(@TempDir Path root) throws IOException {
		this.plugins = new PluginDirectories(root);
		this.root = this.plugins.root();
	}

	@Test
	void isOfferedWithDefaults() throws IOException {
		Path file = PluginDirectories.executable(this.root.resolve("hkp-plugin-a"), "rwxr-xr-x");
		assertThat(this.plugins.findings()).containsExactly(notice("hkp-plugin-a", "a"));
		PluginSpec spec = this.plugins.scan().plugins().get(0);
		assertThat(spec.id()).isEqualTo(new PluginId("a"));
		assertThat(spec.enabled()).isTrue();
		assertThat(spec.version()).isEqualTo("0");
		assertThat(spec.protocolVersion()).isEqualTo(new ProtocolVersion(1, 0, 0));
		assertThat(spec.order()).isEqualTo(100);
		assertThat(spec.configJson()).isEqualTo("{}");
		assertThat(spec.requested()).containsExactlyInAnyOrder(Capability.HTTP_REQUEST, Capability.HTTP_RESPOND);
		assertThat(spec.granted()).isEqualTo(spec.requested());
		PluginSource.Launched source = TestSpec.launched(spec);
		assertThat(source.executable()).isEqualTo(file);
		assertThat(source.directory()).isEqualTo(this.root);
		assertThat(source.arguments()).isEmpty();
		assertThat(source.handshake()).isEqualTo(HandshakeMode.GO_PLUGIN);
		assertThat(this.plugins.scan().files()).containsExactly(Map.entry(new PluginId("a"), List.of(file)));
	}

	@Test
	void severalShareADirectory() throws IOException {
		Path folder = PluginDirectories.folder(this.root, "sub");
		PluginDirectories.executable(folder.resolve("hkp-plugin-b"), "rwxr-xr-x");
		PluginDirectories.executable(folder.resolve("hkp-plugin-a"), "rwxr-xr-x");
		PluginDirectories.executable(folder.resolve("other"), "rwxr-xr-x");
		assertThat(this.plugins.findings()).containsExactly(notice("sub/hkp-plugin-a", "a"),
				notice("sub/hkp-plugin-b", "b"));
		assertThat(this.plugins.scan().plugins()).extracting((spec) -> TestSpec.launched(spec).directory())
			.containsExactly(folder, folder);
	}

	@Test
	void twoLinksToOneProgramAreTwoPlugins() throws IOException {
		PluginDirectories.executable(this.root.resolve("many"), "rwxr-xr-x");
		Files.createSymbolicLink(this.root.resolve("hkp-plugin-a"), Path.of("many"));
		Files.createSymbolicLink(this.root.resolve("hkp-plugin-b"), Path.of("many"));
		assertThat(names()).containsExactly("a", "b");
	}

	@Test
	void requestsWhatTheOperatorGrants() throws IOException {
		PluginDirectories.executable(this.root.resolve("hkp-plugin-a"), "rwxr-xr-x");
		this.plugins.settings("a", PluginDiscoveryTests.settings(true, 7, null,
				List.of(Capability.HTTP_REQUEST, Capability.STATE), Map.of("x", 1)));
		PluginSpec spec = this.plugins.scan().plugins().get(0);
		assertThat(spec.requested()).containsExactlyInAnyOrder(Capability.HTTP_REQUEST, Capability.STATE);
		assertThat(spec.granted()).isEqualTo(spec.requested());
		assertThat(spec.order()).isEqualTo(7);
		assertThat(spec.configJson()).isEqualTo("{\"x\":1}");
	}

	@Test
	void directoryWithAManifestBelongsToThatPlugin() throws IOException {
		this.plugins.valid("a");
		PluginDirectories.executable(this.root.resolve("a/hkp-plugin-helper"), "rwxr-xr-x");
		assertThat(names()).containsExactly("a");
		assertThat(this.plugins.findings()).isEmpty();
	}

	@Test
	void andSoDoItsSubdirectories() throws IOException {
		this.plugins.plugin(".", "[plugin]", "name = \"a\"", "version = \"1\"", "executable = \"bin/hkp-plugin-a\"",
				"protocol_version = \"1\"");
		PluginDirectories.executable(PluginDirectories.folder(this.root, "bin").resolve("hkp-plugin-a"), "rwxr-xr-x");
		assertThat(this.plugins.findings()).isEmpty();
		assertThat(this.plugins.scan().plugins()).extracting(PluginSpec::version).containsExactly("1");
	}

	@Test
	void manifestOfTheSameNameWinsWhereverItIs(@TempDir Path other) throws IOException {
		PluginDirectories.executable(this.root.resolve("hkp-plugin-same"), "rwxr-xr-x");
		this.plugins.add(other.toRealPath());
		this.plugins.plugin(other.toRealPath(), "z", "[plugin]", "name = \"same\"", "version = \"2\"",
				"executable = \"run\"", "protocol_version = \"1\"");
		assertThat(this.plugins.findings()).containsExactly(notice("hkp-plugin-same", "same"),
				"hkp-plugin-same: error: the name 'same' is taken by " + other.toRealPath().resolve("z/plugin.toml")
						+ ", which comes first and wins; rename or remove one of them");
		assertThat(this.plugins.scan().plugins()).extracting(PluginSpec::version).containsExactly("2");
	}

	@Test
	void forgottenExecutePermissionIsAnError() throws IOException {
		PluginDirectories.executable(this.root.resolve("hkp-plugin-a"), "rw-r--r--");
		assertThat(this.plugins.findings()).containsExactly(notice("hkp-plugin-a", "a"),
				"hkp-plugin-a: error: expected: an executable file, got: hkp-plugin-a with mode rw-r--r--; run: "
						+ "chmod 755 hkp-plugin-a");
		assertThat(names()).isEmpty();
		assertThat(this.plugins.scan().names()).containsExactly(new PluginId("a"));
	}

	@Test
	void linkOutOfTheDirectoryIsAnError() throws IOException {
		PluginDirectories.folder(this.root, "sub");
		PluginDirectories.executable(this.root.resolve("program"), "rwxr-xr-x");
		Files.createSymbolicLink(this.root.resolve("sub/hkp-plugin-a"), Path.of("../program"));
		assertThat(this.plugins.findings()).contains("sub/hkp-plugin-a: error: expected: a file inside the plugin's "
				+ "own directory sub, got: 'hkp-plugin-a', which is program");
	}

	@Test
	void whatFollowsThePrefixMustBeAName() throws IOException {
		PluginDirectories.executable(this.root.resolve("hkp-plugin-A"), "rwxr-xr-x");
		PluginDirectories.executable(this.root.resolve("hkp-plugin-a.sha256"), "rw-r--r--");
		PluginDirectories.folder(this.root, "hkp-plugin-folder");
		assertThat(this.plugins.findings())
			.containsExactly("hkp-plugin-A: warning: is ignored, because what follows 'hkp-plugin-' is no name: plugin "
					+ "name: expected: 1 to 64 lower-case letters, digits, '-' or '_', starting with a letter or digit, "
					+ "got: 'A'");
		assertThat(this.plugins.scan().names()).isEmpty();
	}

	private static String notice(String file, String name) {
		return file + ": notice: has no plugin.toml beside it and is offered as plugin '" + name
				+ "', version 0, protocol 1.0; write one to say more";
	}

	private List<String> names() {
		return this.plugins.scan().plugins().stream().map((spec) -> spec.id().name()).toList();
	}

}
