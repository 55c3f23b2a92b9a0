package org.hkpgateway.config;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * {@code docs/configuration.md} is of these keys. With the property {@value #WRITE} the
 * test writes it.
 */
class ConfigurationReferenceTests {

	private static final String WRITE = "hkp.reference.write";

	private static final String COMMAND = "./mvnw -B -q -pl src -am test -Dtest=ConfigurationReferenceTests"
			+ " -Dsurefire.failIfNoSpecifiedTests=false -D" + WRITE;

	private static final Path FILE = Path.of(System.getProperty("hkp.root", "..")).resolve("docs/configuration.md");

	@Test
	void theCommittedReferenceIsCurrent() throws IOException {
		String reference = ConfigurationReference.of(COMMAND);
		if (System.getProperty(WRITE) != null) {
			Files.writeString(FILE, reference);
		}
		assertThat(Files.exists(FILE) ? Files.readString(FILE) : "")
			.as("docs/configuration.md; to write it anew: " + COMMAND)
			.isEqualTo(reference);
	}

	/** A type in another file is looked into only if it is marked as nested. */
	@Test
	void everyKeyIsInItAndDescribed() throws IOException {
		assertThat(KeyMetadata.ofGateway()).extracting(KeyMetadata::key)
			.containsExactlyInAnyOrderElementsOf(
					Stream.of(
							SampleConfigurationTests.keys("hkp.", HkpProperties.class)
								.filter((key) -> !key.equals("hkp.plugins.settings")
										&& !key.equals("hkp.plugins.remote")),
							SampleConfigurationTests.keys("hkp.plugins.settings.<name>.",
									PluginsProperties.Settings.class),
							SampleConfigurationTests.keys("hkp.plugins.remote.<name>.", PluginsProperties.Remote.class))
						.flatMap((keys) -> keys)
						.toList());
		assertThat(KeyMetadata.ofGateway())
			.allSatisfy((key) -> assertThat(key.description()).as(key.key()).matches(".*\\w+ \\w+ \\w+.*"));
	}

	@Test
	void codeBeginsAndEndsInItsCell() throws IOException {
		assertThat(ConfigurationReference.of(COMMAND)
			.lines()
			.filter((line) -> line.startsWith("|"))
			.flatMap((line) -> Stream.of(line.split("(?<!\\\\)\\|")))).hasSizeGreaterThan(500)
			.allSatisfy((cell) -> assertThat(cell.replaceAll("`[^`]*`", "")).doesNotContain("`", "{", "}"));
	}

	@Test
	void whatIsAllowedIsSaidByTheGateway() throws IOException {
		assertThat(ConfigurationReference.of(COMMAND)).contains("| 1B to 2047MB | no |", "| 1KB to 1MB | no |",
				"| `closed`, `open` | yes |", "| a number above 0 | yes |");
	}

}
