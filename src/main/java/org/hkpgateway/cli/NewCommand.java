package org.hkpgateway.cli;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.Properties;
import java.util.stream.Stream;

import org.hkpgateway.manifest.PlainText;

/**
 * {@code plugins new}: writes the project of a plugin, and says what to do next. The
 * lines that are set in are commands of a shell, to be given as they stand.
 */
final class NewCommand {

	private final ProjectLanguage language;

	private final ProjectName name;

	private final Path directory;

	private final PrintStream out;

	/**
	 * Reads the command line.
	 * @param arguments behind {@code plugins new}
	 * @param out where to say what to do next
	 * @throws UsageException if it is wrong; nothing was written
	 */
	NewCommand(List<String> arguments, PrintStream out) throws UsageException {
		Deque<String> rest = new ArrayDeque<>(arguments);
		List<String> operands = new ArrayList<>();
		ProjectLanguage chosen = null;
		while (!rest.isEmpty()) {
			String argument = rest.remove();
			if (argument.equals("--lang") && !rest.isEmpty()) {
				chosen = ProjectLanguage.of(rest.remove());
			}
			else if (argument.startsWith("--lang=")) {
				chosen = ProjectLanguage.of(argument.substring("--lang=".length()));
			}
			else if (argument.startsWith("-")) {
				throw new UsageException("expected: --lang with one of " + ProjectLanguage.choices() + ", got: '"
						+ PlainText.of(argument) + "'");
			}
			else {
				operands.add(argument);
			}
		}
		if (chosen == null) {
			throw new UsageException("expected: --lang with one of " + ProjectLanguage.choices() + ", got: nothing");
		}
		if (operands.size() != 2) {
			throw new UsageException(
					"expected: a name and a directory, got: " + PlainText.of(String.join(" ", operands)));
		}
		this.language = chosen;
		this.name = ProjectName.of(operands.get(0), chosen);
		this.directory = directory(operands.get(1));
		this.out = out;
	}

	private static Path directory(String name) throws UsageException {
		String shown = "'" + PlainText.of(name) + "'";
		String expected = "expected: a directory that does not exist or is empty, got: " + shown;
		if (name.isEmpty()) {
			throw new UsageException(expected);
		}
		try {
			Path directory = Path.of(name).toAbsolutePath().normalize();
			if (Files.exists(directory) && !isEmptyDirectory(directory)) {
				throw new UsageException(expected + ", which is neither; nothing was written");
			}
			return directory;
		}
		catch (InvalidPathException ex) {
			throw new UsageException(expected + ", which is no path");
		}
		catch (IOException ex) {
			throw new UsageException(expected + ", which cannot be read");
		}
	}

	private static boolean isEmptyDirectory(Path directory) throws IOException {
		if (!Files.isDirectory(directory)) {
			return false;
		}
		try (Stream<Path> entries = Files.list(directory)) {
			return entries.findAny().isEmpty();
		}
	}

	/**
	 * Writes the project.
	 * @param err where to say why it cannot be
	 * @return the exit code
	 */
	int run(PrintStream err) {
		String resource = "/plugin-template-" + this.language.label() + ".zip";
		try (InputStream archive = NewCommand.class.getResourceAsStream(resource)) {
			if (archive == null) {
				err.println("plugins new: expected: the template " + resource
						+ " in this program, got: none; use a complete hkp-gateway.jar");
				return CommandLine.FAULTY;
			}
			Files.createDirectories(this.directory);
			int files = new ProjectWriter(this.directory, this.name, version()).write(archive);
			printNext(files);
			return CommandLine.OK;
		}
		catch (IOException ex) {
			err.println("plugins new: expected: to write the project, got: " + reason(ex) + "; what is in "
					+ PlainText.of(this.directory.toString()) + " is incomplete, remove it");
			return CommandLine.FAULTY;
		}
	}

	private static String reason(IOException ex) {
		String message = Objects.requireNonNullElse(ex.getMessage(), ex.toString());
		boolean bare = ex instanceof FileSystemException failure && failure.getReason() == null;
		return PlainText.of(bare ? ex.getClass().getSimpleName() + " " + message : message);
	}

	private static String version() throws IOException {
		Properties build = new Properties();
		try (InputStream file = NewCommand.class.getResourceAsStream("/META-INF/build-info.properties")) {
			if (file != null) {
				build.load(file);
			}
		}
		return build.getProperty("build.version", "0");
	}

	private void printNext(int files) {
		String jar = shell(program());
		String plugin = this.name.name();
		this.out.println("Wrote the plugin " + plugin + ", " + files + " files, and the SDK beside them.");
		this.out.println();
		this.out.println("Test it, build it, check it:");
		command("cd " + shell(this.directory.toString()));
		this.language.steps().forEach((step) -> command(this.name.in(step)));
		command("java -jar " + jar + " plugins check dist");
		command("java -jar " + jar + " plugins verify dist");
		this.out.println();
		this.out.println("Run it, before a keyserver for trying out:");
		command("java -jar " + jar + " --hkp.plugins.directories=dist --hkp.plugins.settings." + plugin
				+ ".required=true");
		this.out.println();
		this.out.println("In another shell, see it refuse a request (429):");
		command("curl -i 'http://127.0.0.1:11371/pks/lookup?op=index&search=ab'");
		this.out.println();
		this.out.println("Its rule is in " + this.name.in(this.language.rule()) + "; README.md says how to go on.");
	}

	private void command(String line) {
		this.out.println("  " + line);
	}

	/** The jar that this runs from, as an absolute path if there is one. */
	private static String program() {
		String path = System.getProperty("java.class.path", "");
		return path.endsWith(".jar") && !path.contains(File.pathSeparator)
				? Path.of(path).toAbsolutePath().normalize().toString() : "hkp-gateway.jar";
	}

	/** A word of a shell's command. */
	private static String shell(String word) {
		return word.matches("[A-Za-z0-9_@%+=:,./-]+") ? word : "'" + word.replace("'", "'\\''") + "'";
	}

}
