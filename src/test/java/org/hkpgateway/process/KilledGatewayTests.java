package org.hkpgateway.process;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.OptionalInt;

import org.hkpgateway.plugin.PluginId;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

/**
 * What the next gateway makes of fresh runtime directories. Of processes, see
 * {@code KilledGatewayIT}.
 */
class KilledGatewayTests {

	@TempDir
	private Path parent;

	private Path left;

	@BeforeEach
	void makeOne() throws IOException {
		this.left = make("hkp-abc123");
	}

	@Test
	void isRemovedWithAllThatIsInIt() {
		remove();
		assertThat(this.left).doesNotExist();
	}

	@Test
	void isKeptWhileItsGatewayLives() throws IOException {
		try (RuntimeLock living = RuntimeLock.claim(this.left)) {
			remove();
			assertThat(living.left()).hasSize(1);
			assertThat(this.left.resolve("0abcde")).exists();
		}
		remove();
		assertThat(this.left).doesNotExist();
	}

	@Test
	void isKeptIfItIsNoGateways() throws IOException {
		Files.delete(this.left.resolve("gateway.fresh"));
		remove();
		assertThat(this.left.resolve("0abcde")).exists();
	}

	@Test
	void isKeptIfItIsConfiguredAndOnlyLooksFresh() throws IOException {
		Path configured = this.parent.resolve("hkp-plugin");
		RuntimeDirectory runtime = RuntimeDirectory.open(configured, false, (uid) -> List.of());
		Path data = runtime.create(new PluginId("x"), OptionalInt.empty()).data();
		Files.writeString(data.resolve("precious"), "");
		runtime.close();
		KilledGateway.removeFresh(this.parent, "hkp-??????", (uid) -> List.of());
		assertThat(data.resolve("precious")).exists();
	}

	@Test
	void isRemovedThoughItsGatewayHadLaunchedNothing() throws IOException {
		Files.delete(this.left.resolve("gateway.launches"));
		remove();
		assertThat(this.left).doesNotExist();
	}

	@Test
	void isKeptIfItsLockWasRemovedMaybeUnderAGatewayThatLives() throws IOException {
		Files.delete(this.left.resolve("gateway.lock"));
		remove();
		assertThat(this.left.resolve("0abcde")).exists();
		assertThat(this.left.resolve("gateway.lock")).doesNotExist();
	}

	@Test
	void isKeptIfOthersMayWriteIt() throws IOException {
		Files.setPosixFilePermissions(this.left, PosixFilePermissions.fromString("rwx---rwx"));
		remove();
		assertThat(this.left.resolve("0abcde")).exists();
	}

	@Test
	void isNotReachedThroughALink() throws IOException {
		Path real = make("real");
		Files.createSymbolicLink(this.parent.resolve("hkp-zzzzzz"), real);
		remove();
		assertThat(real.resolve("0abcde")).exists();
	}

	@Test
	void othersThatCannotBeExaminedDoNotKeepTheGatewayFromStarting() throws IOException {
		Path odd = make("hkp-aaaaaa");
		Files.delete(odd.resolve("gateway.lock"));
		Files.createDirectory(odd.resolve("gateway.lock"));
		remove();
		assertThat(odd).isDirectory();
		assertThat(this.left).doesNotExist();
		assertThatCode(() -> KilledGateway.removeFresh(this.parent.resolve("absent"), "hkp-??????", (uid) -> List.of()))
			.doesNotThrowAnyException();
	}

	private Path make(String name) throws IOException {
		Path directory = Files.createDirectory(this.parent.resolve(name));
		Files.createDirectories(directory.resolve("0abcde/tmp"));
		Files.writeString(directory.resolve("0abcde/tmp/file"), "");
		Files.createFile(directory.resolve("gateway.fresh"));
		Files.createFile(directory.resolve("gateway.lock"));
		Files.writeString(directory.resolve("gateway.launches"), "0abcde\n");
		return directory;
	}

	private void remove() {
		KilledGateway.removeFresh(this.parent, "hkp-??????", (uid) -> List.of());
	}

}
