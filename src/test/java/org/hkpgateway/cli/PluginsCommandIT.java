package org.hkpgateway.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

import org.hkpgateway.testsupport.Command;
import org.hkpgateway.testsupport.GatewayProcess;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The commands as operators run them: {@code java -jar target/hkp-gateway.jar}. Each must
 * have ended long before a gateway could have started.
 */
class PluginsCommandIT {

	private static final Duration DEADLINE = Duration.ofSeconds(30);

	private Path work;

	private Path plugins;

	@BeforeEach
	void setUp(@TempDir Path root) throws IOException {
		this.work = Files.createDirectory(root.toRealPath().resolve("work"));
		this.plugins = folder(root.toRealPath().resolve("plugins"));
	}

	@Test
	void goodDirectory() throws IOException {
		plugin("good", "capabilities = [\"http.request\"]", "order = 7");
		Command.Result check = run("plugins", "check", this.plugins.toString());
		assertThat(check.text()).isEqualTo("1 plugin can run; 0 errors, 0 warnings, 0 notices\n");
		assertThat(check.errors()).isEmpty();
		assertThat(check.exitCode()).isZero();
		Command.Result list = run("plugins", "list", this.plugins.toString());
		assertThat(list.text()).isEqualTo("""
				NAME  VERSION  ORDER  PROTOCOL  CAPABILITIES  EXECUTABLE
				good  1.0 ä    7      1.0       http.request  %s
				""".formatted(this.plugins.resolve("good/run")));
		assertThat(list.errors()).isEmpty();
		assertThat(list.exitCode()).isZero();
	}

	@Test
	void shippedPlugin() {
		Command.Result check = run("plugins", "check", GatewayProcess.ANTIABUSE.toAbsolutePath().toString());
		assertThat(check.text().replaceFirst("toml:\\d+", "toml:1"))
			.isEqualTo(GatewayProcess.ANTIABUSE.toAbsolutePath().resolve("plugin.toml")
					+ ":1: notice: requested but not granted: http.request.body, http.response, state;"
					+ " to grant it: hkp.plugins.settings.antiabuse.grants\n"
					+ "1 plugin can run; 0 errors, 0 warnings, 1 notice\n");
		assertThat(check.exitCode()).isZero();
	}

	@Test
	void badDirectory() throws IOException {
		plugin("good");
		plugin("bad", "order = \"first\"", "colour = 1");
		executable(this.plugins.resolve("hkp-plugin-bare"));
		Command.Result check = run("plugins", "check", this.plugins.toString());
		Path manifest = this.plugins.resolve("bad/plugin.toml");
		assertThat(check.text()).isEqualTo(this.plugins.resolve("hkp-plugin-bare") + ": notice: has no plugin.toml "
				+ "beside it and is offered as plugin 'bare', version 0, protocol 1.0; write one to say more\n"
				+ manifest + ":7: warning: unknown key 'plugin.colour' is ignored; its own settings a plugin finds in "
				+ "[plugin.config]\n" + manifest
				+ ":6: error: plugin.order: expected: an integer, got: a string (\"first\")\n"
				+ "2 plugins can run; 1 error, 1 warning, 1 notice\n");
		assertThat(check.errors()).isEmpty();
		assertThat(check.exitCode()).isEqualTo(1);
		Command.Result list = run("plugins", "list", this.plugins.toString());
		assertThat(list.text().lines()).hasSize(4)
			.anySatisfy((line) -> assertThat(line)
				.matches("bare +0 +100 +1\\.0 +http\\.request,http\\.respond +/.*/hkp-plugin-bare"))
			.last()
			.asString()
			.matches("bad +- +- +- +- +kept out: .*/bad/plugin\\.toml:6: error: plugin\\.order: .*");
		assertThat(list.exitCode()).isZero();
	}

	@Test
	void dependencyBehindItsDependent() throws IOException {
		plugin("a", "order = 1", "dependencies = [\"b\"]");
		plugin("b", "order = 2");
		Command.Result check = run("plugins", "check", this.plugins.toString());
		assertThat(check.text()).isEqualTo(this.plugins.resolve("a/plugin.toml") + ":7: warning: plugin.dependencies: "
				+ "expected: 'b' before 'a' in the chain, got: behind it, with order 2 after 1; lower "
				+ "hkp.plugins.settings.b.order or raise hkp.plugins.settings.a.order\n"
				+ "2 plugins can run; 0 errors, 1 warning, 0 notices\n");
		assertThat(check.exitCode()).isZero();
	}

	@Test
	void nothingAndAnyErrorReachThroughSeveralDirectories(@TempDir Path empty) throws IOException {
		plugin("bad", "order = \"first\"");
		Command.Result check = run("plugins", "check", empty.toString(), this.plugins.toString());
		assertThat(check.text()).endsWith("0 plugins can run; 1 error, 0 warnings, 0 notices\n");
		assertThat(check.exitCode()).isEqualTo(1);
		assertThat(run("plugins", "check", empty.toString()).exitCode()).isZero();
	}

	@ParameterizedTest
	@ValueSource(strings = { "plugin chekc", "plugins", "plugins chekc", "plugins check", "plugins check /no/such/dir",
			"plugins check --fast", "start --server.port=0" })
	void wrongCommandLine(String line) {
		Command.Result result = run(line.split(" "));
		assertThat(result.text()).isEmpty();
		assertThat(result.errors()).contains("expected: ", "got: ", "usage: ").doesNotContain("Exception", "\tat ");
		assertThat(result.exitCode()).isEqualTo(2);
	}

	@ParameterizedTest
	@ValueSource(strings = { "--help", "-h", "plugins --help", "plugins check --help" })
	void help(String line) {
		Command.Result result = run(line.split(" "));
		assertThat(result.text()).startsWith("usage: ");
		assertThat(result.errors()).isEmpty();
		assertThat(result.exitCode()).isZero();
	}

	private Command.Result run(String... arguments) {
		List<String> command = new ArrayList<>(
				List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-jar",
						GatewayProcess.root().resolve("target/hkp-gateway.jar").toAbsolutePath().toString()));
		command.addAll(List.of(arguments));
		return Command.run(this.work, DEADLINE, new byte[0], command);
	}

	/** A valid manifest of five lines, and then {@code more} from line 6 on. */
	private void plugin(String name, String... more) throws IOException {
		Path directory = folder(this.plugins.resolve(name));
		executable(directory.resolve("run"));
		Path manifest = Files.writeString(directory.resolve("plugin.toml"), """
				[plugin]
				name = "%s"
				version = "1.0 ä"
				executable = "run"
				protocol_version = "1.0"
				%s
				""".formatted(name, String.join("\n", more)));
		Files.setPosixFilePermissions(manifest, PosixFilePermissions.fromString("rw-r--r--"));
	}

	private static void executable(Path file) throws IOException {
		Files.writeString(file, "#!/bin/sh\n");
		Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
	}

	private static Path folder(Path directory) throws IOException {
		return Files.setPosixFilePermissions(Files.createDirectory(directory),
				PosixFilePermissions.fromString("rwxr-xr-x"));
	}

}
