package org.hkpgateway.process;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.IntFunction;

import org.hkpgateway.plugin.PluginId;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

class RuntimeDirectoryTests {

	private static final PluginId ID = new PluginId("x");

	private static final OptionalInt NOBODY = OptionalInt.empty();

	private static final IntFunction<List<String>> AS_USER = (uid) -> {
		throw new AssertionError("expected: nobody asked, got: user " + uid);
	};

	@Test
	void freshDirectoryIsShortPrivateAndRemoved() throws IOException {
		RuntimeDirectory runtime = RuntimeDirectory.open(null, false, AS_USER);
		PluginEnvironment.LaunchDirectories directories = runtime.create(ID, NOBODY);
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
		RuntimeDirectory runtime = RuntimeDirectory.open(configured.resolve("new"), false, AS_USER);
		PluginEnvironment.LaunchDirectories first = runtime.create(ID, NOBODY);
		Files.writeString(first.data().resolve("kept"), "");
		Files.createSymbolicLink(first.sockets().resolve("link"), first.data());
		runtime.remove(first);
		runtime.remove(first);
		PluginEnvironment.LaunchDirectories second = runtime.create(ID, NOBODY);
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
		assertThatIllegalArgumentException().isThrownBy(() -> RuntimeDirectory.open(path, false, AS_USER))
			.withMessageStartingWith("hkp.plugins.runtime-directory: expected: at most 78 bytes, because the paths of "
					+ "sockets below it are limited to 107, got: " + path.toRealPath().toString().length() + ": ");
	}

	@Test
	void unusableInAHandshake(@TempDir Path root) {
		assertThatIllegalArgumentException()
			.isThrownBy(() -> RuntimeDirectory.open(root.resolve("a|b"), false, AS_USER))
			.withMessageContaining("without '|'");
	}

	@Test
	void writableByOthers(@TempDir Path root) throws IOException {
		Files.setPosixFilePermissions(root, PosixFilePermissions.fromString("rwxrwxrwx"));
		assertThatIllegalArgumentException().isThrownBy(() -> RuntimeDirectory.open(root, false, AS_USER))
			.withMessageContaining("expected: a directory that only its owner can write, got: ")
			.withMessageEndingWith("with mode 777; chmod go-w it, or name one below it");
	}

	@Test
	void writableByOthersThoughSticky(@TempDir Path root) throws Exception {
		assertThat(new ProcessBuilder("chmod", "1777", root.toString()).inheritIO().start().waitFor()).isZero();
		assertThatIllegalArgumentException().isThrownBy(() -> RuntimeDirectory.open(root, false, AS_USER))
			.withMessageContaining("only its owner can write, got: " + root.toRealPath() + " with mode 1777");
	}

	@Test
	void ofSomebodyElse(@TempDir Path root) throws IOException {
		Path foreign = Files.createDirectory(root.resolve("foreign"));
		assumeTrue(Ownership.self() == 0, "only root can give a directory away");
		Files.setAttribute(foreign, "unix:uid", 12345);
		assertThatIllegalArgumentException().isThrownBy(() -> RuntimeDirectory.open(foreign, false, AS_USER))
			.withMessageContaining("to belong to root or to the gateway's user 0, got: user 12345; chown it");
	}

	@Test
	void dataMustNotLeadElsewhere(@TempDir Path root) throws IOException {
		Path runtime = Files.createDirectory(root.resolve("runtime"));
		Path elsewhere = Files.createDirectory(root.resolve("elsewhere"));
		Path data = Files.createSymbolicLink(runtime.resolve("data"), elsewhere);
		assertThatExceptionOfType(UncheckedIOException.class)
			.isThrownBy(() -> RuntimeDirectory.open(runtime, false, AS_USER))
			.withMessageContaining("/data to be a directory, got: a link or a file; move it away");
		Files.delete(data);
		RuntimeDirectory opened = RuntimeDirectory.open(runtime, false, AS_USER);
		Files.createSymbolicLink(data.resolve("x"), elsewhere);
		assertThatExceptionOfType(IOException.class).isThrownBy(() -> opened.create(ID, NOBODY))
			.withMessageContaining("/data/x to be a directory, got: a link");
		opened.close();
	}

