package org.hkpgateway.cli;

import java.io.IOException;
import java.net.URI;
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
import org.hkpgateway.testsupport.RawClient;
import org.hkpgateway.testsupport.Requirements;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What {@code java -jar target/hkp-gateway.jar plugins new} writes, and then everything
 * that it says to do next: each command as it was printed, but for ports.
 */
@Timeout(value = 20, unit = TimeUnit.MINUTES)
class GeneratedProjectIT {

	/** A cold build fetches packages. */
	private static final Duration BUILD = Duration.ofMinutes(8);

	private static final Duration COMMAND = Duration.ofMinutes(2);

	private static final String NAME = "no-short-searches";

	private static final Pattern OPTION = Pattern.compile("--(hkp\\.\\S+)");

	private static final Pattern URL = Pattern.compile("'(http://127\\.0\\.0\\.1:11371/\\S+)'");

	private Path work;

	private Path project;

	@ParameterizedTest
	@EnumSource(ProjectLanguage.class)
	void doesWhatItSays(ProjectLanguage language, @TempDir Path root) throws Exception {
		Requirements.timeFor("building a generated project in " + language.label());
		String path = tools(language, root);
		this.work = Files.createDirectory(root.toRealPath().resolve("work"));
		this.project = root.toRealPath().resolve("my project").resolve(NAME);
		List<String> commands = commands(write(language));
		assertThat(commands.get(0)).isEqualTo("cd '" + this.project + "'");

		int run = commands.indexOf(theOne(commands, "--hkp.plugins.directories"));
		assertThat(commands.subList(1, run)).hasSize(language.steps().size() + 2);
		for (String command : commands.subList(1, run)) {
			shell(path, commands.get(0) + " && " + command);
		}
		assertNothingOfTheTemplateIsLeft();
		if (language == ProjectLanguage.JAVA) {
			assertThat(libraries(this.project.resolve("dist/lib"))).as("what the SDK was built and tested with")
				.isNotEmpty()
				.isSubsetOf(libraries(GatewayProcess.ANTIABUSE.resolve("lib")));
		}
		refuses(commands.get(run), theOne(commands, "curl "));
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

	private String write(ProjectLanguage language) {
		return Command.run(this.work, COMMAND, new byte[0],
				List.of(java(), "-jar",
						GatewayProcess.root().resolve("target/hkp-gateway.jar").toAbsolutePath().normalize().toString(),
						"plugins", "new", "--lang", language.label(), NAME, this.project.toString()))
			.orFail()
			.text();
	}

	/** The lines that are set in. */
	private static List<String> commands(String printed) {
		return printed.lines().filter((line) -> line.startsWith("  ")).map(String::strip).toList();
	}

	private static String theOne(List<String> commands, String words) {
		List<String> found = commands.stream().filter((command) -> command.contains(words)).toList();
		assertThat(found).hasSize(1);
		return found.get(0);
	}

	/** With the user's own umask of many systems, which lets the group write. */
	private void shell(String path, String command) {
		Command
			.run(this.work, BUILD, new byte[0],
					List.of("env", "PATH=" + Path.of(java()).getParent() + ":" + path, "sh", "-c",
							"umask 002; " + command))
			.orFail();
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

	private void refuses(String run, String curl) throws Exception {
		List<String> options = OPTION.matcher(run)
			.results()
			.map((option) -> option.group(1).replace("directories=dist", "directories=" + this.project + "/dist"))
			.toList();
		assertThat(options).hasSize(2);
		Matcher url = URL.matcher(curl);
		assertThat(url.find()).isTrue();
		URI uri = URI.create(url.group(1));
		try (GatewayProcess gateway = GatewayProcess.start(options.toArray(String[]::new))) {
			long plugin = gateway.pluginPid(NAME);
			assertThat(get(gateway, uri.getRawPath() + "?" + uri.getRawQuery()).status()).isEqualTo(429);
			assertThat(get(gateway, "/pks/lookup?op=index&search=alice@lab.example").status()).isNotEqualTo(429);
			assertThat(gateway.stop()).isEqualTo(143);
			assertThat(ProcessHandle.of(plugin)).isEmpty();
			assertThat(gateway.log()).contains(NAME + ": DRAINING -> STOPPED").doesNotContain("SIGKILL");
		}
	}

	private static RawClient.Answer get(GatewayProcess gateway, String target) throws IOException {
		return RawClient.exchange(gateway.port(), "GET " + target + " HTTP/1.0\r\n\r\n");
	}

	private static String java() {
		return Path.of(System.getProperty("java.home"), "bin", "java").toString();
	}

}
