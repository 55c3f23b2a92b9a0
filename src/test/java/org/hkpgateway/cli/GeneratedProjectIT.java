package org.hkpgateway.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import org.hkpgateway.testsupport.Command;
import org.hkpgateway.testsupport.GatewayProcess;
import org.hkpgateway.testsupport.GuideBlocks;
import org.hkpgateway.testsupport.Requirements;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Ten minutes to a plugin: each command of {@code docs/plugin-author-guide.md}, and the
 * rule of one's own, as it stands there, but for ports, time limits, and where the token
 * is. What {@code plugins new} prints is the same, and so is what the project's README.md
 * says.
 */
@Timeout(value = 20, unit = TimeUnit.MINUTES)
class GeneratedProjectIT {

	/** A cold build fetches packages. */
	private static final Duration BUILD = Duration.ofMinutes(8);

	private static final String NAME = "no-short-searches";

	private static final Pattern OPTION = Pattern.compile("--(hkp\\.\\S+)");

	private static final Pattern EXPECTED = Pattern.compile("# (\\d{3}),");

	/** Where lines are put in, and how far. */
	private static final Pattern BELOW_THE_PACKAGE = Pattern.compile("(?m)^package .+\\n()");

	private static final Pattern FIRST_IF = Pattern.compile("(?m)^([ \\t]+)if\\b");

	private static final Pattern LINK = Pattern.compile("]\\(([^)#:]+)(?:#[^)]*)?\\)");

	private Path work;

	private Path project;

	/** What a shell is told first; the path of a jar may have blanks. */
	private String begin;

	private String path;

	@ParameterizedTest
	@EnumSource(ProjectLanguage.class)
	void doesWhatTheGuideSays(ProjectLanguage language, @TempDir Path root) throws Exception {
		Requirements.timeFor("building a generated project in " + language.label());
		Requirements.program("curl");
		this.path = tools(language, root);
		this.work = Files.createDirectory(root.toRealPath().resolve("my work"));
		this.project = this.work.resolve(NAME);
		Path jar = Files.createSymbolicLink(root.toRealPath().resolve("hkp gateway.jar"),
				GatewayProcess.root().resolve("target/hkp-gateway.jar").toRealPath());

		List<String> commands = GuideBlocks.commands("plugin-author-guide.md", language.label());
		assertThat(commands.get(0)).isEqualTo("GATEWAY=/path/to/hkp-gateway.jar");
		this.begin = "umask 002\nGATEWAY='" + jar + "'\n";
		String printed = shell(commands.get(1));
		assertThat(commands.get(2)).isEqualTo("cd " + NAME);
		int run = indexOf(commands, "--hkp.plugins.directories");
		assertThat(inset(printed)).containsExactlyElementsOf(asPrinted(commands.subList(2, run + 2), jar));
		assertThat(Files.readString(this.project.resolve("README.md")).lines().map(GeneratedProjectIT::bare))
			.contains(commands.get(0))
			.containsSubsequence(commands.subList(3, run + 3).stream().map(GeneratedProjectIT::bare).toList());

		assertEveryLinkLeadsSomewhere();
		this.begin += commands.get(2) + "\n";
		for (String command : commands.subList(3, run)) {
			shell(command);
		}
		assertNothingOfTheTemplateIsLeft();
		if (language == ProjectLanguage.JAVA) {
			assertThat(libraries(this.project.resolve("dist/lib"))).as("what the SDK was built and tested with")
				.isNotEmpty()
				.isSubsetOf(libraries(GatewayProcess.ANTIABUSE.resolve("lib")));
		}
		if (language == ProjectLanguage.PYTHON) {
			assertThat(packages()).as("what a plugin's own name could hide")
				.contains("grpc", "pytest")
				.allMatch((name) -> language.meaningOf(name).isPresent());
		}
		refusesAndIsReloaded(language, commands.get(run), commands.subList(run + 1, commands.size()));
	}

	/** Skips if they are not there; the same PATH for what a JDK alone has to do with. */
	private static String tools(ProjectLanguage language, Path root) throws IOException {
		String path = System.getenv("PATH");
		if (language == ProjectLanguage.GO) {
			return Requirements.program("go").getParent() + ":" + path;
		}
		if (language == ProjectLanguage.PYTHON) {
			Requirements.working("python3", "-c", "import sys, ensurepip; sys.exit(sys.version_info < (3, 11))");
			return path;
		}
		// Authors have a mvn; whoever builds this project may have its mvnw only.
		Path tools = Files.createDirectory(root.resolve("tools"));
		Path mvn = Files.writeString(tools.resolve("mvn"), "#!/bin/sh\nPATH='" + path + "'\nexec '"
				+ GatewayProcess.root().resolve("mvnw").toAbsolutePath().normalize() + "' \"$@\"\n");
		Files.setPosixFilePermissions(mvn, PosixFilePermissions.fromString("rwxr-xr-x"));
		return tools + ":" + path;
	}

	/** With the user's own umask of many systems, which lets the group write. */
	private String shell(String commands) {
		return Command
			.run(this.work, BUILD, new byte[0],
					List.of("env", "PATH=" + Path.of(System.getProperty("java.home"), "bin") + ":" + this.path, "sh",
							"-e", "-c", this.begin + commands))
			.orFail()
			.text();
	}

	private static int indexOf(List<String> commands, String words) {
		List<String> found = commands.stream().filter((command) -> command.contains(words)).toList();
		assertThat(found).hasSize(1);
		return commands.indexOf(found.get(0));
	}

	private static List<String> inset(String printed) {
		return printed.lines().filter((line) -> line.startsWith("  ")).map(String::strip).toList();
	}