	@Test
	void dataMustBelongToTheGateway(@TempDir Path root) throws IOException {
		Path data = Files.createDirectory(root.resolve("data"));
		assumeTrue(Ownership.self() == 0, "only root can give a directory away");
		Files.setAttribute(data, "unix:uid", 12345);
		assertThatIllegalArgumentException().isThrownBy(() -> RuntimeDirectory.open(root, false, AS_USER))
			.withMessageContaining("/data to belong to root");
	}

	@Test
	void parentsCanBePassedThroughWhenPluginsHaveUsers(@TempDir Path root) throws IOException {
		RuntimeDirectory runtime = RuntimeDirectory.open(root.resolve("new"), true, AS_USER);
		for (Path each : new Path[] { root.resolve("new"), runtime.data() }) {
			assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(each))).isEqualTo("rwx--x--x");
		}
		runtime.close();
	}

	@Test
	void thatCannotBePassedThrough(@TempDir Path root) throws IOException {
		Files.setPosixFilePermissions(root, PosixFilePermissions.fromString("rwx------"));
		assertThatIllegalArgumentException().isThrownBy(() -> RuntimeDirectory.open(root, true, AS_USER))
			.withMessageStartingWith("hkp.plugins.runtime-directory: expected: a directory that the users of "
					+ "hkp.plugins.uid-range may pass through, got: ")
			.withMessageEndingWith(" with mode rwx------; chmod 711 it");
	}

	@Test
	void isUsedByOneGatewayAtATime(@TempDir Path root) {
		RuntimeDirectory first = RuntimeDirectory.open(root, false, AS_USER);
		assertThatIllegalArgumentException().isThrownBy(() -> RuntimeDirectory.open(root, false, AS_USER))
			.withMessageStartingWith("hkp.plugins.runtime-directory: expected: a directory that no other gateway uses");
		first.close();
		first.close();
		RuntimeDirectory.open(root, false, AS_USER).close();
	}

	@Test
	void whatAKilledGatewayLeftIsRemovedAndNothingElse(@TempDir Path root) throws IOException {
		RuntimeDirectory killed = RuntimeDirectory.open(root, false, AS_USER);
		PluginEnvironment.LaunchDirectories left = killed.create(ID, NOBODY);
		PluginEnvironment.LaunchDirectories removed = killed.create(ID, NOBODY);
		Files.writeString(left.temporary().resolve("file"), "");
		killed.remove(removed);
		// Of the same form as the gateway's, but somebody else's.
		Path foreign = Files.createDirectory(root.resolve("backup"));
		killed.close();
		assertThat(left.sockets()).exists();
		RuntimeDirectory next = RuntimeDirectory.open(root, false, AS_USER);
		assertThat(left.sockets()).doesNotExist();
		assertThat(left.data()).exists();
		assertThat(foreign).exists();
		next.close();
		assertThat(Files.readString(root.resolve("gateway.launches"))).isBlank();
	}

	@Test
	void aListWhoseLockWasRemovedMayBeOfAGatewayThatLives(@TempDir Path root) throws IOException {
		RuntimeDirectory living = RuntimeDirectory.open(root, false, AS_USER);
		PluginEnvironment.LaunchDirectories launch = living.create(ID, NOBODY);
		living.close();
		Files.delete(root.resolve("gateway.lock"));
		RuntimeDirectory.open(root, false, AS_USER).close();
		assertThat(launch.sockets()).exists();
	}

	@Test
	void aForgedListOfLaunchesReachesNothingOutside(@TempDir Path root) throws IOException {
		Path run = Files.createDirectory(root.resolve("run"));
		Files.createDirectory(root.resolve("victim"));
		Files.createFile(run.resolve("gateway.lock"));
		Files.writeString(run.resolve("gateway.launches"), "../victim\n../victim/\n/\n.\n..\n\ndata\n");
		RuntimeDirectory.open(run, false, AS_USER).close();
		assertThat(root.resolve("victim")).exists();
		assertThat(run.resolve("data")).exists();
	}

	@Test
	void aLockThatIsALinkIsNotFollowed(@TempDir Path root) throws IOException {
		Path other = Files.writeString(root.resolve("other"), "kept");
		Path run = Files.createDirectory(root.resolve("run"));
		Files.createSymbolicLink(run.resolve("gateway.lock"), other);
		assertThatExceptionOfType(UncheckedIOException.class)
			.isThrownBy(() -> RuntimeDirectory.open(run, false, AS_USER));
		assertThat(other).hasContent("kept");
	}

}
