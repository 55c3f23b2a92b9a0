package org.hkpgateway.testsupport;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link SourceDigest}.
 */
class SourceDigestTests {

	@TempDir
	private Path sources;

	@TempDir
	private Path elsewhere;

	private Path another;

	private String before;

	@BeforeEach
	void write() throws IOException {
		Files.writeString(Files.createDirectory(this.sources.resolve("sub")).resolve("main"), "main");
		this.another = Files.writeString(this.elsewhere.resolve("protocol"), "protocol");
		this.before = SourceDigest.of(this.sources, this.another);
	}

	@Test
	void ofWhenNothingChangedIsTheSame() throws IOException {
		Files.writeString(this.sources.resolve("sub/main"), "main");
		assertThat(SourceDigest.of(this.sources, this.another)).isEqualTo(this.before);
	}

	@Test
	void ofWhenContentChangedDiffers() throws IOException {
		Files.writeString(this.sources.resolve("sub/main"), "Main");
		assertThat(SourceDigest.of(this.sources, this.another)).isNotEqualTo(this.before);
	}

	@Test
	void ofWhenRenamedDiffers() throws IOException {
		Files.move(this.sources.resolve("sub/main"), this.sources.resolve("sub/other"));
		assertThat(SourceDigest.of(this.sources, this.another)).isNotEqualTo(this.before);
	}

	@Test
	void ofWhenTheOtherFileChangedDiffers() throws IOException {
		Files.writeString(this.another, "changed");
		assertThat(SourceDigest.of(this.sources, this.another)).isNotEqualTo(this.before);
	}

}
