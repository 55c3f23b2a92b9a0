package org.hkpgateway.testsupport;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Tests for {@link MadeOnce}.
 */
class MadeOnceTests {

	@TempDir
	private Path directory;

	private final List<String> made = new ArrayList<>();

	@Test
	void isMadeAgainOnlyFromSomethingElse() {
		make("1");
		make("1");
		make("2");
		make("2");
		make("1");
		assertThat(this.made).containsExactly("1", "2", "1");
	}

	@Test
	void isMadeAgainAfterAFailure() {
		make("1");
		assertThatIllegalStateException().isThrownBy(() -> MadeOnce.in(this.directory, "2", (directory) -> {
			throw new IllegalStateException("half of it is made");
		}));
		make("1");
		assertThat(this.made).containsExactly("1", "1");
	}

	private void make(String from) {
		Path made = MadeOnce.in(this.directory, from, (directory) -> this.made.add(from));
		assertThat(made).isEqualTo(this.directory);
	}

}
