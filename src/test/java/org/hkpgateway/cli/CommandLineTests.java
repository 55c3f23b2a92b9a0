package org.hkpgateway.cli;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

class CommandLineTests {

	private final ByteArrayOutputStream out = new ByteArrayOutputStream();

	private final ByteArrayOutputStream err = new ByteArrayOutputStream();

	@Test
	void optionsAndNothingAreForTheGateway() {
		assertThat(CommandLine.handles()).isFalse();
		assertThat(CommandLine.handles("--server.port=1", "plugins")).isFalse();
	}

	@Test
	void anythingElseIsNot() {
		assertThat(CommandLine.handles("plugins", "check")).isTrue();
		assertThat(CommandLine.handles("plugin")).isTrue();
		assertThat(CommandLine.handles("")).isTrue();
		assertThat(CommandLine.handles("--help")).isTrue();
		assertThat(CommandLine.handles("-h")).isTrue();
	}

	@Test
	void unknownCommandIsNamed() {
		assertThat(execute("plugin", "chekc")).isEqualTo(2);
		assertThat(errors()).startsWith("expected: an option or the command plugins, got: 'plugin'\n\nusage: ");
		assertThat(output()).isEmpty();
	}

	@Test
	void unknownActionIsNamed() {
		assertThat(execute("plugins", "chekc")).isEqualTo(2);
		assertThat(errors()).startsWith("plugins: expected: check, list or verify, got: 'chekc'\n");
	}

	@Test
	void directoryThatIsNone(@TempDir Path root) throws IOException {
		Path file = Files.createFile(root.resolve("file"));
		assertThat(execute("plugins", "list", file.toString())).isEqualTo(2);
		assertThat(errors()).startsWith("plugins list: expected: a directory, got: '" + file + "', which is none\n");
	}

	@Test
	void controlCharactersDoNotReachTheTerminal() {
		assertThat(execute("plugins", "check", "\u001b[2J")).isEqualTo(2);
		assertThat(errors())
			.startsWith("plugins check: expected: a directory, got: '\\u001b[2J', which does not exist");
		assertThat(execute("\u001b[2J")).isEqualTo(2);
		assertThat(errors()).doesNotContain("\u001b");
	}

	@Test
	void helpIsNoMistake() {
		assertThat(execute("plugins", "check", "--help")).isZero();
		assertThat(output()).startsWith("usage: ");
		assertThat(errors()).isEmpty();
	}

	@Test
	void checkOfAnEmptyDirectory(@TempDir Path root) {
		assertThat(execute("plugins", "check", root.toString())).isZero();
		assertThat(output()).isEqualTo("0 plugins can run; 0 errors, 0 warnings, 0 notices\n");
	}

	@Test
	void tableAlignsAndEscapes() {
		Table table = new Table(List.of("A", "B", "C"));
		table.add(List.of("über", "", "x y"));
		table.add(List.of("\n", "lang", ""));
		table.print(new PrintStream(this.out, true, StandardCharsets.UTF_8));
		assertThat(output()).isEqualTo("A       B     C\nüber          x y\n\\u000a  lang  \n");
	}

	private int execute(String... arguments) {
		return new CommandLine(new PrintStream(this.out, true, StandardCharsets.UTF_8),
				new PrintStream(this.err, true, StandardCharsets.UTF_8))
			.execute(List.of(arguments));
	}

	private String output() {
		return this.out.toString(StandardCharsets.UTF_8);
	}

	private String errors() {
		return this.err.toString(StandardCharsets.UTF_8);
	}

}
