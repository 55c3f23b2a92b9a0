package org.hkpgateway.manifest;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Every fault of a manifest's text, with the exact file and line. (Executables, names and
 * dependencies have tests of their own.)
 */
class ManifestFaultTests {

	private PluginDirectories plugins;

	@BeforeEach
	void setUp(@TempDir Path root) throws IOException {
		this.plugins = new PluginDirectories(root);
	}

	/** Line 6 of a manifest that is valid otherwise, and the finding. */
	static Stream<Arguments> lines() {
		return Stream.of(
				Arguments.of("order = \"first\"",
						"error: plugin.order: expected: an integer, got: a string (\"first\")"),
				Arguments.of("order = 99999999999",
						"error: plugin.order: expected: -2147483648 to 2147483647, got: 99999999999"),
				Arguments.of("priority = 1.5", "error: plugin.priority: expected: an integer, got: a float (1.5)"),
				Arguments.of("description = [\"x\"]", "error: plugin.description: expected: a string, got: a list"),
				Arguments.of("author = 1979-05-27",
						"error: plugin.author: expected: a string, got: a date or time (1979-05-27)"),
				Arguments.of("license = {a = 1}", "error: plugin.license: expected: a string, got: a table"),
				Arguments.of("speculative = \"yes\"",
						"error: plugin.speculative: expected: true or false, got: a string (\"yes\")"),
				Arguments.of("args = \"-v\"",
						"error: plugin.args: expected: a list of strings, got: a string (\"-v\")"),
				Arguments.of("args = [\"-v\", 3]", "error: plugin.args[1]: expected: a string, got: an integer (3)"),
				Arguments.of("capabilities = [true]",
						"error: plugin.capabilities[0]: expected: a string, got: a boolean (true)"),
				Arguments.of("capabilities = {\"http.request\" = 1}",
						"error: plugin.capabilities.http.request: expected: true or false, got: an integer (1)"),
				Arguments.of("dependencies = [\"Not A Name\"]",
						"error: plugin.dependencies: plugin name: expected: 1 to 64 lower-case letters, digits, "
								+ "'-' or '_', starting with a letter or digit, got: 'Not A Name'"),
				Arguments.of("body = \"some\"",
						"error: plugin.body: expected: \"none\", \"prefix\" or \"full\", got: \"some\""),
				Arguments.of("handshake = \"magic\"",
						"error: plugin.handshake: expected: \"go-plugin\" or \"none\", got: \"magic\""),
				Arguments.of("max_message_bytes = 1024",
						"error: plugin.max_message_bytes: expected: 4194304 to 2147483647, got: 1024"),
				Arguments.of("config = 3", "error: plugin.config: expected: a table, got: an integer (3)"),
				Arguments.of("colour = \"red\"",
						"warning: unknown key 'plugin.colour' is ignored; its own settings a plugin finds in "
								+ "[plugin.config]"),
				Arguments.of("[plugin.colours]",
						"warning: unknown table 'plugin.colours' is ignored; its own settings a plugin finds in "
								+ "[plugin.config]"),
				Arguments.of("[colours]",
						"warning: unknown table 'colours' is ignored; its own settings a plugin finds in "
								+ "[plugin.config]"),
				Arguments.of("order = ", "error: not valid TOML: column 9: Unexpected end of line, expected a value"),
				Arguments.of("name = \"b\"",
						"error: not valid TOML: column 1: name previously defined at line 2, column 1"));
	}

	@ParameterizedTest
	@MethodSource("lines")
	void faultOnALineNamesFileAndLine(String line, String finding) {
		this.plugins.valid("a", line);
		this.plugins.valid("sound");
		assertThat(this.plugins.findings()).containsExactly("a/plugin.toml:6: " + finding);
		assertThat(this.plugins.scan().plugins()).extracting((spec) -> spec.id().name())
			.contains("sound")
			.hasSize(finding.startsWith("error") ? 1 : 2);
	}

	@Test
	void wrongTypesOfRequiredKeysAreAllReported() {
		this.plugins.plugin("a", "# a comment", "[plugin]", "name = 42", "version = 1.0", "executable = false",
				"protocol_version = 1");
		assertThat(this.plugins.findings()).containsExactlyInAnyOrder(
				"a/plugin.toml:3: error: plugin.name: expected: a string, got: an integer (42)",
				"a/plugin.toml:4: error: plugin.version: expected: a string, got: a float (1.0)",
				"a/plugin.toml:5: error: plugin.executable: expected: a string, got: a boolean (false)",
				"a/plugin.toml:6: error: plugin.protocol_version: expected: a string, got: an integer (1)");
	}

	@Test
	void missingKeysNameTheLineOfTheTable() {
		this.plugins.plugin("a", "# a comment", "[plugin]");
		assertThat(this.plugins.findings()).containsExactlyInAnyOrder(
				"a/plugin.toml:2: error: plugin.name: is missing; expected: a string",
				"a/plugin.toml:2: error: plugin.version: is missing; expected: a string",
				"a/plugin.toml:2: error: plugin.executable: is missing; expected: a string",
				"a/plugin.toml:2: notice: plugin.protocol_version is missing and taken as 1.0");
	}

