package org.hkpgateway.manifest;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.util.List;

import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

class FileTrustTests {

	private PluginDirectories plugins;

	private Path root;

	@BeforeEach
	void setUp(@TempDir Path root) throws IOException {
		this.plugins = new PluginDirectories(root);
		this.root = this.plugins.root();
	}

	@ParameterizedTest
	@ValueSource(strings = { "rw-r--rw-", "rw-rw-rw-" })
	void manifestThatOthersCanWrite(String mode) throws IOException {
		PluginDirectories.mode(mode, this.plugins.valid("a"));
		assertThat(this.plugins.findings())
			.containsExactly("a/plugin.toml: error: expected: a file that only its owner can write, got: a/plugin.toml "
					+ "with mode " + mode + "; run: chmod go-w a/plugin.toml");
		assertThat(this.plugins.scan().plugins()).isEmpty();
	}

	@Test
	void pluginDirectoryThatOthersCanWrite() throws IOException {
		this.plugins.valid("a");
		PluginDirectories.mode("rwxrwxrwx", this.root.resolve("a"));
		assertThat(this.plugins.findings()).containsExactly(directoryFault("a", "rwxrwxrwx"));
		assertThat(this.plugins.scan().plugins()).isEmpty();
	}

	@Test
	void stickyBitDoesNotHelp() throws IOException {
		this.plugins.valid("a");
		Files.setAttribute(this.root.resolve("a"), "unix:mode", 01777);
		assertThat(this.plugins.findings()).containsExactly(directoryFault("a", "rwxrwxrwx"));
	}

	@Test
	void configuredDirectoryThatOthersCanWrite() throws IOException {
		this.plugins.valid("a");
		PluginDirectories.mode("rwxrwxrwx", this.root);
		assertThat(this.plugins.findings()).containsExactly(directoryFault(".", "rwxrwxrwx"));
		PluginDirectories.mode("rwx------", this.root);
		assertThat(this.plugins.findings()).isEmpty();
	}

	@Test
	void directoriesAboveTheConfiguredOneAreTheOperators() throws IOException {
		Path above = PluginDirectories.folder(this.root, "above");
		Path below = PluginDirectories.folder(above, "below");
		PluginDirectories.mode("rwxrwxrwx", above);
		this.plugins.plugin(below, "a", "[plugin]", "name = \"a\"", "version = \"1\"", "executable = \"run\"",
				"protocol_version = \"1\"");
		assertThat(new PluginDiscovery().scan(ScanRequest.of(List.of(below))).errors()).isEmpty();
	}

	@Test
	void directoryBetweenPluginAndExecutable() throws IOException {
		this.plugins.plugin("a", "[plugin]", "name = \"a\"", "version = \"1\"", "executable = \"bin/x\"",
				"protocol_version = \"1\"");
		Path bin = PluginDirectories.folder(this.root, "a/bin");
		PluginDirectories.executable(bin.resolve("x"), "rwxr-xr-x");
		assertThat(this.plugins.findings()).isEmpty();
		PluginDirectories.mode("rwxr-xrwx", bin);
		assertThat(this.plugins.findings()).containsExactly(directoryFault("a/bin", "rwxr-xrwx"));
	}

	@Test
	void groupOfTheOwnerAloneMayWriteAllButExecutables() throws IOException {
		PosixFileAttributes attributes = Files.readAttributes(this.root, PosixFileAttributes.class);
		Assumptions.assumeTrue(
				attributes.owner().getName().equals(attributes.group().getName())
						&& Files.getAttribute(this.root, "unix:uid").equals(Files.getAttribute(this.root, "unix:gid")),
				"expected: a user with a private group, got: " + attributes.owner() + ":" + attributes.group());
		PluginDirectories.mode("rw-rw-r--", this.plugins.valid("a"));
		PluginDirectories.mode("rwxrwxr-x", this.root.resolve("a"));
		assertThat(this.plugins.findings()).isEmpty();
		PluginDirectories.mode("rwxrwxr-x", this.root.resolve("a/run"));
		assertThat(this.plugins.findings()).singleElement().asString().contains("that only its owner can write");
	}

