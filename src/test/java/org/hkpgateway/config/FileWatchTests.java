package org.hkpgateway.config;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.Set;

import org.hkpgateway.plugin.PluginId;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link FileWatch}.
 */
class FileWatchTests {

	private static final PluginId A = new PluginId("a");

	@TempDir
	private Path directory;

	private Path manifest;

	private Path executable;

	private Map<PluginId, List<Path>> files;

	private FileWatch watch;

	@BeforeEach
	void setUp() throws IOException {
		this.manifest = Files.writeString(this.directory.resolve("plugin.toml"), "1");
		this.executable = Files.writeString(this.directory.resolve("run"), "1");
		this.files = Map.of(A, List.of(this.manifest, this.executable));
		this.watch = new FileWatch(() -> this.files);
		assertThat(this.watch.look()).isEmpty();
	}

	@Test
	void nothingChanges() {
		assertThat(this.watch.look()).isEmpty();
		assertThat(this.watch.look()).isEmpty();
	}

	@Test
	void aChangeIsReportedOnceAndOnlyWhenItRests() throws IOException {
		Files.writeString(this.executable, "22");
		assertThat(this.watch.look()).as("may still be growing").isEmpty();
		Files.writeString(this.executable, "333");
		assertThat(this.watch.look()).as("was still growing").isEmpty();
		assertThat(this.watch.look()).containsExactly(A);
		assertThat(this.watch.look()).isEmpty();
	}

	@Test
	void anotherFileOfTheSameSizeAndTimeIsAChange() throws IOException {
		Path other = Files.writeString(this.directory.resolve("other"), "2");
		Files.setLastModifiedTime(other, Files.getLastModifiedTime(this.executable));
		Files.move(other, this.executable, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
		this.watch.look();
		assertThat(this.watch.look()).containsExactly(A);
	}

	@Test
	void aLinkThatLeadsElsewhereIsAChange() throws IOException {
		Path link = Files.createSymbolicLink(this.directory.resolve("link"), this.manifest);
		this.files = Map.of(A, List.of(link));
		this.watch = new FileWatch(() -> this.files);
		this.watch.look();
		Files.delete(link);
		Files.createSymbolicLink(link, this.executable);
		this.watch.look();
		assertThat(this.watch.look()).containsExactly(A);
	}

	@Test
	void aFileThatGoesAndReturnsUnchangedBetweenTwoLooksIsNoChange() throws IOException {
		Path away = Files.move(this.manifest, this.directory.resolve("away"));
		assertThat(this.watch.look()).isEmpty();
		Files.move(away, this.manifest);
		assertThat(this.watch.look()).isEmpty();
		assertThat(this.watch.look()).isEmpty();
	}

	@Test
	void aFileThatGoesIsAChange() throws IOException {
		Files.delete(this.manifest);
		this.watch.look();
		assertThat(this.watch.look()).containsExactly(A);
	}

	@Test
	void aNewPluginIsNoChangeAndOneThatIsGoneIsForgotten() throws IOException {
		PluginId b = new PluginId("b");
		this.files = Map.of(b, List.of(this.manifest));
		assertThat(this.watch.look()).isEmpty();
		Files.writeString(this.manifest, "22");
		this.files = Map.of(A, List.of(this.manifest));
		assertThat(this.watch.look()).as("a is new again").isEmpty();
		assertThat(this.watch.look()).isEmpty();
	}

	@Test
	void aChangeThatIsAcceptedIsNotReportedButALaterOneIs() throws IOException {
		Files.writeString(this.executable, "22");
		Map<PluginId, List<Object>> read = this.watch.fingerprints();
		this.watch.accept(Set.of(A, new PluginId("unknown")), read);
		assertThat(this.watch.look()).isEmpty();
		assertThat(this.watch.look()).isEmpty();
		Files.writeString(this.executable, "333");
		this.watch.accept(Set.of(A), read);
		assertThat(this.watch.look()).isEmpty();
		assertThat(this.watch.look()).as("changed after it was read").containsExactly(A);
	}

}
