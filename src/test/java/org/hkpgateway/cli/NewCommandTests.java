package org.hkpgateway.cli;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * {@code plugins new} without the templates, which {@code GeneratedProjectIT} has.
 */
class NewCommandTests {

	private final ByteArrayOutputStream out = new ByteArrayOutputStream();

	private final ByteArrayOutputStream err = new ByteArrayOutputStream();

	private final Map<String, byte[]> template = new LinkedHashMap<>();

	private Path directory;

	@BeforeEach
	void setUp(@TempDir Path root) throws IOException {
		this.directory = root.toRealPath();
	}

	@Test
	void everySpellingOfTheNameIsReplacedInPathsAndText() throws Exception {
		file("hkp_template/HkpTemplatePlugin.txt", "hkp-template hkp_template HkpTemplate hkp-Template @SDK_VERSION@");
		assertThat(write("no-harvesting_2")).isEqualTo(1);
		assertThat(this.directory.resolve("no_harvesting_2/NoHarvesting2Plugin.txt"))
			.hasContent("no-harvesting_2 no_harvesting_2 NoHarvesting2 hkp-Template 1.2.3");
	}

	@Test
	void theSdkAndWhatIsNoTextStayAsTheyAre() throws Exception {
		byte[] noText = { 'h', 'k', 'p', '-', 't', 'e', 'm', 'p', 'l', 'a', 't', 'e', (byte) 0xff };
		this.template.put("logo", noText);
		file("third_party/hkp-template.sh", "hkp-template @SDK_VERSION@");
		assertThat(write("mine")).isEqualTo(1);
		assertThat(Files.readAllBytes(this.directory.resolve("logo"))).isEqualTo(noText);
		assertThat(this.directory.resolve("third_party/hkp-template.sh")).hasContent("hkp-template @SDK_VERSION@");
	}

	@Test
	void launchersAndScriptsCanBeRunAndNothingCanBeWrittenByOthers() throws Exception {
		file("src/main/dist/hkp-plugin-hkp-template", "");
		file("build.sh", "");
		file("plugin.toml", "");
		file("third_party/hkp-plugin-x", "");
		write("mine");
		assertThat(mode("src/main/dist/hkp-plugin-mine")).isEqualTo("rwxr-xr-x");
		assertThat(mode("build.sh")).isEqualTo("rwxr-xr-x");
		assertThat(mode("plugin.toml")).isEqualTo("rw-r--r--");
		assertThat(mode("third_party/hkp-plugin-x")).isEqualTo("rw-r--r--");
	}

	@Test
	void nothingIsOverwrittenAndNothingLeavesTheDirectory() throws Exception {
		file("plugin.toml", "new");
		Files.writeString(this.directory.resolve("plugin.toml"), "old");
		assertThatExceptionOfType(FileAlreadyExistsException.class).isThrownBy(() -> write("mine"));
		assertThat(this.directory.resolve("plugin.toml")).hasContent("old");
		this.template.clear();
		file("../escaped", "");
		assertThatExceptionOfType(IOException.class).isThrownBy(() -> write("mine"))
			.withMessageContaining("../escaped");
	}

	@Test
	void artifactsHaveTheirChecksumsBesideThem() throws Exception {
		file("third_party/maven/hkp-plugin-sdk.pom", "abc");
		file("third_party/other.txt", "abc");
		assertThat(write("mine")).isZero();
		Path home = this.directory.resolve("third_party/maven/org/hkpgateway/hkp-plugin-sdk/1.2.3");
		assertThat(home.resolve("hkp-plugin-sdk-1.2.3.pom")).hasContent("abc");
		assertThat(home.resolve("hkp-plugin-sdk-1.2.3.pom.sha1"))
			.hasContent("a9993e364706816aba3e25717850c26c9cd0d89d");
		assertThat(this.directory.resolve("third_party/other.txt.sha1")).doesNotExist();
	}