	@Test
	void directoriesOnAReadOnlyMountMayHaveAnyMode() throws IOException {
		Path manifest = this.plugins.valid("a");
		PluginDirectories.mode("rwxrwxrwx", this.root.resolve("a"));
		this.plugins.readOnly((path) -> path.equals(this.root.resolve("a")));
		assertThat(this.plugins.findings()).isEmpty();
		PluginDirectories.mode("rw-rw-rw-", manifest);
		assertThat(this.plugins.findings()).singleElement().asString().contains("a/plugin.toml with mode rw-rw-rw-");
	}

	@Test
	void untrustedOwner() throws IOException {
		this.plugins.valid("a");
		this.plugins.trusting((uid) -> false);
		int uid = (Integer) Files.getAttribute(this.root, "unix:uid");
		String owned = " owned by root or by the gateway's user, got: %s owned by uid " + uid
				+ "; run: chown root %1$s";
		assertThat(this.plugins.findings()).contains(
				("a/plugin.toml: error: expected: a file" + owned).formatted("a/plugin.toml"),
				("a/plugin.toml: error: expected: a directory" + owned).formatted("."),
				("a/plugin.toml: error: expected: a directory" + owned).formatted("a"));
	}

	@Test
	void modeThatForbidsWritingIsNoReadOnlyMount() throws IOException {
		assertThat(ReadOnlyMount.holds(this.root)).isFalse();
		PluginDirectories.mode("r-xr-xr-x", this.root);
		assertThat(ReadOnlyMount.holds(this.root)).isFalse();
	}

	/** As Kubernetes mounts a ConfigMap: everything is a link through {@code ..data}. */
	@Test
	void configMapMount() throws IOException {
		Path folder = PluginDirectories.folder(this.root, "a");
		this.plugins.plugin(folder, "..2026_01_01", "[plugin]", "name = \"a\"", "version = \"1\"",
				"executable = \"run\"", "protocol_version = \"1\"");
		PluginDirectories.mode("rwxrwxrwx", folder);
		Files.createSymbolicLink(folder.resolve("..data"), Path.of("..2026_01_01"));
		Files.createSymbolicLink(folder.resolve("plugin.toml"), Path.of("..data/plugin.toml"));
		Files.createSymbolicLink(folder.resolve("run"), Path.of("..data/run"));
		this.plugins.readOnly((path) -> path.equals(folder));
		assertThat(this.plugins.findings()).isEmpty();
		assertThat(this.plugins.scan().plugins()).hasSize(1);
		assertThat(this.plugins.scan().files().values())
			.containsExactly(List.of(folder.resolve("plugin.toml"), folder.resolve("run")));
	}

	@Test
	void manifestThatIsALinkOutOfTheDirectory() throws IOException {
		Path manifest = this.plugins.valid("a");
		Files.move(manifest, this.root.resolve("elsewhere.toml"));
		Files.createSymbolicLink(manifest, Path.of("../elsewhere.toml"));
		assertThat(this.plugins.findings())
			.containsExactly("a/plugin.toml: error: expected: a file inside the plugin's own directory a, got: a link "
					+ "to elsewhere.toml; copy the file, or make the directory a link");
		assertThat(this.plugins.scan().plugins()).isEmpty();
	}

	@Test
	void pluginDirectoryThatIsALinkIsCheckedWhereItLeads(@TempDir Path elsewhere) throws IOException {
		Path real = elsewhere.toRealPath().resolve("a-1.2");
		this.plugins.plugin(elsewhere.toRealPath(), "a-1.2", "[plugin]", "name = \"a\"", "version = \"1\"",
				"executable = \"run\"", "protocol_version = \"1\"");
		Files.createSymbolicLink(this.root.resolve("a"), real);
		assertThat(this.plugins.findings()).isEmpty();
		assertThat(this.plugins.scan().files().values())
			.containsExactly(List.of(this.root.resolve("a/plugin.toml"), this.root.resolve("a/run")));
		PluginDirectories.mode("rwxrwxrwx", real);
		assertThat(this.plugins.findings()).containsExactly(directoryFault(real.toString(), "rwxrwxrwx"));
	}

	private static String directoryFault(String directory, String mode) {
		return "a/plugin.toml: error: expected: a directory that only its owner can write, got: " + directory
				+ " with mode " + mode + "; run: chmod go-w " + directory + ", or mount it read-only";
	}

}