	@Test
	void blankAndInvalidNames() {
		this.plugins.plugin("a", "[plugin]", "name = \" \"", "version = \"1\"", "executable = \"run\"",
				"protocol_version = \"1\"");
		this.plugins.plugin("b", "[plugin]", "name = \"Über\"", "version = \"1\"", "executable = \"run\"",
				"protocol_version = \"1\"");
		assertThat(this.plugins.findings()).containsExactly(
				"a/plugin.toml:2: error: plugin.name: expected: a string that is not blank, got: \" \"",
				"b/plugin.toml:2: error: plugin.name: plugin name: expected: 1 to 64 lower-case letters, digits, '-' "
						+ "or '_', starting with a letter or digit, got: 'Über'");
		assertThat(this.plugins.scan().names()).isEmpty();
	}

	@Test
	void protocolVersionThatIsNoVersion() {
		this.plugins.plugin("a", "[plugin]", "name = \"a\"", "version = \"1\"", "executable = \"run\"",
				"protocol_version = \"one\"");
		assertThat(this.plugins.findings())
			.containsExactly("a/plugin.toml:5: error: plugin.protocol_version: protocol version: expected: "
					+ "major[.minor[.patch]], for example \"1.0\", got: \"one\"");
	}

	@Test
	void protocolVersionOfAnotherMajorListsBothSides() {
		this.plugins.plugin("a", "[plugin]", "name = \"a\"", "version = \"1\"", "executable = \"run\"",
				"protocol_version = \"2.3\"");
		assertThat(this.plugins.findings())
			.containsExactly("a/plugin.toml:5: error: plugin.protocol_version: no common protocol version: the plugin "
					+ "speaks 2.3, this gateway speaks 1.0");
	}

	@Test
	void noPluginTable() {
		this.plugins.plugin("a", "name = \"a\"");
		this.plugins.plugin("b", "plugin = 3");
		assertThat(this.plugins.findings()).containsExactly(
				"a/plugin.toml: error: the table [plugin] is missing; expected: name, version, executable and "
						+ "protocol_version in it",
				"b/plugin.toml:1: error: plugin: expected: a table, got: an integer (3)");
	}

	@Test
	void syntaxErrorNamesLineAndColumn() {
		this.plugins.plugin("a", "[plugin", "name = \"a\"");
		assertThat(this.plugins.findings())
			.containsExactly("a/plugin.toml:1: error: not valid TOML: column 8: Unexpected end of line, expected ]");
	}

	@Test
	void bothOrderAndPriority() {
		this.plugins.valid("a", "order = 7", "priority = 8");
		assertThat(this.plugins.findings())
			.containsExactly("a/plugin.toml:7: warning: plugin.priority is another name of plugin.order and ignored "
					+ "because that is set");
		assertThat(this.plugins.scan().plugins().get(0).order()).isEqualTo(7);
	}

	@Test
	void bothConfigTables() {
		this.plugins.valid("a", "handshake = \"go-plugin\"", "[plugin.config]", "x = 1", "[config]", "x = 2");
		assertThat(this.plugins.findings())
			.containsExactly("a/plugin.toml:9: warning: [config] is ignored because there is [plugin.config]");
		assertThat(this.plugins.scan().plugins().get(0).configJson()).isEqualTo("{\"x\":1}");
	}

	@Test
	void bytesThatAreNotUtf8() throws IOException {
		Path file = this.plugins.valid("a");
		Files.write(file, "[plugin]\nname = \"Z\u00fcrich\"\n".getBytes(StandardCharsets.ISO_8859_1));
		assertThat(this.plugins.findings())
			.containsExactly("a/plugin.toml:2: error: expected: UTF-8, got: byte 0xfc that no UTF-8 text has here");
	}

	@Test
	void tooLarge() throws IOException {
		Path file = this.plugins.valid("a");
		Files.writeString(file, Files.readString(file) + "#".repeat(256 * 1024));
		assertThat(this.plugins.findings())
			.containsExactly("a/plugin.toml: error: expected: at most 262144 bytes, got more");
	}

	@Test
	void nestedTooDeeply() {
		this.plugins.plugin("a", "[plugin]", "x = " + "[".repeat(200_000));
		assertThat(this.plugins.findings()).hasSize(1).first().asString().startsWith("a/plugin.toml").contains("error");
	}

	@Test
	void manyFaultsAreBounded() {
		String[] lines = Stream
			.concat(Stream.of("[plugin]"), Stream.iterate(0, (i) -> i + 1).limit(500).map((i) -> "k" + i + " = 1"))
			.toArray(String[]::new);
		this.plugins.plugin("a", lines);
		assertThat(this.plugins.findings()).hasSize(50);
	}

	@Test
	void notARegularFile() throws IOException {
		Files.createDirectories(this.plugins.root().resolve("a/plugin.toml"));
		assertThat(this.plugins.findings())
			.containsExactly("a/plugin.toml: error: cannot be read: java.io.IOException: not a regular file");
	}

	@Test
	void manifestThatIsALinkToNowhere() throws IOException {
		Path folder = Files.createDirectories(this.plugins.root().resolve("a"));
		Files.createSymbolicLink(folder.resolve("plugin.toml"), Path.of("gone.toml"));
		assertThat(this.plugins.findings())
			.containsExactly("a/plugin.toml: error: cannot be read: java.io.IOException: not a regular file");
	}

}