	@Test
	void artifactsStandWhereMavenLooks() {
		MavenRepository release = new MavenRepository("1.2.3");
		assertThat(release.path("third_party/maven/hkp-plugin-sdk.jar"))
			.isEqualTo("third_party/maven/org/hkpgateway/hkp-plugin-sdk/1.2.3/hkp-plugin-sdk-1.2.3.jar");
		assertThat(release.path("third_party/README.md")).isEqualTo("third_party/README.md");
		assertThat(release.metadata()).isEmpty();

		MavenRepository snapshot = new MavenRepository("1.2-SNAPSHOT",
				Clock.fixed(Instant.parse("2026-11-29T14:30:05Z"), ZoneOffset.UTC));
		String home = "third_party/maven/org/hkpgateway/hkp-plugin-sdk/1.2-SNAPSHOT/";
		assertThat(snapshot.path("third_party/maven/hkp-plugin-sdk.pom"))
			.isEqualTo(home + "hkp-plugin-sdk-1.2-20261129.143005-1.pom");
		assertThat(snapshot.metadata()).singleElement().satisfies((metadata) -> {
			assertThat(metadata.path()).isEqualTo(home + "maven-metadata.xml");
			assertThat(metadata.content()).contains("<timestamp>20261129.143005</timestamp>",
					"<extension>pom</extension>", "<value>1.2-20261129.143005-1</value>",
					"<updated>20261129143005</updated>");
		});
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|',
			textBlock = """
					go     | Guard      | plugin name: expected: 1 to 64 lower-case letters
					go     | gateway    | plugin name: expected: another one than the gateway's own
					go     | 2fast      | plugin name: expected: words of lower-case letters and digits
					java   | a--b       | plugin name: expected: words of lower-case letters and digits
					python | guard-     | plugin name: expected: words of lower-case letters and digits
					java   | class      | expected: a name that means nothing else in a project in java, got: 'class', a keyword
					java   | hkp        | got: 'hkp', the beginning of a class of the SDK; 'hkp-guard' would do
					python | lambda     | expected: a name that means nothing else in a project in python, got: 'lambda', a keyword
					python | secrets    | got: 'secrets', a module of Python's own
					python | hkp-plugin | got: 'hkp-plugin', a package that the project needs, which it would hide
					python | tests      | got: 'tests', a directory of the project
					go     | internal   | expected: a name that means nothing else in a project in go, got: 'internal', a directory
					go     | config     | got: 'config', a name that the project's own code has
					rust   | guard      | --lang: expected: go, java, python, got: 'rust'
					""")
	void namesAndLanguagesThatCannotBe(String language, String name, String message) {
		assertThat(execute("plugins", "new", "--lang", language, name, at("new"))).isEqualTo(2);
		assertThat(errors()).startsWith("plugins new: ").contains(message, "usage: ");
		assertThat(this.directory.resolve("new")).doesNotExist();
	}

	/** Of pytest, of the SDK, of pip, and of what these need. */
	@ParameterizedTest
	@ValueSource(strings = { "packaging", "pluggy", "iniconfig", "pygments", "pytest", "conftest", "grpc", "google",
			"grpcio", "protobuf", "cryptography", "cffi", "typing-extensions", "typing_extensions", "setuptools" })
	void noPackageOfAPythonProjectCanBeHidden(String name) {
		assertThat(execute("plugins", "new", "--lang", "python", name, at("new"))).isEqualTo(2);
		assertThat(errors()).contains("got: '" + name + "', a package that the project needs, which it would hide");
		assertThat(ProjectLanguage.GO.meaningOf(name)).isEmpty();
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "--lang", "--lang go", "--lang go guard", "guard DIR", "--lang go guard DIR more",
			"--language go guard DIR", "--lang go guard DIR --force" })
	void commandLinesThatAreWrong(String line) {
		Stream<String> words = Stream.of(("plugins new " + line).strip().split(" "));
		assertThat(execute(words.map((word) -> word.equals("DIR") ? at("new") : word).toArray(String[]::new)))
			.isEqualTo(2);
		assertThat(errors()).startsWith("plugins new: expected: ").contains(", got: ");
		assertThat(this.directory.resolve("new")).doesNotExist();
	}

	@Test
	void aDirectoryWithSomethingInItIsLeftAlone() throws IOException {
		Path file = Files.createFile(Files.createDirectory(this.directory.resolve("full")).resolve("precious"));
		for (Path target : List.of(file.getParent(), file)) {
			assertThat(execute("plugins", "new", "--lang=java", "guard", target.toString())).isEqualTo(2);
			assertThat(errors()).startsWith("plugins new: expected: a directory that does not exist or is empty, got: '"
					+ target + "', which is neither; nothing was written");
		}
		assertThat(file.getParent()).isDirectoryContaining((found) -> found.equals(file));
	}

	private int write(String name) throws Exception {
		ByteArrayOutputStream bytes = new ByteArrayOutputStream();
		try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
			for (Map.Entry<String, byte[]> file : this.template.entrySet()) {
				zip.putNextEntry(new ZipEntry(file.getKey()));
				zip.write(file.getValue());
			}
		}
		return new ProjectWriter(this.directory, ProjectName.of(name, ProjectLanguage.GO), "1.2.3")
			.write(new ByteArrayInputStream(bytes.toByteArray()));
	}

	private void file(String path, String content) {
		this.template.put(path, content.getBytes(StandardCharsets.UTF_8));
	}

	private String mode(String file) throws IOException {
		return PosixFilePermissions.toString(Files.getPosixFilePermissions(this.directory.resolve(file)));
	}

	private String at(String name) {
		return this.directory.resolve(name).toString();
	}

	private int execute(String... arguments) {
		this.err.reset();
		return new CommandLine(new PrintStream(this.out, true, StandardCharsets.UTF_8),
				new PrintStream(this.err, true, StandardCharsets.UTF_8))
			.execute(List.of(arguments));
	}

	private String errors() {
		return this.err.toString(StandardCharsets.UTF_8);
	}

}