	private List<String> asPrinted(List<String> commands, Path jar) {
		return commands.stream()
			.map((command) -> command.equals("cd " + NAME) ? "cd '" + this.project + "'" : command)
			.map((command) -> bare(command).replace("\"$GATEWAY\"", "'" + jar + "'"))
			.toList();
	}

	/** Without its comment. */
	private static String bare(String command) {
		return command.replaceFirst("\\s+#.*", "");
	}

	private void assertNothingOfTheTemplateIsLeft() throws IOException {
		List<String> left = new ArrayList<>();
		try (Stream<Path> tree = Files.walk(this.project)) {
			for (Path file : tree.filter(this::isOwn).toList()) {
				String content = Files.readString(file, StandardCharsets.ISO_8859_1);
				if ((file + content).toLowerCase(Locale.ROOT).matches("(?s).*(hkp[-_]?template|@sdk_version@).*")) {
					left.add(file.toString());
				}
			}
		}
		assertThat(left).isEmpty();
	}

	private void assertEveryLinkLeadsSomewhere() throws IOException {
		List<String> lost = new ArrayList<>();
		try (Stream<Path> tree = Files.walk(this.project)) {
			for (Path page : tree.filter((path) -> path.toString().endsWith(".md")).toList()) {
				LINK.matcher(Files.readString(page))
					.results()
					.map((link) -> page.resolveSibling(link.group(1)))
					.filter((target) -> !Files.exists(target))
					.forEach((target) -> lost.add(page + ": " + target));
			}
		}
		assertThat(lost).isEmpty();
	}

	/**
	 * But for annotations, of which other libraries of a plugin may want another version.
	 */
	private static List<String> libraries(Path directory) throws IOException {
		try (Stream<Path> files = Files.list(directory)) {
			return files.map((file) -> file.getFileName().toString())
				.filter((file) -> !file.startsWith("hkp-") && !file.startsWith(NAME))
				.filter((file) -> !file.startsWith("error_prone_annotations-"))
				.toList();
		}
	}

	private boolean isOwn(Path file) {
		Path path = this.project.relativize(file);
		return Files.isRegularFile(file)
				&& Stream.of("third_party", "dist", "target", ".venv").noneMatch(path::startsWith);
	}

	/** Of those that pip has put beside the project's own, in either place. */
	private List<String> packages() throws IOException {
		List<String> found = new ArrayList<>();
		try (Stream<Path> installed = Files.find(this.project, 5, (path,
				attributes) -> path.getParent().endsWith("site-packages") || path.getParent().endsWith("dist/lib"))) {
			installed.map((path) -> path.getFileName().toString().replaceFirst("\\.py$", ""))
				.filter((name) -> name.matches("[a-z][a-z0-9_]*") && !name.equals(NAME.replace('-', '_')))
				.forEach(found::add);
		}
		return found;
	}

	private void refusesAndIsReloaded(ProjectLanguage language, String run, List<String> then) throws Exception {
		List<String> options = new ArrayList<>(OPTION.matcher(run).results().map((option) -> option.group(1)).toList());
		assertThat(options).hasSize(2);
		options.addAll(List.of("hkp.plugins.settings." + NAME + ".timeout=15s", "hkp.plugins.chain-budget=20s"));
		assertThat(then).hasSize(6);
		try (GatewayProcess gateway = GatewayProcess.startFrom(this.project, options.toArray(String[]::new))) {
			long plugin = gateway.pluginPid(NAME);
			asks(gateway, then.get(0));
			asks(gateway, then.get(1));
			assertThat(shell(of(gateway, bare(then.get(5))))).as("before there is such a rule")
				.startsWith("HTTP/1.1 404 ");
			addTheRule(language);
			shell(then.get(2));
			assertThat(shell(of(gateway, String.join("\n", then.subList(3, 5))))).contains("\"outcome\":\"DONE\"");
			long next = gateway.otherPluginPid(NAME, plugin);
			assertThat(asks(gateway, then.get(5))).contains("Not here.");
			asks(gateway, then.get(0));
			assertThat(gateway.stop()).isEqualTo(143);
			assertThat(ProcessHandle.of(plugin)).isEmpty();
			assertThat(ProcessHandle.of(next)).isEmpty();
			assertThat(gateway.log()).contains(NAME + ": DRAINING -> STOPPED").doesNotContain("SIGKILL");
		}
	}

	private String asks(GatewayProcess gateway, String curl) {
		Matcher expected = EXPECTED.matcher(curl);
		assertThat(expected.find()).isTrue();
		String answer = shell(of(gateway, curl));
		assertThat(answer).startsWith("HTTP/1.1 " + expected.group(1) + " ");
		return answer;
	}

	/** Where the guide says: before the first if, and an import below the package. */
	private void addTheRule(ProjectLanguage language) throws IOException {
		List<GuideBlocks.Block> blocks = GuideBlocks.of("plugin-author-guide.md")
			.stream()
			.filter((block) -> block.language().equals(language.label()) && !block.file().isEmpty())
			.toList();
		assertThat(blocks).isNotEmpty();
		for (GuideBlocks.Block block : blocks) {
			Path file = block.in(this.project);
			String before = Files.readString(file);
			Matcher place = (block.text().startsWith("import ") ? BELOW_THE_PACKAGE : FIRST_IF).matcher(before);
			assertThat(place.find()).as(file.toString()).isTrue();
			Files.writeString(file, before.substring(0, place.start(1))
					+ block.text().replaceAll("(?m)^", place.group(1)) + before.substring(place.start(1)));
		}
	}

	/** A gateway of a test keeps its files in a directory of its own. */
	private static String of(GatewayProcess gateway, String command) {
		return command.replace(":11371/", ":" + gateway.port() + "/")
			.replace(":11381/", ":" + gateway.managementPort() + "/")
			.replace("/tmp/hkp-management-token-*", gateway.runtime() + "/management-token*");
	}

}
