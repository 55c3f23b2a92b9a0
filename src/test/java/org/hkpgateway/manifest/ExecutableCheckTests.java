package org.hkpgateway.manifest;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;

import org.hkpgateway.plugin.PluginDefaults;
import org.hkpgateway.plugin.PluginSettings;
import org.hkpgateway.plugin.TestSpec;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

class ExecutableCheckTests {

	private PluginDirectories plugins;

	private Path folder;

	@BeforeEach
	void setUp(@TempDir Path root) throws IOException {
		this.plugins = new PluginDirectories(root);
		this.folder = this.plugins.root().resolve("a");
	}

	@Test
	void ordinaryFileIsResolvedToItsRealPath() {
		assertThat(findingsFor("run")).isEmpty();
		assertThat(TestSpec.launched(this.plugins.scan().plugins().get(0)).executable())
			.isEqualTo(this.folder.resolve("run"));
		assertThat(TestSpec.launched(this.plugins.scan().plugins().get(0)).directory()).isEqualTo(this.folder);
	}

	@Test
	void absolutePathInsideIsAccepted() {
		assertThat(findingsFor(this.folder.resolve("run").toString())).isEmpty();
	}

	@Test
	void symbolicLinkThatStaysInsideIsAccepted() throws IOException {
		PluginDirectories.folder(this.folder, "bin");
		Path target = PluginDirectories.executable(this.folder.resolve("bin/real"), "rwxr-xr-x");
		Files.createSymbolicLink(this.folder.resolve("link"), Path.of("bin/real"));
		assertThat(findingsFor("link")).isEmpty();
		assertThat(TestSpec.launched(this.plugins.scan().plugins().get(0)).executable()).isEqualTo(target);
	}

	@Test
	void directoryReachedByASymbolicLinkIsAccepted() throws IOException {
		findingsFor("run");
		Path link = Files.createSymbolicLink(this.plugins.root().resolve("z"), this.folder);
		Discovery discovery = new PluginDiscovery().scan(List.of(link), (id) -> PluginSettings.DEFAULTS,
				PluginDefaults.DEFAULTS);
		assertThat(discovery.findings()).isEmpty();
		assertThat(discovery.plugins()).hasSize(1);
	}

	@Test
	void absolutePathOutside() {
		assertThat(findingsFor("/bin/sh")).singleElement()
			.asString()
			.startsWith("a/plugin.toml:4: error: plugin.executable: expected: a file inside the plugin's own "
					+ "directory a, got: '/bin/sh', which is ");
	}

	@Test
	void pathThatClimbsOut() throws IOException {
		PluginDirectories.folder(this.plugins.root(), "a");
		PluginDirectories.executable(this.plugins.root().resolve("other"), "rwxr-xr-x");
		assertThat(findingsFor("../other")).containsExactly("a/plugin.toml:4: error: plugin.executable: expected: a "
				+ "file inside the plugin's own directory a, got: '../other', which is other");
	}

	@Test
	void symbolicLinkOutOfTheDirectory() throws IOException {
		PluginDirectories.folder(this.plugins.root(), "a");
		PluginDirectories.executable(this.plugins.root().resolve("other"), "rwxr-xr-x");
		Files.createSymbolicLink(this.folder.resolve("link"), Path.of("../other"));
		assertThat(findingsFor("link")).containsExactly("a/plugin.toml:4: error: plugin.executable: expected: a file "
				+ "inside the plugin's own directory a, got: 'link', which is other");
	}

	@Test
	void siblingWhoseNameBeginsTheSameIsOutside() throws IOException {
		Path sibling = PluginDirectories.folder(this.plugins.root(), "a-evil");
		PluginDirectories.executable(sibling.resolve("run"), "rwxr-xr-x");
		assertThat(findingsFor("../a-evil/run")).singleElement().asString().contains("a file inside the plugin's own");
	}

	@Test
	void missing() {
		assertThat(findingsFor("nope")).containsExactly("a/plugin.toml:4: error: plugin.executable: expected: an "
				+ "executable file 'nope' in a, got: no such file or directory");
	}

	@Test
	void pathWithNul() {
		assertThat(findingsFor("a\\u0000b")).singleElement()
			.asString()
			.startsWith("a/plugin.toml:4: error: plugin.executable: expected: a path, got: ");
	}

	@Test
	void directory() throws IOException {
		PluginDirectories.folder(this.folder, "bin");
		assertThat(findingsFor("bin")).containsExactly(
				"a/plugin.toml:4: error: plugin.executable: expected: a regular file, got: a/bin, a directory");
	}

	@Test
	void notExecutable() throws IOException {
		assertThat(findingsForMode("rw-r--r--")).containsExactly("a/plugin.toml:4: error: plugin.executable: expected: "
				+ "an executable file, got: a/x with mode rw-r--r--; run: chmod 755 a/x");
	}

	@ParameterizedTest
	@ValueSource(strings = { "rwxrwxr-x", "rwxr-xrwx", "rwxrwxrwx" })
	void writableByOthers(String mode) throws IOException {
		assertThat(findingsForMode(mode)).containsExactly("a/plugin.toml:4: error: plugin.executable: expected: a file "
				+ "that only its owner can write, got: a/x with mode " + mode + "; run: chmod go-w a/x");
	}

	@Test
	void ownedByAnUntrustedUser() throws IOException {
		this.plugins.trusting((uid) -> false);
		int uid = (Integer) Files.getAttribute(this.plugins.root(), "unix:uid");
		assertThat(findingsFor("run")).contains("a/plugin.toml:4: error: plugin.executable: expected: a file "
				+ "owned by root or by the gateway's user, got: a/run owned by uid " + uid + "; run: chown root a/run");
	}

	@Test
	void rootAndOwnUserAreTrusted() throws IOException {
		int own = (Integer) Files.getAttribute(this.plugins.root(), "unix:uid");
		TrustedOwners owners = TrustedOwners.rootAndSelf();
		assertThat(owners.contains(0)).isTrue();
		assertThat(owners.contains(own)).isTrue();
		assertThat(owners.contains(own + 12345)).isFalse();
	}

	private List<String> findingsForMode(String mode) throws IOException {
		PluginDirectories.folder(this.plugins.root(), "a");
		Path file = PluginDirectories.executable(this.folder.resolve("x"), "rwxr-xr-x");
		Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));
		return findingsFor("x");
	}

	private List<String> findingsFor(String executable) {
		this.plugins.plugin("a", "[plugin]", "name = \"a\"", "version = \"1\"", "executable = \"" + executable + "\"",
				"protocol_version = \"1\"");
		return this.plugins.findings();
	}

}
