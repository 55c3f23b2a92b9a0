package org.hkpgateway.process;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

import org.hkpgateway.plugin.PluginId;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

class RuntimeDirectoryTests {

	private static final PluginId ID = new PluginId("x");

	@Test
	void freshDirectoryIsShortPrivateAndRemoved() throws IOException {
		RuntimeDirectory runtime = RuntimeDirectory.open(null);
		PluginEnvironment.LaunchDirectories directories = runtime.create(ID);
		Path root = directories.sockets().getParent();
		assertThat(root.getParent()).isEqualTo(Path.of(System.getProperty("java.io.tmpdir")).toRealPath());
		assertThat(root.getFileName().toString()).matches("hkp-[0-9a-z]{6}");
		for (Path each : new Path[] { root, directories.sockets(), directories.temporary(), directories.data() }) {
			assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(each))).isEqualTo("rwx------");
		}
		Files.writeString(directories.temporary().resolve("left"), "over");
		runtime.close();
		assertThat(root).doesNotExist();
	}

	@Test
	void eachLaunchHasItsOwnDirectoryButDataIsKept(@TempDir Path configured) throws IOException {
		RuntimeDirectory runtime = RuntimeDirectory.open(configured.resolve("new"));
		PluginEnvironment.LaunchDirectories first = runtime.create(ID);
		Files.writeString(first.data().resolve("kept"), "");
		Files.createSymbolicLink(first.sockets().resolve("link"), first.data());
		runtime.remove(first);
		runtime.remove(first);
		PluginEnvironment.LaunchDirectories second = runtime.create(ID);
		assertThat(second.sockets()).isNotEqualTo(first.sockets());
		assertThat(second.data().resolve("kept")).exists();
		assertThat(first.sockets()).doesNotExist();
		runtime.remove(second);
		runtime.close();
		assertThat(configured.resolve("new")).isDirectoryContaining("glob:**/data");
	}

	@Test
	void tooLong(@TempDir Path root) throws IOException {
		Path path = root.resolve("x".repeat(100));
		assertThatIllegalArgumentException().isThrownBy(() -> RuntimeDirectory.open(path))
			.withMessageStartingWith("hkp.plugins.runtime-directory: expected: at most 78 bytes, because the paths of "
					+ "sockets below it are limited to 107, got: " + path.toRealPath().toString().length() + ": ");
	}

	@Test
	void unusableInAHandshake(@TempDir Path root) {
		assertThatIllegalArgumentException().isThrownBy(() -> RuntimeDirectory.open(root.resolve("a|b")))
			.withMessageContaining("without '|'");
	}

	@Test
	void writableByOthers(@TempDir Path root) throws IOException {
		Files.setPosixFilePermissions(root, PosixFilePermissions.fromString("rwxrwxrwx"));
		assertThatIllegalArgumentException().isThrownBy(() -> RuntimeDirectory.open(root))
			.withMessageContaining("expected: a directory that only its owner can write, got: ")
			.withMessageEndingWith("with mode 777");
	}

}
