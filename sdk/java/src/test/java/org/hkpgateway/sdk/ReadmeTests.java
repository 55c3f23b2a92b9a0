package org.hkpgateway.sdk;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What the README shows stands, apart from its indentation, in a file that is compiled
 * and run.
 */
class ReadmeTests {

	private static final Pattern BLOCK = Pattern.compile("^```(\\w+)\n(.*?)^```$", Pattern.DOTALL | Pattern.MULTILINE);

	@Test
	void everyBlockStandsInAFileThatIsUsed() throws IOException {
		List<String> files = files();
		List<String> blocks = BLOCK.matcher(Files.readString(Path.of("README.md")))
			.results()
			.map((block) -> flat(block.group(2)))
			.toList();
		assertThat(blocks).hasSizeGreaterThan(10)
			.allSatisfy((block) -> assertThat(files).as(block).anyMatch((file) -> file.contains(block)));
	}

	@Test
	void theDependencyIsThisArtifact() throws IOException {
		String pom = Files.readString(Path.of("pom.xml"));
		String version = pom.replaceAll("(?s).*?<parent>.*?<version>([^<]+)</version>.*", "$1");
		assertThat(Files.readString(Path.of("src/test/example/pom.xml")))
			.contains("<artifactId>hkp-plugin-sdk</artifactId>", "<version>" + version + "</version>");
		assertThat(pom).contains("<artifactId>hkp-plugin-sdk</artifactId>");
	}

	private static List<String> files() throws IOException {
		try (Stream<Path> examples = Files.walk(Path.of("src/test/java/com/example"));
				Stream<Path> others = Files.walk(Path.of("src/test/example"))) {
			return Stream.concat(examples, others).filter(Files::isRegularFile).map(ReadmeTests::read).toList();
		}
	}

	private static String read(Path file) {
		try {
			return flat(Files.readString(file));
		}
		catch (IOException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private static String flat(String text) {
		return text.lines().map(String::strip).collect(Collectors.joining("\n"));
	}

}
