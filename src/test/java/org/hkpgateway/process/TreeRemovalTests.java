package org.hkpgateway.process;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

class TreeRemovalTests {

	@TempDir
	private Path root;

	private Path tree;

	private Path precious;

	@BeforeEach
	void plant() throws IOException {
		this.tree = Files.createDirectories(this.root.resolve("tree/a/b")).getParent().getParent();
		Files.writeString(this.tree.resolve("a/b/file"), "");
		this.precious = Files.writeString(Files.createDirectory(this.root.resolve("other")).resolve("precious"), "");
	}

	@Test
	void everythingGoesButNotWhereLinksLead() throws IOException {
		Files.createSymbolicLink(this.tree.resolve("a/link"), this.precious.getParent());
		Files.createSymbolicLink(this.tree.resolve("broken"), this.root.resolve("none"));
		TreeRemoval.remove(this.tree);
		assertThat(this.tree).doesNotExist();
		assertThat(this.precious).exists();
	}

	@Test
	void nothingAndALink() throws IOException {
		TreeRemoval.remove(this.root.resolve("none"));
		TreeRemoval.remove(this.root.resolve("none/below"));
		Path link = Files.createSymbolicLink(this.root.resolve("link"), this.tree);
		TreeRemoval.remove(link);
		assertThat(Files.isSymbolicLink(link)).isFalse();
		assertThat(this.tree.resolve("a/b/file")).exists();
	}

	@Test
	void aDirectoryThatTurnsIntoALinkLeadsNowhere() {
		assertThatIOException().isThrownBy(() -> TreeRemoval.remove(this.tree, (name) -> {
			if (name.endsWith("b")) {
				exchange(this.tree.resolve("a/b"));
			}
		}));
		assertThat(this.precious).exists();
	}

	@Test
	void aParentThatTurnsIntoALinkLeadsNowhere() throws IOException {
		Files.writeString(Files.createDirectory(this.precious.resolveSibling("b")).resolve("file"), "");
		assertThatIOException().isThrownBy(() -> TreeRemoval.remove(this.tree, (name) -> {
			if (name.endsWith("b")) {
				exchange(this.tree.resolve("a"));
			}
		}));
		assertThat(this.precious.resolveSibling("b/file")).exists();
	}

	@Test
	void whatIsTooDeepIsLeftAndSaid() throws IOException {
		Files.createDirectories(this.tree.resolve("d/".repeat(70)));
		assertThatIOException().isThrownBy(() -> TreeRemoval.remove(this.tree))
			.withMessageContaining("deeper than 64 directories");
		assertThat(this.tree.resolve("a")).doesNotExist();
	}

	private void exchange(Path directory) {
		try {
			Files.move(directory, this.root.resolve("moved"));
			Files.createSymbolicLink(directory, this.precious.getParent());
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

}
